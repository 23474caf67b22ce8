"""Seeded bugs in shared/providers/ark."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant("ark: task submitted twice", "shared/providers/ark/__init__.py", "self._http.send(", "self._http.read("),
    Mutant(
        "ark: watermark requested",
        "shared/providers/ark/__init__.py",
        '"watermark": False,',
        '"watermark": True,',
        "tests/providers/test_ark.py",
    ),
    Mutant(
        "ark: image without its role",
        "shared/providers/ark/__init__.py",
        ', "role": role}',
        "}",
        "tests/functions/test_videos.py",
    ),
    Mutant(
        "ark: cancelling deletes finished tasks",
        "shared/providers/ark/__init__.py",
        "isinstance(await self.poll(ref), Queued) and await self.delete(ref)",
        "await self.delete(ref)",
        "tests/functions/test_videos.py",
    ),
    Mutant(
        "ark: running task reported as deleted",
        "shared/providers/ark/__init__.py",
        "in (400, 409)",
        "in ()",
        "tests/providers/test_ark.py",
    ),
    Mutant(
        "ark: queued reported as running",
        "shared/providers/ark/__init__.py",
        'case "queued":\n            return Queued()',
        'case "queued":\n            return Running()',
        "tests/conformance/test_promises.py::test_a_job_is_queued_until_the_upstream_works_on_it",
    ),
    Mutant(
        "ark: running reported as queued",
        "shared/providers/ark/__init__.py",
        "return Running()",
        "return Queued()",
        "tests/conformance/test_promises.py::test_a_job_is_queued_until_the_upstream_works_on_it",
    ),
    Mutant(
        "ark: disabled model blamed on the account",
        "shared/providers/ark/errors.py",
        "retry_after=0",
        "retry_after=600",
        "tests/providers/test_ark.py",
    ),
    Mutant(
        "ark: truncated link accepted",
        "shared/providers/ark/links.py",
        " or not decompressor.eof",
        "",
        "tests/providers/test_ark.py",
    ),
    Mutant(
        "ark: issued ids with another dictionary of links",
        "shared/providers/ark/links.py",
        'b"&X-Tos-Expires=86400&X-Tos-Signature=&X-Tos-SignedHeaders=host"',
        'b"&X-Tos-Signature=&X-Tos-Expires=86400&X-Tos-SignedHeaders=host"',
        "tests/issued",
    ),
)
