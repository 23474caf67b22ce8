"""How many of our own functions one request calls, and how deep they are nested.

The local server runs under `sys.setprofile`, warm, in front of emulators. A resumption of a coroutine counts as a call,
as it does for the profiler.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import NamedTuple

import httpx

from tests.bench.figures import Figure, at_most
from tests.bench.profiled import Profile, ProfiledServer, profiled_server
from tests.bench.servers import KEY
from tests.emulators.ark import Ark
from tests.emulators.gemini import Gemini
from tests.emulators.modelscope import ModelScope
from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.png import png

_ROUNDS = 9
_WARM_UPS = 3
_DEEPEST, _LONGEST_WAY = 15, 12
_SETTINGS = {
    "API_KEYS": KEY,
    "MODELSCOPE_MODELS": '{"zimage-turbo": {"typical_seconds": 0}}',
    "OPENAI_COMPATIBLE_MODELS": '{"parrot": {}}',
}


class _Case(NamedTuple):
    """One request, the provider that serves it, and the most calls that it should take."""

    what: str
    provider: str
    send: Callable[[httpx.Client], httpx.Response]
    most_calls: int


def _image(model: str) -> Callable[[httpx.Client], httpx.Response]:
    body = {"model": model, "prompt": "a lighthouse at dusk", "response_format": "b64_json"}
    return lambda client: client.post("/v1/images/generations", json=body)


def _edit(client: httpx.Client) -> httpx.Response:
    fields = {"model": "gemini-3-pro-image", "prompt": "add a hat", "response_format": "b64_json"}
    return client.post("/v1/images/edits", data=fields, files={"image": ("otter.png", png(64, 48), "image/png")})


def _chat(client: httpx.Client) -> httpx.Response:
    messages = [{"role": "user", "content": "Hello"}]
    return client.post("/v1/chat/completions", json={"model": "parrot", "messages": messages})


_CASES = (
    _Case("image", "ark", _image("seedream-5.0"), 330),
    _Case("image, one poll", "modelscope", _image("modelscope/zimage-turbo"), 370),
    _Case("edit", "gemini", _edit, 280),
    _Case("chat turn", "openai_compatible", _chat, 180),
)


def measure() -> Iterator[Figure]:
    with _server() as server:
        measured = {case: _profiles(server, case) for case in _CASES}
    for case, profiles in measured.items():
        yield from _figures(case, profiles)


@contextmanager
def _server() -> Iterator[ProfiledServer]:
    with ExitStack() as stack:
        upstreams = [stack.enter_context(each) for each in (Ark(), Gemini(), ModelScope(steps=0), OpenAICompatible())]
        environment = dict(_SETTINGS)
        for upstream in upstreams:
            environment |= upstream.environment()
        yield stack.enter_context(profiled_server(environment))


def _profiles(server: ProfiledServer, case: _Case) -> list[Profile]:
    headers = {"authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=30, trust_env=False) as client:
        for _ in range(_WARM_UPS):
            case.send(client).raise_for_status()
        return [server.profile(lambda: case.send(client).raise_for_status()) for _ in range(_ROUNDS)]


def _figures(case: _Case, profiles: list[Profile]) -> Iterator[Figure]:
    entered, functions, files = (
        median(getattr(each, name) for each in profiles) for name in ("entered", "functions", "files")
    )
    source = f"{case.provider}: {entered:.0f} without resumptions, {functions:.0f} functions in {files:.0f} files"
    yield _figure(f"{case.what}: calls", [each.calls for each in profiles], source, case.most_calls)
    yield _figure(f"{case.what}: deepest stack", [each.deepest for each in profiles], case.provider, _DEEPEST)
    yield _figure(f"{case.what}: handler to socket", [each.to_socket for each in profiles], case.provider, _LONGEST_WAY)


def _figure(what: str, rounds: list[int], source: str, most: int) -> Figure:
    return Figure("calls", what, rounds, source, at_most(most))
