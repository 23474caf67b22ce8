"""Seeded bugs in shared/providers/jimeng."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "jimeng: request repeated without new credits",
        "shared/providers/jimeng/__init__.py",
        "if not await self._has_new_credits():",
        "if False:",
        "tests/providers/test_jimeng.py",
    ),
    Mutant(
        "jimeng: daily credits not collected",
        "shared/providers/jimeng/__init__.py",
        'return bool(at(claimed, "receive_quota"))',
        "return False",
        "tests/providers/test_jimeng.py",
    ),
    Mutant(
        "jimeng: new job reported as failed",
        "shared/providers/jimeng/__init__.py",
        "if job not in records:",
        "if False:",
        "tests/providers/test_jimeng.py",
    ),
    Mutant("jimeng: four images returned for one", "shared/providers/jimeng/__init__.py", "[:number]", ""),
    Mutant(
        "jimeng: preview taken for the video",
        "shared/providers/jimeng/__init__.py",
        "item_ids(items), is_for",
        "[], is_for",
        "tests/providers/test_jimeng.py",
    ),
    Mutant(
        "jimeng: edit in another shape than its image",
        "shared/providers/jimeng/__init__.py",
        "not request.size_requested",
        "request.size_requested",
        "tests/providers/test_jimeng.py",
    ),
    Mutant(
        "jimeng: queued reported as running",
        "shared/providers/jimeng/__init__.py",
        "case 20:\n                return Queued()",
        "case 20:\n                return Running()",
        "tests/providers/test_jimeng.py",
    ),
    Mutant(
        "jimeng: running reported as queued",
        "shared/providers/jimeng/__init__.py",
        "case 42 | 45:\n                return Running()",
        "case 42 | 45:\n                return Queued()",
        "tests/conformance/test_promises.py::test_a_job_is_queued_until_the_upstream_works_on_it",
    ),
    Mutant(
        "jimeng: job that is not visible yet reported as running",
        "shared/providers/jimeng/__init__.py",
        "return Queued()\n        return await",
        "return Running()\n        return await",
        "tests/conformance/test_promises.py::test_a_job_is_queued_until_the_upstream_works_on_it",
    ),
    Mutant(
        "jimeng: poll's error blamed on the caller",
        "shared/providers/jimeng/errors.py",
        "if not response.sent:",
        "if False:",
        "tests/providers/test_jimeng.py",
    ),
    Mutant("jimeng: expired session not recognized", "shared/providers/jimeng/errors.py", '("1015", ', '("9015", '),
    Mutant(
        "jimeng: seed of an edit dropped",
        "shared/providers/jimeng/request_body.py",
        "if request.seed is not None:",
        "if False:",
        "tests/providers/test_jimeng.py",
    ),
    Mutant(
        "jimeng: last frame dropped",
        "shared/providers/jimeng/request_body.py",
        '"end_frame_image": last_frame',
        '"end_frame_image": ""',
        "tests/providers/test_jimeng.py",
    ),
    Mutant(
        "jimeng: results fetched from any origin",
        "shared/providers/jimeng/results.py",
        "bool(_STORAGE.fullmatch(origin))",
        "True",
    ),
    Mutant(
        "jimeng: uncertain submit sent again", "shared/providers/jimeng/site.py", "self._http.send(", "self._http.read("
    ),
    Mutant(
        "jimeng: wrong cookies sent",
        "shared/providers/jimeng/site.py",
        " if self._is_bare else self._key",
        "",
        "tests/providers/test_jimeng.py",
    ),
    Mutant(
        "jimeng: uploads sent to any origin",
        "shared/providers/jimeng/uploads.py",
        "if origin not in self._origins:",
        "if False:",
        "tests/providers/test_jimeng.py",
    ),
    Mutant(
        "jimeng: upload signed without its content",
        "shared/providers/jimeng/uploads.py",
        "hashlib.sha256(content)",
        'hashlib.sha256(b"")',
        "tests/providers/test_jimeng.py",
    ),
    Mutant(
        "jimeng: upload with the checksum of its end",
        "shared/providers/jimeng/uploads.py",
        "zlib.crc32(chunk, checksum)",
        "zlib.crc32(chunk)",
        "tests/providers/test_jimeng.py",
    ),
    Mutant(
        "jimeng: failed upload taken for a submit",
        "shared/providers/jimeng/uploads.py",
        "raise Unavailable(\"The connection to Jimeng's storage",
        "raise Uncertain(\"The connection to Jimeng's storage",
        "tests/providers/test_jimeng.py",
    ),
)
