"""The variables of serverless.yml and `make deploy` that shape an AWS deployment."""

from __future__ import annotations

import re

from tools.documents.page import ROOT, Row
from tools.documents.texts import compare, read

_EMPTY_PREFIX = "/"
"""How other tables show an empty prefix."""


def table() -> list[Row]:
    defaults, texts = _defaults(), read("deploying")
    compare("deploying.toml", texts, defaults)
    shown = {name: f"`{default}`" if default else "newest installed" for name, default in defaults.items()}
    return [("at deploy time", "default", "meaning"), *((f"`{name}`", shown[name], texts[name]) for name in texts)]


def _defaults() -> dict[str, str]:
    """The last alternative of each `${env:NAME, ..., 'default'}`; empty where `make package` chooses."""
    template = (ROOT / "serverless.yml").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.findall(r"\$\{[^}]*env:([A-Z_]+),([^}]*)'(.*?)'}", template)
    given = {name: "" if "file(" in between else default or _EMPTY_PREFIX for name, between, default in found}
    del given["ACCOUNTS_SECRET"]  # an ordinary setting, which the template reads to grant access to the secret
    return dict(re.findall(r"^(STAGE) \?= (\w+)$", makefile, re.MULTILINE)) | given
