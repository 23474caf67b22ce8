"""Seeded bugs in shared/api outside its packages."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "open mode for remote clients",
        "shared/api/app.py",
        "guard_open_mode(Request(scope))",
        "pass",
        "tests/functions/test_access.py",
    ),
    Mutant(
        "responses cached",
        "shared/api/app.py",
        'response.headers.setdefault("cache-control", "no-store")',
        "pass",
        "tests/functions/test_jobs.py",
    ),
    Mutant(
        "API key not checked", "shared/api/auth.py", "return any([", "return bool([", "tests/functions/test_access.py"
    ),
    Mutant(
        "operator's address used for all callers",
        "shared/api/auth.py",
        "if not is_operator(request, settings):",
        "if False:",
        "tests/functions/test_accounts.py",
    ),
    Mutant(
        "open mode behind Cloudflare",
        "shared/api/auth.py",
        "(cf|x-original|x-envoy)",
        "(x-original|x-envoy)",
        "tests/functions/test_access.py",
    ),
    Mutant(
        "idempotency of an upload depends on its boundary",
        "shared/api/context.py",
        'f"{name}\\0{value.size',
        'f"{self.request.headers}{name}\\0{value.size',
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "idempotency of an upload ignores its bytes",
        "shared/api/context.py",
        "                    self._digest.update(piece)",
        "                    pass",
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "idempotency key measured without its spaces",
        "shared/api/context.py",
        "if len(key) > _LONGEST_KEY:",
        "if len(key.strip()) > _LONGEST_KEY:",
        "tests/api/requests/test_images.py",
    ),
    Mutant(
        "retryable status after work was accepted",
        "shared/api/errors.py",
        "errors.TakenError: Meaning(424",
        "errors.TakenError: Meaning(502",
        "tests/api/test_errors.py",
    ),
    Mutant(
        "job id withheld from streaming clients",
        "shared/api/generation.py",
        "self.headers |= job_header(self.job.id)",
        "pass",
        "tests/sdk/test_job_ids.py",
    ),
)
