"""Seeded bugs in shared/providers/piclumen."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "piclumen: token sent to the host of the results",
        "shared/providers/piclumen/__init__.py",
        "origins=self._links.origins, byte_range=byte_range",
        "origins=self._links.origins, byte_range=byte_range, headers=self._headers",
        "tests/providers/test_piclumen.py",
    ),
    Mutant(
        "piclumen: flagged images returned",
        "shared/providers/piclumen/__init__.py",
        'image.get("sensitive") != "NSFW"',
        "True",
        "tests/providers/test_piclumen.py",
    ),
    Mutant(
        "piclumen: failed status unknown",
        "shared/providers/piclumen/__init__.py",
        'case "failed" | "failure":',
        'case "failed":',
        "tests/providers/test_piclumen.py",
    ),
    Mutant(
        "piclumen: task found by position",
        "shared/providers/piclumen/__init__.py",
        'task.get("markId") == mark',
        "True",
        "tests/providers/test_piclumen.py",
    ),
    Mutant(
        "piclumen: random seed not sent",
        "shared/providers/piclumen/__init__.py",
        "random.randint(10**9, 10**11)",
        "9896923949",
        "tests/functions/test_piclumen.py",
    ),
    Mutant(
        "piclumen: queued reported as running",
        "shared/providers/piclumen/__init__.py",
        'case "pending":\n                return Queued()',
        'case "pending":\n                return Running()',
        "tests/conformance/test_promises.py::test_a_job_is_queued_until_the_upstream_works_on_it",
    ),
    Mutant(
        "piclumen: running reported as queued",
        "shared/providers/piclumen/__init__.py",
        "return Running()",
        "return Queued()",
        "tests/conformance/test_promises.py::test_a_job_is_queued_until_the_upstream_works_on_it",
    ),
    Mutant(
        "piclumen: task that is not visible yet reported as running",
        "shared/providers/piclumen/__init__.py",
        "_APPEARS_WITHIN:\n            return Queued()",
        "_APPEARS_WITHIN:\n            return Running()",
        "tests/providers/test_piclumen.py",
    ),
)
