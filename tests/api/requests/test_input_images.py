"""Images in data URLs are decoded in chunks, so that other requests are served meanwhile."""

from __future__ import annotations

import asyncio
import base64

from shared.api.requests.input_images import input_of
from shared.http import Http, ImageDownloader
from tests.emulators.png import png


async def test_the_loop_runs_while_a_data_url_is_decoded() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    picture = png(8, 8) + bytes(12 << 20)
    url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    others = asyncio.create_task(count())
    taken = await input_of({"image_url": {"url": url}}, ImageDownloader(Http()))
    others.cancel()
    assert turns >= 12
    assert b"".join([piece async for piece in taken.read()]) == picture
