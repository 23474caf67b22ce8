"""The table of providers: one import and one line per upstream, in the order in which they supply default models."""

from __future__ import annotations

from shared.providers.akashchat import AkashChat
from shared.providers.ark import Ark
from shared.providers.base import (
    Cancels,
    ChatProvider,
    Checks,
    Deletes,
    Jobs,
    MediaProvider,
    Renews,
    VideoProvider,
)
from shared.providers.gemini import Gemini
from shared.providers.modelscope import ModelScope
from shared.providers.openai_compatible import OpenAICompatible
from shared.providers.piclumen import Piclumen
from shared.providers.sketch import Sketch
from shared.providers.zimage import ZImage

PROVIDERS: tuple[type[MediaProvider], ...] = (
    Gemini,
    ModelScope,
    ZImage,
    Ark,
    Piclumen,
    OpenAICompatible,
    AkashChat,
    Sketch,
)

FOR_GUESTS: tuple[type[MediaProvider], ...] = (Piclumen,)
"""Those whose callers may bring a credential of their own."""

__all__ = [
    "FOR_GUESTS",
    "PROVIDERS",
    "Cancels",
    "ChatProvider",
    "Checks",
    "Deletes",
    "Jobs",
    "MediaProvider",
    "Renews",
    "Sketch",
    "VideoProvider",
]
