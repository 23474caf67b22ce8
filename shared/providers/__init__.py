"""The table of providers: one entry per upstream, in the order in which they supply default models."""

from __future__ import annotations

from importlib import import_module

from shared.account import Upstream
from shared.providers.base import (
    Cancels,
    ChatProvider,
    Checks,
    Declines,
    Deletes,
    Jobs,
    MediaProvider,
    Renews,
    VideoProvider,
)

PROVIDERS = (
    Upstream("gemini", "Gemini", base_url="https://generativelanguage.googleapis.com", credential="GEMINI_API_KEY"),
    Upstream(
        "gemini_web",
        "GeminiWeb",
        base_url="https://gemini.google.com",
        credential="GOOGLE_COOKIES",
        cookie_domain="gemini.google.com",
        options={"user_agent": ""},
    ),
    Upstream(
        "modelscope",
        "ModelScope",
        base_url="https://api-inference.modelscope.cn/v1",
        credential="MODELSCOPE_API_KEY",
    ),
    Upstream(
        "zimage",
        "ZImage",
        base_url="https://zimage.run",
        credential="ZIMAGE_COOKIE",
        cookie_domain="zimage.run",
        keyless=True,
        options={"moderation": "false", "user_agent": ""},
    ),
    Upstream("ark", "Ark", base_url="https://ark.cn-beijing.volces.com/api/v3", credential="ARK_API_KEY"),
    Upstream(
        "jimeng",
        "Jimeng",
        base_url="https://jimeng.jianying.com",
        credential="JIMENG_SESSIONID",
        cookie_domain="jimeng.jianying.com",
    ),
    Upstream(
        "piclumen",
        "Piclumen",
        base_url="https://api.piclumen.com/api",
        credential="PICLUMEN_TOKEN",
        for_guests=True,
    ),
    Upstream(
        "openai_compatible",
        "OpenAICompatible",
        credential="OPENAI_COMPATIBLE_API_KEY",
        keyless=True,
        options={"models": "{}", "discover": "true"},
        masks=True,
    ),
    Upstream(
        "akashchat",
        "AkashChat",
        base_url="https://chat.akash.network",
        credential="AKASHCHAT_SESSION_TOKEN",
        keyless=True,
    ),
    Upstream("sketch", "Sketch", keyless=True),
)

_ADAPTERS = {upstream.name: upstream.adapter for upstream in PROVIDERS}


def adapter_of(name: str) -> type[MediaProvider]:
    """The adapter of a provider. It is imported only now: few deployments need more than two or three."""
    adapter: type[MediaProvider] = getattr(import_module(f"{__name__}.{name}"), _ADAPTERS[name])
    return adapter


__all__ = [
    "PROVIDERS",
    "Cancels",
    "ChatProvider",
    "Checks",
    "Declines",
    "Deletes",
    "Jobs",
    "MediaProvider",
    "Renews",
    "VideoProvider",
    "adapter_of",
]
