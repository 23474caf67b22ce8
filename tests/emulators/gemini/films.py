"""The fake Gemini API's videos: interactions in the background, operations that run long, and the files of both."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.emulators.ark import clip
from tests.emulators.course import Course
from tests.emulators.gemini.film import Film, FilmFate
from tests.emulators.gemini.host import OLD_OMNI, OMNI, Host, no_such
from tests.emulators.gemini.orders import Interaction, Operation
from tests.emulators.gemini.wire import failed, invalid_request, parse, told


@dataclass(kw_only=True, eq=False)
class Films(Host):
    """Without `seconds` a video is done after `steps` polls; with it, that long after its request.

    A new one first shows the `state_words`, one per look.
    """

    steps: int = 2
    seconds: float | None = None
    state_words: Iterable[str] = ()

    films: dict[str, Film] = field(init=False, repr=False, default_factory=dict)
    """By the name of the interaction or the operation."""

    def film_routes(self) -> list[Route]:
        one = "/interactions/{id}"
        return [
            Route("/interactions", self._interact, methods=["POST"]),
            Route(one, self._look),
            Route(one, self._delete, methods=["DELETE"]),
            Route(f"{one}/cancel", self._cancel, methods=["POST"]),
            Route("/models/{model}:predictLongRunning", self._predict, methods=["POST"]),
            Route("/models/{model}/operations/{operation}", self._operation),
            Route("/files/{file}:download", self._redirect),
            Route("/files/{file}", self._file),
        ]

    def download_route(self) -> Route:
        return Route("/download/{version}/files/{file}:download", self._download)

    async def _interact(self, request: Request) -> Response:
        self.admit(request)
        order = await parse(request, Interaction, self.largest_request, invalid_request)
        if message := self.absent(request, order.model):
            raise told(404, "not_found", message)
        if order.model not in OMNI:
            raise invalid_request("This model does not make videos.")
        order.check(order.model == OLD_OMNI)
        fate = self.fate(order.prompt, FilmFate)
        if fate is FilmFate.REFUSED:
            raise invalid_request("The prompt could not be submitted: it goes against our policies.")
        inline = order.response_format.delivery == "inline" or fate is FilmFate.INLINE
        film = self._film(order, order.model, fate, inline)
        if not order.background:
            film.course = Course(0)
        self.films[film.id] = film
        record = self._record(film, film.state if not order.background else "in_progress", request)
        return JSONResponse({} if fate is FilmFate.NO_ID else record)

    async def _look(self, request: Request) -> Response:
        self.admit(request)
        film = self._known(request)
        state = film.look()
        if film.fate is FilmFate.LOOK_REFUSED and state == "completed":
            raise invalid_request("Request contains an invalid argument.")
        return JSONResponse(self._record(film, state, request))

    async def _cancel(self, request: Request) -> Response:
        self.admit(request)
        film = self._known(request)
        if film.state not in ("queued", "in_progress"):
            raise invalid_request("The interaction is not in progress.")
        film.cancelled = True
        return JSONResponse(self._record(film, "cancelled", request))

    async def _delete(self, request: Request) -> Response:
        self.admit(request)
        del self.films[self._known(request).id]
        return JSONResponse({})

    async def _predict(self, request: Request) -> Response:
        self.admit(request)
        name = request.path_params["model"]
        self.require_model(request, name)
        if not name.startswith("veo-"):
            raise failed(404, "NOT_FOUND", no_such(request, name))
        order = await parse(request, Operation, self.largest_request)
        order.check()
        fate = self.fate(order.prompt, FilmFate)
        if fate is FilmFate.REFUSED:
            raise failed(400, "INVALID_ARGUMENT", "The prompt contains words that violate our policies.")
        film = self._film(order, name, fate, inline=False)
        self.films[film.operation_name] = film
        return JSONResponse({} if fate is FilmFate.NO_ID else {"name": film.operation_name})

    async def _operation(self, request: Request) -> Response:
        self.admit(request)
        name = "models/{model}/operations/{operation}".format(**request.path_params)
        if name not in self.films:
            raise failed(404, "NOT_FOUND", "Requested entity was not found.")
        film = self.films[name]
        return JSONResponse(film.operation(film.look(), self._uri(film, request)))

    async def _file(self, request: Request) -> Response:
        self.admit(request)
        film = self._filmed(request)
        if film is None:
            message = "You do not have permission to access the File or it may not exist."
            raise failed(403, "PERMISSION_DENIED", message)
        state = film.look_at_file()
        error = {"error": {"code": 13, "message": "The file could not be made."}} if state == "FAILED" else {}
        name = f"files/{film.file}"
        return JSONResponse(
            {"name": name, "mimeType": "video/mp4", "state": state, "uri": self._uri(film, request), **error}
        )

    async def _redirect(self, request: Request) -> Response:
        self.admit(request)
        if request.query_params.get("alt") != "media":
            raise failed(400, "INVALID_ARGUMENT", "Files are downloaded with alt=media.")
        path = request.url.path.removeprefix("/")
        return RedirectResponse(f"{self.url}/download/{path}?alt=media", 302)

    async def _download(self, request: Request) -> Response:
        self.admit(request)
        film = self._filmed(request)
        if film is None:
            raise failed(404, "NOT_FOUND", "Requested entity was not found.")
        if film.file_looks > 0:
            raise failed(400, "FAILED_PRECONDITION", "The file is not in an ACTIVE state.")
        return self.file_response(request, clip(film.file), "video/mp4")

    def _film(self, order: Interaction | Operation, model: str, fate: FilmFate, inline: bool) -> Film:
        course = Course(self.steps, self.seconds, ends=fate is not FilmFate.NEVER_ENDS)
        words = iter(self.state_words)
        looks = 2 if fate is FilmFate.LATE_FILE else 0
        return Film(model, order.prompt, order.pictures, fate, course, words, inline, looks)

    def _known(self, request: Request) -> Film:
        try:
            return self.films[request.path_params["id"]]
        except KeyError:
            raise told(404, "not_found", "The interaction was not found.") from None

    def _filmed(self, request: Request) -> Film | None:
        return next((film for film in self.films.values() if film.file == request.path_params["file"]), None)

    def _uri(self, film: Film, request: Request) -> str:
        version = request.url.path.split("/")[1]
        return self.file_url(f"/{version}/files/{film.file}:download?alt=media")

    def _record(self, film: Film, state: str, request: Request) -> dict[str, object]:
        return film.interaction(state, self._uri(film, request), self.content(clip(film.file))[:])
