"""Seeded bugs in what providers share."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "provider not in the table",
        "shared/providers/__init__.py",
        'ProviderInfo("ark", "Ark", base_url="https://ark.cn-beijing.volces.com/api/v3", credential="ARK_API_KEY"),',
        "",
    ),
    Mutant(
        "range of an inline image off by one digit",
        "shared/providers/_base64.py",
        "first = start // 3 * 4",
        "first = start // 2 * 4",
        "tests/functions/akashchat",
    ),
    Mutant(
        "session fetched by every request",
        "shared/providers/_cached.py",
        "is not None:\n                return value\n            value, seconds",
        "is Ellipsis:\n                return value\n            value, seconds",
        "tests/functions/akashchat",
    ),
    Mutant(
        "job with an unusable link polled again",
        "shared/providers/_links.py",
        "return isinstance(link, str) and bool(origin_of(link))",
        "return isinstance(link, str)",
    ),
    Mutant(
        "zimage: relative result link dropped",
        "shared/providers/_links.py",
        "return urljoin(self._base, link)",
        "return link",
        "tests/providers/test_zimage.py",
    ),
)
