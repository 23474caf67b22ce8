"""Seeded bugs in shared/providers/openai_compatible."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "openai_compatible: paid image that cannot be fetched reported as unavailable",
        "shared/providers/openai_compatible/__init__.py",
        "raise ResultLost(error.message, details=error.details) from error",
        "raise",
        "tests/functions/test_chat_images.py",
    ),
    Mutant(
        "openai_compatible: images fetched from any origin",
        "shared/providers/openai_compatible/__init__.py",
        "if not self._origins.issuperset(map(origin_of, links)):",
        "if False:",
        "tests/functions/test_chat_images.py",
    ),
    Mutant(
        "openai_compatible: default size of an edit sent",
        "shared/providers/openai_compatible/__init__.py",
        "bool(request.inputs) and not request.size_requested",
        "False",
        "tests/functions/test_forwarded_edits.py",
    ),
    Mutant(
        "openai_compatible: timeout taken for a refusal",
        "shared/providers/openai_compatible/errors.py",
        "if response.status in (408, 504):",
        "if False:",
        "tests/functions/test_chat.py",
    ),
    Mutant(
        "openai_compatible: configured models dropped when the list fails",
        "shared/providers/openai_compatible/model_list.py",
        "return self._configured + tuple(",
        "return tuple(",
        "tests/functions/test_chat.py",
    ),
    Mutant(
        "openai_compatible: images sent to a model that takes none",
        "shared/providers/openai_compatible/model_list.py",
        "takes = not modalities and ",
        "takes = ",
        "tests/functions/test_forwarded_edits.py",
    ),
    Mutant(
        "openai_compatible: mask not forwarded",
        "shared/providers/openai_compatible/multipart.py",
        ' + ([("mask", mask)] if mask else [])',
        "",
        "tests/functions/test_forwarded_edits.py",
    ),
    Mutant(
        "openai_compatible: several images under the name for one",
        "shared/providers/openai_compatible/multipart.py",
        '"image" if len(inputs) == 1 else "image[]"',
        '"image"',
        "tests/functions/test_forwarded_edits.py",
    ),
    Mutant(
        "openai_compatible: length of a form too small",
        "shared/providers/openai_compatible/multipart.py",
        'length += len(head) + picture.size + len(b"\\r\\n")',
        "length += len(head) + picture.size",
        "tests/functions/test_forwarded_edits.py",
    ),
    Mutant(
        "openai_compatible: stream without an end taken for complete",
        "shared/providers/openai_compatible/chat.py",
        "if last is None or not (self.done or",
        "if last is None or not (True or",
        "tests/functions/test_chat.py",
    ),
)
