"""Seeded bugs in shared/providers/gemini_web."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "gemini_web: exhausted quota taken for a failure",
        "shared/providers/gemini_web/errors.py",
        "        case 1037:\n",
        "        case -1037:\n",
        "tests/providers/test_gemini_web.py",
    ),
    Mutant(
        "gemini_web: all cookies sent for rotation",
        "shared/providers/gemini_web/__init__.py",
        '"cookie": _lasting_cookies(self._cookies)',
        '"cookie": self._cookies',
        "tests/providers/test_gemini_web.py",
    ),
    Mutant(
        "gemini_web: frames measured in bytes",
        "shared/providers/gemini_web/frames.py",
        "place = length.end() + 2 * int(",
        "place = length.end() + int(",
        "tests/providers/test_gemini_web.py",
    ),
    Mutant(
        "failed full-size image not replaced by its preview",
        "shared/providers/gemini_web/__init__.py",
        "with suppress(NotFound, Unavailable):",
        "with suppress(NotFound):",
        "tests/providers/test_gemini_web.py",
    ),
    Mutant(
        "captcha taken for expired cookies",
        "shared/providers/gemini_web/errors.py",
        'location.path.startswith("/sorry")',
        "False",
        "tests/providers/test_gemini_web.py",
    ),
)
