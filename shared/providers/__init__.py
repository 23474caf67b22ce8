"""The table of providers: one import and one line per upstream, in the order in which they supply default models."""

from __future__ import annotations

from shared.providers.base import Cancels, ChatProvider, MediaProvider
from shared.providers.gemini import Gemini
from shared.providers.sketch import Sketch
from shared.providers.zimage import ZImage

PROVIDERS: tuple[type[MediaProvider], ...] = (Gemini, ZImage, Sketch)

__all__ = ["PROVIDERS", "Cancels", "ChatProvider", "MediaProvider", "Sketch"]
