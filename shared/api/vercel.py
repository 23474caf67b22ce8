"""Vercel's deadline. Nothing of ours stands between its launcher and an application, so that this is asked from there.

The launcher takes the header that names it away, and keeps it in a context variable: `vercel_runtime.get_deadline`.
"""

from __future__ import annotations

import sys
import time


def deadline() -> float | None:
    """When the platform ends this request, on the monotonic clock; None where nobody says, and on all other hosts."""
    launcher = sys.modules.get("vercel_runtime")
    until = launcher.get_deadline() if launcher else None
    return None if until is None else time.monotonic() + until.timestamp() - time.time()
