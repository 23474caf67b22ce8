"""`python -m tests.mutants` runs all mutants, `python -m tests.mutants zimage range` those with both words."""

from __future__ import annotations

import sys

from tests.mutants import MUTANTS
from tests.mutants.runner import check

if __name__ == "__main__":
    words = sys.argv[1:]
    chosen = [mutant for mutant in MUTANTS if all(word in f"{mutant.file} {mutant.name}" for word in words)]
    sys.exit(0 if chosen and check(chosen) else 1)
