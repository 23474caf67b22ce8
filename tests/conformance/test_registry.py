"""The table of providers is complete: each has its file, its case, its emulator and its line in the README."""

from __future__ import annotations

from pathlib import Path

from shared.providers import PROVIDERS, MediaProvider, provider_class
from shared.providers.akashchat import AkashChat
from shared.providers.ark import Ark
from shared.providers.gemini import Gemini
from shared.providers.gemini_web import GeminiWeb
from shared.providers.jimeng import Jimeng
from shared.providers.modelscope import ModelScope
from shared.providers.openai_compatible import OpenAICompatible
from shared.providers.piclumen import Piclumen
from shared.providers.sketch import Sketch
from shared.providers.zimage import ZImage
from tests.conformance.cases import CASES
from tests.emulators import EMULATORS

ROOT = Path(__file__).parents[2]
NAMES = {provider.name for provider in PROVIDERS}
# Named one by one, so that mypy holds each of them to the protocol: the table knows them as texts.
ADAPTERS: tuple[type[MediaProvider], ...] = (
    Gemini,
    GeminiWeb,
    ModelScope,
    ZImage,
    Ark,
    Jimeng,
    Piclumen,
    OpenAICompatible,
    AkashChat,
    Sketch,
)


def test_the_table_leads_to_every_adapter() -> None:
    assert tuple(provider_class(provider.name) for provider in PROVIDERS) == ADAPTERS


def test_every_file_is_in_the_table() -> None:
    files = {path.stem for path in (ROOT / "shared/providers").iterdir() if not path.name.startswith("_")}
    assert files - {"base"} == NAMES


def test_every_provider_has_a_case() -> None:
    assert {case.name for case in CASES.values()} == NAMES


def test_every_upstream_has_an_emulator() -> None:
    assert EMULATORS.keys() == {case.name for case in CASES.values() if "network" not in case.lacks}


def test_every_provider_has_its_line_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {name for name in NAMES if f"| `{name}` |" in readme} == NAMES
