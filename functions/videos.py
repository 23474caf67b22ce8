"""/v1/videos as OpenAI's SDKs know it, the Imagen API's two generations of it, and the bytes of finished videos."""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Access, Call, Endpoint, Operation, create_app, files, nested_detail, videos
from shared.api.operation import CANCELS, IGNORED, LOOKS, PENDING, STARTS, VIDEOS, fetching
from shared.hosts.lambda_entry import lambda_handler


async def file(call: Call) -> Response:
    """Return the image or video, or a byte range of it."""
    return await files.file_response(call, call.service.tickets.asset(call.id))


_create = Operation(
    videos.create,
    takes="video_wire.VideoCreate",
    files=("input_reference", "first_frame_image", "last_frame_image", "images"),
    headers="parameters.Repeatable",
    gives={200: "video_answers.Video"},
    fails=STARTS,
    sends=(*IGNORED, *PENDING),
)
_generate = _create._replace(
    handler=videos.generate,
    headers="parameters.Preferring",
    gives={200: "video_answers.VideoMade", 202: "answers.JobObject"},
    sends=IGNORED,
)
_create_task = _create._replace(handler=videos.create_task, gives={200: "video_answers.VideoTask"}, sends=IGNORED)
_index = Operation(videos.index, gives={200: "video_answers.VideoPage"}, sends=("easel-note",))
_file = fetching(file, *VIDEOS)
_content = _file._replace(handler=videos.content, query="parameters.Variant")
_show = Operation(videos.show, gives={200: "video_answers.Video"}, fails=LOOKS, sends=PENDING)
_delete = Operation(videos.delete, gives={200: "video_answers.VideoDeleted"}, fails=CANCELS)
_show_task = Operation(videos.show_task, gives={200: "video_answers.VideoTask"}, fails=LOOKS)
_assets = Operation(videos.assets, gives={200: "video_answers.VideoAssets"}, fails=LOOKS)

app = create_app(
    [
        # Before the others: on hosts that answer without /v1, a file's name would pass for an id.
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
