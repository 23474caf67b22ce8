"""The gateways that issued the ids in issued_ids.json: their settings, and the emulators behind them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.emulators import EMULATORS
from tests.emulators.base import Emulator
from tests.emulators.gemini import LIVE, VEO, Gemini

API_KEYS = ("the-first-api-key-of-the-issued-ids", "the-second-api-key-of-the-issued-ids")
NEWER_KEY, OLDER_KEY = "the newer signing key of the issued ids", "the older signing key of the issued ids"
ACCOUNTS = [
    {"provider": "zimage", "id": "first", "key": "zi_visitor=the-first-account"},
    {"provider": "zimage", "id": "second", "key": "zi_visitor=the-second-account"},
]
MODELS = {
    "AKASHCHAT_MODELS": '{"AkashGen": {"typical_seconds": 0}}',
    "OPENAI_COMPATIBLE_MODELS": '{"flux-emulated": {"max_inputs": 2}, "parrot": {}}',
}
GATEWAYS: Mapping[str, Mapping[str, str]] = {
    "older key": {"API_KEYS": ",".join(API_KEYS), "SIGNING_KEYS": OLDER_KEY},
    "newer key": {"API_KEYS": ",".join(API_KEYS), "SIGNING_KEYS": f"{NEWER_KEY},{OLDER_KEY}"},
    "derived key": {"API_KEYS": API_KEYS[0]},
    "open mode": {},
}
"""What differs between them."""


def settings(gateway: str, upstreams: Mapping[str, Emulator], **more: str) -> dict[str, str]:
    environment = {"ACCOUNTS": json.dumps(ACCOUNTS), **MODELS, **GATEWAYS[gateway], **more}
    for upstream in upstreams.values():
        environment |= upstream.environment()
    del environment["ZIMAGE_COOKIE"]  # its accounts are listed
    return environment


def new_upstreams() -> dict[str, Emulator]:
    """One emulator for each provider. Gemini's is that of an older key, which still has Veo."""
    return {name: emulator() for name, emulator in EMULATORS.items()} | {"gemini": Gemini(live=(*LIVE, VEO), shut=())}
