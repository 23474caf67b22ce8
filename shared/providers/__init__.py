"""The table of providers: one import and one line per upstream, in the order in which they supply default models."""

from __future__ import annotations

from shared.providers.akashchat import AkashChat
from shared.providers.base import Cancels, ChatProvider, Checks, MediaProvider, Renews
from shared.providers.openai_compatible import OpenAICompatible
from shared.providers.sketch import Sketch
from shared.providers.zimage import ZImage

PROVIDERS: tuple[type[MediaProvider], ...] = (ZImage, OpenAICompatible, AkashChat, Sketch)

__all__ = ["PROVIDERS", "Cancels", "ChatProvider", "Checks", "MediaProvider", "Renews", "Sketch"]
