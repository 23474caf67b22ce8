"""/v1/videos in OpenAI's format and in those of both versions of the Imagen API, and the files of finished videos."""

from __future__ import annotations

from shared.api import Access, Context, Endpoint, Operation, create_app, nested_detail
from shared.api.responses import files, videos
from shared.api.routing import CANCELS, LOOKS, PENDING, PREFERENCES, RETRY_KEY, STARTED, STARTS, VIDEOS, fetching
from shared.hosts.lambda_entry import lambda_handler


async def file(context: Context) -> files.FileResponse:
    """Return the image or video, or a byte range of it."""
    return await files.file_response(context, context.service.ids.file(context.id))


_create = Operation(
    videos.create,
    RETRY_KEY,
    form_files=("input_reference", "first_frame_image", "last_frame_image", "images"),
    fails=STARTS,
    sends=(*STARTED, *PENDING),
)
_generate = _create._replace(handler=videos.generate, parameters=PREFERENCES, sends=STARTED)
_create_task = _create._replace(handler=videos.create_task, sends=STARTED)
_index = Operation(videos.index, sends=("easel-note",))
_file = fetching(file, *VIDEOS)
_content = _file._replace(handler=videos.content, parameters=("variant", *_file.parameters))
_show = Operation(videos.show, fails=LOOKS, sends=PENDING)
_delete = Operation(videos.delete, fails=CANCELS)
_show_task = Operation(videos.show_task, fails=LOOKS)
_assets = Operation(videos.assets, fails=LOOKS)

app = create_app(
    [
        # First, because without `/v1` a file's name would match as an id.
        Endpoint("/videos/{id}.{extension}", Access.ANYONE, GET=_file),
        Endpoint("/v1/videos/generations", POST=_generate, beside=nested_detail),
        Endpoint("/v1/videos", POST=_create, GET=_index, beside=nested_detail),
        Endpoint("/v1/videos/{id}/content", GET=_content, beside=nested_detail),
        Endpoint("/v1/videos/{id}", GET=_show, DELETE=_delete, beside=nested_detail),
        Endpoint("/v2/videos/generations", POST=_create_task, beside=nested_detail),
        Endpoint("/v2/videos/generations/{id}/assets", GET=_assets, beside=nested_detail),
        Endpoint("/v2/videos/generations/{id}", GET=_show_task, beside=nested_detail),
    ]
)
handler = lambda_handler(app)
