"""The table of providers: one import and one line per upstream, in the order in which they supply default models."""

from __future__ import annotations

from shared.providers.ark import Ark
from shared.providers.base import Cancels, ChatProvider, Checks, Deletes, MediaProvider, Renews, VideoProvider
from shared.providers.gemini import Gemini
from shared.providers.jimeng import Jimeng
from shared.providers.sketch import Sketch
from shared.providers.zimage import ZImage

PROVIDERS: tuple[type[MediaProvider], ...] = (Gemini, ZImage, Jimeng, Ark, Sketch)

__all__ = [
    "PROVIDERS",
    "Cancels",
    "ChatProvider",
    "Checks",
    "Deletes",
    "MediaProvider",
    "Renews",
    "Sketch",
    "VideoProvider",
]
