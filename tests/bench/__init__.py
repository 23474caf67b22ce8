"""Benchmarks: `python -m tests.bench`, or with the names of some parts. Figures are for people; nothing fails here."""
