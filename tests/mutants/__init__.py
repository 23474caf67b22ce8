"""Seeded bugs, each of which must fail a test: `python -m tests.mutants`, or with words of a file or name.

When a bug escapes the tests, it gets a line in the file that is named after its package.
"""

from __future__ import annotations

from tests.mutants import (
    accounts,
    api,
    api_requests,
    api_responses,
    chat,
    functions,
    hosts,
    http,
    jobs,
    providers,
    shared,
    state,
)
from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *accounts.MUTANTS,
    *api.MUTANTS,
    *api_requests.MUTANTS,
    *api_responses.MUTANTS,
    *chat.MUTANTS,
    *functions.MUTANTS,
    *hosts.MUTANTS,
    *http.MUTANTS,
    *jobs.MUTANTS,
    *providers.MUTANTS,
    *shared.MUTANTS,
    *state.MUTANTS,
)
