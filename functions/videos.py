"""/v1/videos as OpenAI's SDKs know it, the Imagen API's two generations of it, and the bytes of finished videos."""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Access, Call, Endpoint, Operation, create_app, files, nested_detail, videos
from shared.api import answers as gives
from shared.api.operation import FETCHES, LOOKS, STARTS, VIDEOS, Preferring, Ranged, Repeatable
from shared.api.video_wire import VideoCreate
from shared.hosts.lambda_entry import lambda_handler


async def file(call: Call) -> Response:
    """The file, or a range of it."""
    return await files.file_response(call, call.service.tickets.asset(call.id))


_FILE = {200: VIDEOS, 206: VIDEOS}
_create = Operation(
    videos.create,
    takes=VideoCreate,
    files=("input_reference", "first_frame_image", "last_frame_image", "images"),
    headers=Repeatable,
    gives={200: gives.Video},
    fails=STARTS,
)

app = create_app(
    [
        # Before the others: on hosts that answer without /v1, a file's name would pass for an id.
        Endpoint(
            "/videos/{id}.{extension}", Access.ANYONE, GET=Operation(file, headers=Ranged, gives=_FILE, fails=FETCHES)
        ),
        Endpoint(
            "/v1/videos/generations",
            POST=_create._replace(
                handler=videos.generate, headers=Preferring, gives={200: gives.VideoMade, 202: gives.JobObject}
            ),
            beside=nested_detail,
        ),
        Endpoint(
            "/v1/videos", POST=_create, GET=Operation(videos.index, gives={200: gives.VideoPage}), beside=nested_detail
        ),
        Endpoint(
            "/v1/videos/{id}/content",
            GET=Operation(videos.content, query=videos.Variant, headers=Ranged, gives=_FILE, fails=FETCHES),
            beside=nested_detail,
        ),
        Endpoint(
            "/v1/videos/{id}",
            GET=Operation(videos.show, gives={200: gives.Video}, fails=LOOKS),
            DELETE=Operation(videos.delete, gives={200: gives.VideoDeleted}, fails=LOOKS),
            beside=nested_detail,
        ),
        Endpoint(
            "/v2/videos/generations",
            POST=_create._replace(handler=videos.create_task, gives={200: gives.VideoTask}),
            beside=nested_detail,
        ),
        Endpoint(
            "/v2/videos/generations/{id}/assets",
            GET=Operation(videos.assets, gives={200: gives.VideoAssets}, fails=LOOKS),
            beside=nested_detail,
        ),
        Endpoint(
            "/v2/videos/generations/{id}",
            GET=Operation(videos.show_task, gives={200: gives.VideoTask}, fails=LOOKS),
            beside=nested_detail,
        ),
    ]
)
handler = lambda_handler(app)
