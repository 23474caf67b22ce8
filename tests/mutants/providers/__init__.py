"""Seeded bugs in shared/providers, one file for each provider."""

from __future__ import annotations

from tests.mutants.mutant import Mutant
from tests.mutants.providers import (
    akashchat,
    ark,
    common,
    gemini,
    gemini_web,
    jimeng,
    modelscope,
    openai_compatible,
    piclumen,
    sketch,
    zimage,
)

MUTANTS: tuple[Mutant, ...] = (
    *akashchat.MUTANTS,
    *ark.MUTANTS,
    *common.MUTANTS,
    *gemini.MUTANTS,
    *gemini_web.MUTANTS,
    *jimeng.MUTANTS,
    *modelscope.MUTANTS,
    *openai_compatible.MUTANTS,
    *piclumen.MUTANTS,
    *sketch.MUTANTS,
    *zimage.MUTANTS,
)
