"""Seeded bugs in shared/providers/modelscope."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "modelscope: expired link reused",
        "shared/providers/modelscope.py",
        'lasting="?" not in link',
        "lasting=True",
        "tests/providers/test_modelscope.py",
    ),
    Mutant(
        "modelscope: queued reported as running",
        "shared/providers/modelscope.py",
        'case "PENDING":\n                return Queued()',
        'case "PENDING":\n                return Running()',
        "tests/conformance/test_promises.py::test_a_job_is_queued_until_the_upstream_works_on_it",
    ),
    Mutant(
        "modelscope: running reported as queued",
        "shared/providers/modelscope.py",
        "return Running()",
        "return Queued()",
        "tests/conformance/test_promises.py::test_a_job_is_queued_until_the_upstream_works_on_it",
    ),
)
