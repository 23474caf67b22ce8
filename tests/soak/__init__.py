"""Attacks on a running server that print megabytes and milliseconds: `python -m tests.soak`."""
