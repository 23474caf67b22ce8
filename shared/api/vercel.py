"""Vercel's request deadline.

Vercel's launcher calls the application directly and removes the header with the deadline; it stores the deadline in a
context variable, which `vercel_runtime.get_deadline` reads.
"""

from __future__ import annotations

import sys
import time


def deadline() -> float | None:
    """Return when the platform ends this request, on the monotonic clock; None if unknown and on all other hosts."""
    launcher = sys.modules.get("vercel_runtime")
    until = launcher.get_deadline() if launcher else None
    return None if until is None else time.monotonic() + until.timestamp() - time.time()
