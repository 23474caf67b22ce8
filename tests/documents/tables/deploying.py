"""What decides, at deploy time, how Easel stands on AWS: the variables of serverless.yml and of `make deploy`."""

from __future__ import annotations

import re

from tests.documents.page import ROOT, Row
from tests.documents.texts import Language, Texts

_HEADERS: dict[Language, Row] = {
    "en": ("at deploy time", "default", "meaning"),
    "zh": ("部署时的变量", "默认值", "含义"),
}
_CHOSEN: dict[Language, str] = {"en": "the newest here", "zh": "本机最新的"}
_NONE = "/"
"""What an empty prefix is called everywhere else."""


def table(language: Language) -> list[Row]:
    defaults = _defaults()
    texts = Texts("deploying", defaults)
    shown = {name: f"`{default}`" if default else _CHOSEN[language] for name, default in defaults.items()}
    return [_HEADERS[language], *((f"`{name}`", shown[name], texts.of(name, language)) for name in texts)]


def _defaults() -> dict[str, str]:
    """The last alternative of each `${env:NAME, ..., 'default'}`; empty where `make package` chooses."""
    template = (ROOT / "serverless.yml").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    found = re.findall(r"\$\{[^}]*env:([A-Z_]+),([^}]*)'(.*?)'}", template)
    given = {name: "" if "file(" in between else default or _NONE for name, between, default in found}
    # A setting like all others, which the template has a look at.
    del given["ACCOUNTS_SECRET"]
    return dict(re.findall(r"^(STAGE) \?= (\w+)$", makefile, re.MULTILINE)) | given
