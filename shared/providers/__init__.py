"""The table of providers: one entry per upstream, in the order in which they supply default models."""

from __future__ import annotations

from importlib import import_module

from shared.account import ProviderInfo
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
    ProviderInfo("gemini", "Gemini", base_url="https://generativelanguage.googleapis.com", credential="GEMINI_API_KEY"),
    ProviderInfo(
        "gemini_web",
        "GeminiWeb",
        base_url="https://gemini.google.com",
        credential="GOOGLE_COOKIES",
        cookie_domain="gemini.google.com",
        options={"user_agent": ""},
    ),
    ProviderInfo(
        "modelscope",
        "ModelScope",
        base_url="https://api-inference.modelscope.cn/v1",
        credential="MODELSCOPE_API_KEY",
    ),
    ProviderInfo(
        "zimage",
        "ZImage",
        base_url="https://zimage.run",
        credential="ZIMAGE_COOKIE",
        cookie_domain="zimage.run",
        keyless=True,
        options={"moderation": "false", "user_agent": ""},
    ),
    ProviderInfo("ark", "Ark", base_url="https://ark.cn-beijing.volces.com/api/v3", credential="ARK_API_KEY"),
    ProviderInfo(
        "jimeng",
        "Jimeng",
        base_url="https://jimeng.jianying.com",
        credential="JIMENG_SESSIONID",
        cookie_domain="jimeng.jianying.com",
    ),
    ProviderInfo(
        "piclumen",
        "Piclumen",
        base_url="https://api.piclumen.com/api",
        credential="PICLUMEN_TOKEN",
        for_guests=True,
    ),
    ProviderInfo(
        "openai_compatible",
        "OpenAICompatible",
        credential="OPENAI_COMPATIBLE_API_KEY",
        keyless=True,
        options={"models": "{}", "discover": "true", "stream": "auto"},
        masks=True,
    ),
    ProviderInfo(
        "akashchat",
        "AkashChat",
        base_url="https://chat.akash.network",
        credential="AKASHCHAT_SESSION_TOKEN",
        keyless=True,
    ),
    ProviderInfo("sketch", "Sketch", keyless=True),
)

_ADAPTERS = {upstream.name: upstream.adapter for upstream in PROVIDERS}


def provider_class(name: str) -> type[MediaProvider]:
    """Return the class of a provider, imported on demand: few deployments need more than two or three."""
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
    "provider_class",
]
