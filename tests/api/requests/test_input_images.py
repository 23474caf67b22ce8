"""Images in data URLs are decoded in chunks, so that other requests are served meanwhile."""

from __future__ import annotations

import base64

from shared.api.requests.input_images import input_of
from shared.http import Http, ImageDownloader
from tests.emulators.png import png
from tests.event_loop import counted_turns


async def test_the_loop_runs_while_a_data_url_is_decoded() -> None:
    picture = png(8, 8) + bytes(12 << 20)
    url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    async with counted_turns() as turns:
        taken = await input_of({"image_url": {"url": url}}, ImageDownloader(Http()))
    assert turns.count >= 12
    assert b"".join([piece async for piece in taken.read()]) == picture
