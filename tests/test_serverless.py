"""serverless.yml takes every setting of the README's along, and names a package of our own for every function."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tools.documents.tables.variables import names

ROOT = Path(__file__).parents[1]
NOT_ON_LAMBDA = {"HOST", "PORT", "SERVER_ADDRESS", "ACCOUNTS_DIR", "COOKIES_PATH"}
"""A laptop's address, and folders that no function has."""

WITHOUT_UPSTREAM = {"SKETCH_BASE_URL", "SKETCH_RESULT_ORIGINS"}


def document() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "serverless.yml").read_text(encoding="utf-8"))
    return content


def test_every_setting_reaches_the_functions_where_it_is_set() -> None:
    environment = document()["provider"]["environment"]
    wanted = names() - NOT_ON_LAMBDA - WITHOUT_UPSTREAM
    assert len(wanted) > 20
    assert [name for name in sorted(wanted) if f"${{env:{name}, " not in str(environment.get(name))] == []


def test_no_setting_of_the_laptop_does() -> None:
    assert not NOT_ON_LAMBDA & document()["provider"]["environment"].keys()


def test_every_function_has_the_package_that_is_named_after_it() -> None:
    artifacts = {name: function["package"]["artifact"] for name, function in document()["functions"].items()}
    assert artifacts == {name: f"${{self:custom.packages}}/{name}.zip" for name in artifacts}


def test_every_answer_takes_the_way_that_is_chosen_once() -> None:
    events = [event["http"] for function in document()["functions"].values() for event in function["events"]]
    assert {event["response"] for event in events} == {"${self:custom.response}"}
    assert {event["method"] for event in events} == {"ANY"}
