"""The table of providers: one import and one line per upstream, in the order in which they supply default models."""

from __future__ import annotations

from shared.providers.base import Cancels, ChatProvider, Checks, Jobs, MediaProvider, Renews
from shared.providers.sketch import Sketch
from shared.providers.zimage import ZImage

PROVIDERS: tuple[type[MediaProvider], ...] = (ZImage, Sketch)

__all__ = ["PROVIDERS", "Cancels", "Jobs", "ChatProvider", "Checks", "MediaProvider", "Renews", "Sketch"]
