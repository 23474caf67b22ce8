"""Seeded bugs in the modules of shared/ outside its packages."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "default model for edits takes no images",
        "shared/catalog.py",
        "if inputs and offer.model.max_inputs",
        "if False",
        "tests/test_catalog.py",
    ),
    Mutant(
        "reason for a declined model lost",
        "shared/catalog.py",
        "self._declined.get(name, unknown)",
        "unknown",
        "tests/functions/test_jimeng.py",
    ),
    Mutant(
        "masks enabled for a provider that drops them",
        "shared/config.py",
        "if not upstream.masks and any(",
        "if False and any(",
        "tests/test_settings.py",
    ),
    Mutant(
        "undocumented variable",
        "shared/config.py",
        "keys = API_KEYS.secrets(environment)",
        'keys = API_KEYS.secrets({"NEW_KEYS": environment.get("NEW_KEYS", ""), **environment})',
        "tests/documents/test_tables.py",
    ),
    Mutant(
        "undocumented default",
        "shared/config.py",
        '("ACCOUNT_COOLDOWN_SECONDS", "600")',
        '("ACCOUNT_COOLDOWN_SECONDS", "60")',
        "tests/documents/test_tables.py",
    ),
    Mutant(
        "issued ids verified with another derived key",
        "shared/config.py",
        'b"easel signing key\\x01"',
        'b"easel id key\\x01"',
        "tests/issued",
    ),
    Mutant(
        "uploaded cookies not tried first",
        "shared/cookie_upload.py",
        "                await self._check(account._replace(key=header))\n",
        "",
        "tests/providers/test_gemini_web.py",
    ),
    Mutant(
        "upload held in memory",
        "shared/json_stream.py",
        "            yield piece\n\n\nasync def base64_of",
        "            held = [*locals().get('held', []), piece]\n            yield piece\n\n\nasync def base64_of",
        "tests/functions/test_big_upload.py",
    ),
    Mutant(
        "caller's provider reused for the next caller",
        "shared/provider_factory.py",
        "return ProviderFactory(self._class_of, pool, self._http, self.stored)",
        "self._pool = pool\n        return self",
        "tests/functions/test_piclumen.py",
    ),
    Mutant(
        "cookies renewed by every request",
        "shared/provider_factory.py",
        "if not await self._pool.claim_renewal(account, adapter.renew_seconds):",
        "if False:",
        "tests/test_service.py",
    ),
    Mutant(
        "statuses compared without their type",
        "shared/results.py",
        "type(self) is type(other) and ",
        "",
        "tests/test_results.py",
    ),
    Mutant(
        "statuses both equal and unequal",
        "shared/results.py",
        "return not _equal(self, other)",
        "return tuple.__ne__(self, other)",
        "tests/test_results.py",
    ),
    Mutant(
        "job shown to another API key",
        "shared/service.py",
        "job.owner not in caller.owners",
        "False",
        "tests/test_service.py",
    ),
    Mutant(
        "operator's account used with a caller's token",
        "shared/service.py",
        "service._use(self._providers.with_pool(accounts), accounts)",
        "service._use(self._providers, self.accounts)",
        "tests/functions/test_piclumen.py",
    ),
    Mutant(
        "unfinished video cannot be fetched later",
        "shared/service.py",
        'code=f"{file.job.kind}_not_ready", ',
        "",
        "tests/functions/test_videos.py",
    ),
    Mutant(
        "guests counted with callers that have a key",
        "shared/service.py",
        "service.tasks = self._guest_tasks",
        "pass",
        "tests/functions/test_piclumen.py",
    ),
    Mutant(
        "guests served where they are disabled",
        "shared/service.py",
        "            if not self._guest_tasks.limit:",
        "            if False:",
        "tests/functions/test_piclumen.py",
    ),
)
