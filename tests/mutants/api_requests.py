"""Seeded bugs in shared/api/requests."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "unsupported content part not reported",
        "shared/api/requests/chat.py",
        'not in ("text", "image_url")',
        "is None",
        "tests/functions/test_chat_images.py",
    ),
    Mutant(
        "system message drawn",
        "shared/api/requests/chat.py",
        'if message["role"] == "user"), None)',
        "if message), None)",
        "tests/functions/test_chat_images.py",
    ),
    Mutant(
        "null image taken for no image",
        "shared/api/requests/image_edits.py",
        'if image != ""]',
        'if image not in (None, "")]',
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "mask silently dropped",
        "shared/api/requests/image_edits.py",
        "if self._mask and not model.masks:",
        "if False:",
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "too many input images sent",
        "shared/api/requests/image_edits.py",
        "if len(self._inputs) > model.max_inputs:",
        "if False:",
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "image field of a form missed",
        "shared/api/requests/image_fields.py",
        "|\\[\\d*\\])+$",
        "|\\[\\])+$",
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "resolution of an edit changes its shape",
        "shared/api/requests/images.py",
        "side and not self.takes_inputs",
        "side",
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "unsupported resolution not reported",
        "shared/api/requests/images.py",
        "fit(within(wanted, model)",
        "fit(wanted := within(wanted, model)",
        "tests/functions/test_images_generations.py",
    ),
    Mutant(
        "input image downloaded for each read",
        "shared/api/requests/input_images.py",
        "self._spool = self._spool or await",
        "self._spool = await",
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "truncated form taken for a complete one",
        "shared/api/requests/multipart.py",
        "if not self._whole:",
        "if False:",
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "data URL in a form limited to a megabyte",
        "shared/api/requests/multipart.py",
        "max_part_size=LARGEST_IMAGE",
        "max_part_size=1 << 20",
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "video cut to the model's longest",
        "shared/api/requests/video_size.py",
        "wanted > max(model.seconds)",
        "False",
        "tests/functions/test_videos.py",
    ),
    Mutant(
        "video requested without its required frames",
        "shared/api/requests/videos.py",
        "sum(map(bool, frames)) < 2",
        "False",
        "tests/functions/test_videos.py",
    ),
    Mutant(
        "ignored video parameters not reported",
        "shared/api/requests/videos.py",
        "(knobs - known)",
        "()",
        "tests/functions/test_videos.py",
    ),
    Mutant(
        "frames under other names ignored",
        "shared/api/requests/videos.py",
        "        refuse_images(self.model_extra or {}, self.images_belong)\n",
        "",
        "tests/functions/test_videos.py",
    ),
)
