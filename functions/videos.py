"""/v1/videos as OpenAI's SDKs know it, the Imagen API's two generations of it, and the bytes of finished videos."""

from __future__ import annotations

from starlette.responses import Response

from shared.api import Access, Call, Endpoint, create_app, files, nested_detail, videos
from shared.hosts.lambda_entry import lambda_handler


async def file(call: Call) -> Response:
    return await files.file_response(call, call.service.tickets.asset(call.id))


app = create_app(
    [
        # Before the others: on hosts that answer without /v1, a file's name would pass for an id.
        Endpoint("/videos/{id}.{extension}", Access.ANYONE, GET=file),
        Endpoint("/v1/videos/generations", POST=videos.generate, beside=nested_detail),
        Endpoint("/v1/videos", POST=videos.create, GET=videos.index, beside=nested_detail),
        Endpoint("/v1/videos/{id}/content", GET=videos.content, beside=nested_detail),
        Endpoint("/v1/videos/{id}", GET=videos.show, DELETE=videos.delete, beside=nested_detail),
        Endpoint("/v2/videos/generations", POST=videos.create_task, beside=nested_detail),
        Endpoint("/v2/videos/generations/{id}/assets", GET=videos.assets, beside=nested_detail),
        Endpoint("/v2/videos/generations/{id}", GET=videos.show_task, beside=nested_detail),
    ]
)
handler = lambda_handler(app)
