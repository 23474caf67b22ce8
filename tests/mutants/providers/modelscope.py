"""Seeded bugs in shared/providers/modelscope."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "modelscope: expired link reused",
        "shared/providers/modelscope/__init__.py",
        'lasting="?" not in link',
        "lasting=True",
        "tests/providers/test_modelscope.py",
    ),
    Mutant(
        "modelscope: queued reported as running",
        "shared/providers/modelscope/__init__.py",
        'case "PENDING":\n                return Queued()',
        'case "PENDING":\n                return Running()',
        "tests/conformance/test_promises.py::test_a_job_is_queued_until_the_upstream_works_on_it",
    ),
    Mutant(
        "modelscope: running reported as queued",
        "shared/providers/modelscope/__init__.py",
        "return Running()",
        "return Queued()",
        "tests/conformance/test_promises.py::test_a_job_is_queued_until_the_upstream_works_on_it",
    ),
    Mutant(
        "ModelScope's synchronous response lost",
        "shared/providers/modelscope/__init__.py",
        "if links := self._links.usable(links_in(_images(payload))):",
        "if links := list[str]():",
        "tests/providers/test_modelscope.py",
    ),
)
