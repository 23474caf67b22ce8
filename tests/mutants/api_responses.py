"""Seeded bugs in shared/api/responses."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "DONE sent after an error",
        "shared/api/responses/chat.py",
        'yield event_of({"error": error_object(error)})',
        'yield event_of({"error": error_object(error)}) + b"data: [DONE]\\n\\n"',
        "tests/functions/test_chat.py",
    ),
    Mutant(
        "pending job waited for in a chat",
        "shared/api/responses/chat_images.py",
        "SUBMIT if submit_only or not body.wait_for_image else WAIT",
        "WAIT",
        "tests/functions/test_chat_images.py",
    ),
    Mutant(
        "usage sent without stream_options",
        "shared/api/responses/completions.py",
        "if completion.include_usage and usage:",
        "if usage:",
        "tests/functions/test_chat.py",
    ),
    Mutant(
        "private file cached by shared caches",
        "shared/api/responses/files.py",
        '"private" if context.caller else "public"',
        '"public"',
        "tests/functions/test_files.py",
    ),
    Mutant(
        "/v1/jobs shows queued as running",
        "shared/api/responses/jobs.py",
        'return "queued", 0',
        'return "in_progress", 0',
        "tests/functions/test_jobs.py",
    ),
    Mutant(
        "/v1/jobs shows running as queued",
        "shared/api/responses/jobs.py",
        'return "in_progress", progress',
        'return "queued", progress',
        "tests/functions/test_jobs.py",
    ),
    Mutant(
        "Z-Image tasks show queued as running",
        "shared/api/responses/jobs.py",
        'return "pending"',
        'return "processing"',
        "tests/functions/test_jobs.py",
    ),
    Mutant(
        "Z-Image tasks show running as queued",
        "shared/api/responses/jobs.py",
        'return "processing"',
        'return "pending"',
        "tests/functions/test_jobs.py",
    ),
    Mutant(
        "callers' tokens share their images",
        "shared/api/responses/piclumen.py",
        'owners(f"{PROVIDER}:{token}")',
        "owners(PROVIDER)",
        "tests/functions/test_piclumen.py",
    ),
    Mutant(
        "PicLumen's marks show queued as running",
        "shared/api/responses/piclumen.py",
        '_processing(mark, "pending")',
        '_processing(mark, "running")',
        "tests/functions/test_piclumen.py",
    ),
    Mutant(
        "PicLumen's marks show running as queued",
        "shared/api/responses/piclumen.py",
        '_processing(mark, "running")',
        '_processing(mark, "pending")',
        "tests/functions/test_piclumen.py",
    ),
    Mutant(
        "image job shown as a video",
        "shared/api/responses/videos.py",
        'if job.kind != "video":',
        "if False:",
        "tests/functions/test_videos.py",
    ),
    Mutant(
        "failed video without its error",
        "shared/api/responses/videos.py",
        "return error_object(",
        "return None and (",
        "tests/functions/test_videos.py",
    ),
    Mutant(
        "/v1/videos shows queued as running",
        "shared/api/responses/videos.py",
        'return "queued"',
        'return "processing"',
        "tests/functions/test_videos.py",
    ),
    Mutant(
        "/v1/videos shows running as queued",
        "shared/api/responses/videos.py",
        'return "processing"',
        'return "queued"',
        "tests/functions/test_videos.py",
    ),
)
