"""Seeded bugs in shared/accounts."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "first of two duplicate cookies sent",
        "shared/accounts/cookies.py",
        "sorted(own, key=lambda cookie: cookie.expires)",
        "own[::-1]",
        "tests/accounts/test_cookies.py",
    ),
    Mutant(
        "renewal overwrites an uploaded credential",
        "shared/accounts/credentials.py",
        "swapped = await self._state.swap(name, _record(old), _record(newest), CREDENTIAL_TTL)",
        "swapped = await self._state.put(name, _record(newest), CREDENTIAL_TTL) or True",
        "tests/accounts/test_probes.py",
    ),
    Mutant(
        "cooldown kept for a new credential",
        "shared/accounts/health.py",
        "{account.id} {login_of(account)}",
        "{account.id}",
        "tests/aws/test_secret.py",
    ),
    Mutant(
        "unverified account used by all requests at once",
        "shared/accounts/health.py",
        "        if standing.record:\n            return standing",
        "        if True:\n            return standing",
        "tests/functions/test_account_selection.py",
    ),
    Mutant(
        "probe not shared with other instances",
        "shared/accounts/health.py",
        "return Health(record, probing=left + PROBE_SECONDS > 0)",
        "return Health_(record)",
        "tests/functions/test_account_selection.py",
    ),
    Mutant(
        "probe without a limit of time",
        "shared/accounts/health.py",
        "probing=left + PROBE_SECONDS > 0",
        "probing=True",
        "tests/accounts/test_probes.py",
    ),
    Mutant(
        "accepted account stays unverified",
        "shared/accounts/health.py",
        "standing.record, _ACCEPTED, CREDENTIAL_TTL",
        'standing.record, "", CREDENTIAL_TTL',
        "tests/accounts/test_probes.py",
    ),
    Mutant(
        "account revived by a request from before its rejection",
        "shared/accounts/health.py",
        "await self._state.swap(_name(account), standing.record, _ACCEPTED, CREDENTIAL_TTL)",
        "await self._state.put(_name(account), _ACCEPTED, CREDENTIAL_TTL)",
        "tests/accounts/test_probes.py",
    ),
    Mutant(
        "probe shared by several requests",
        "shared/accounts/health.py",
        "return Health(record, probing=True) if ours else None",
        "return Health(record, probing=True)",
        "tests/accounts/test_probes.py",
    ),
    Mutant(
        "renewed credential forgets the account's health",
        "shared/accounts/selection.py",
        "login=login_of(account))",
        'login="")',
        "tests/accounts/test_probes.py",
    ),
    Mutant(
        "wait for a probe without a limit of time",
        "shared/accounts/selection.py",
        "probes_wait = waited < PROBE_SECONDS",
        "probes_wait = True",
        "tests/accounts/test_probes.py",
    ),
    Mutant(
        "probe's outcome lost when its request is cancelled",
        "shared/accounts/selection.py",
        "        else:\n            await self._pool.health.release",
        "        elif isinstance(error, Exception):\n            await self._pool.health.release",
        "tests/accounts/test_probes.py",
    ),
    Mutant(
        "single account probed",
        "shared/accounts/selection.py",
        "if len(accounts) == 1:",
        "if False:",
        "tests/accounts/test_probes.py",
    ),
    Mutant(
        "next account tried after an uncertain submit",
        "shared/accounts/selection.py",
        "elif isinstance(error, AccountError):",
        "elif isinstance(error, Exception):",
        "tests/test_service.py",
    ),
    Mutant(
        "issued ids read with another account",
        "shared/accounts/selection.py",
        'f"{provider}/{name}".encode()',
        'f"{account.provider}:{account.id}".encode()',
        "tests/issued",
    ),
)
