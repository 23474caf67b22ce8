"""Writes the tables in README.md, README.zh-CN.md and docs/ from the code and from the texts in `texts/`."""
