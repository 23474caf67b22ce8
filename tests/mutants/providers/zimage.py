"""Seeded bugs in shared/providers/zimage."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "zimage: range neither requested nor cut",
        "shared/providers/zimage.py",
        "byte_range=byte_range",
        "byte_range=None",
    ),
    Mutant("zimage: n ignored", "shared/providers/zimage.py", '"batchSize": request.n', '"batchSize": 1'),
    Mutant("zimage: submit retried", "shared/providers/zimage.py", "self._http.send(", "self._http.read("),
    Mutant(
        "zimage: state kept on the instance",
        "shared/providers/zimage.py",
        "        if ref.startswith(_BATCH):",
        "        ref = self.__dict__.setdefault('_seen', ref)\n        if ref.startswith(_BATCH):",
    ),
    Mutant(
        "zimage: secret in a ref",
        "shared/providers/zimage.py",
        'Submitted((f"{_TASK}{uuid}",))',
        "Submitted((f\"{_TASK}{uuid}{self._headers.get('Cookie', '')}\",))",
    ),
    Mutant(
        "zimage: unknown field sent",
        "shared/providers/zimage.py",
        '"prompt": request.prompt,',
        '"prompt": request.prompt, "n": 1,',
    ),
    Mutant(
        "zimage: seed sent as a number",
        "shared/providers/zimage.py",
        '{"seed": str(request.seed)}',
        '{"seed": request.seed}',
    ),
    Mutant("zimage: response not validated", "shared/providers/zimage.py", "case True:", "case True | None:"),
    Mutant(
        "zimage: unknown status not logged", "shared/providers/zimage.py", '_log.warning("zimage', '_log.debug("zimage'
    ),
    Mutant(
        "zimage: unknown status fails the job",
        "shared/providers/zimage.py",
        "return Running(_whole(task",
        "return Failed(_failure(task",
    ),
    Mutant("zimage: failed status unknown", "shared/providers/zimage.py", 'case "failed":', 'case "broken":'),
    Mutant(
        "zimage: moderation taken for a failure", "shared/providers/zimage.py", "if is_moderation(said)", "if False"
    ),
    Mutant(
        "zimage: credential not sent",
        "shared/providers/zimage.py",
        '**({"Cookie": account.key} if account.key else {})',
        "**{}",
    ),
    Mutant(
        "zimage: listed model cannot be requested",
        "shared/providers/zimage.py",
        '_model("redcraft", "redcraft")',
        '_model("redcraft", "red")',
    ),
    Mutant(
        "zimage: malformed response to a submit taken for a refusal",
        "shared/providers/zimage.py",
        'raise answer.error("it says neither success nor failure")',
        'raise UpstreamError("nothing")',
    ),
    Mutant(
        "zimage: reason under an error status not read",
        "shared/providers/zimage.py",
        "answer.status in (400, 403, 422)",
        "answer.status in ()",
        "tests/providers/test_zimage.py",
    ),
    Mutant(
        "zimage: missing token blamed on the prompt",
        "shared/providers/zimage.py",
        'if "moderation" in lowered and "token" in lowered:',
        "if False:",
        "tests/providers/test_zimage.py",
    ),
    Mutant(
        "zimage: input images not sent",
        "shared/providers/zimage.py",
        "if request.inputs else {}",
        "if False else {}",
        "tests/providers/test_zimage.py",
    ),
    Mutant(
        "zimage: undocumented model",
        "shared/providers/zimage.py",
        '_model("redcraft", "redcraft")',
        '_model("redcraft-2", "redcraft")',
        "tests/documents/test_tables.py",
    ),
    Mutant(
        "zimage: queued reported as running",
        "shared/providers/zimage.py",
        "return Queued(_whole(",
        "return Running(_whole(",
        "tests/conformance/test_promises.py::test_a_job_is_queued_until_the_upstream_works_on_it",
    ),
    Mutant(
        "zimage: running reported as queued",
        "shared/providers/zimage.py",
        "return Running(_whole(task",
        "return Queued(_whole(task",
        "tests/conformance/test_promises.py::test_a_job_is_queued_until_the_upstream_works_on_it",
    ),
    Mutant(
        "zimage: queued batch reported as running",
        "shared/providers/zimage.py",
        "return Queued()",
        "return Running()",
        "tests/providers/test_zimage.py",
    ),
    Mutant(
        "zimage: partly running batch reported as queued",
        "shared/providers/zimage.py",
        'all(word == "pending"',
        'any(word == "pending"',
        "tests/providers/test_zimage.py",
    ),
    Mutant(
        "zimage: running batch reported as queued",
        "shared/providers/zimage.py",
        "return Running(100",
        "return Queued(100",
        "tests/providers/test_zimage.py",
    ),
    Mutant(
        "zimage: issued ids whose files are on another host",
        "shared/providers/zimage.py",
        '{"i": "https://image.zimage.run", "f": "https://files.zimage.run"}',
        '{"f": "https://image.zimage.run", "i": "https://files.zimage.run"}',
        "tests/issued",
    ),
    Mutant(
        "zimage: issued ids of batches read as tasks",
        "shared/providers/zimage.py",
        '_TASK, _BATCH = "t", "p"',
        '_TASK, _BATCH = "p", "t"',
        "tests/issued",
    ),
)
