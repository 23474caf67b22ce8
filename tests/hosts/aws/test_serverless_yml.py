"""serverless.yml passes every documented setting on to the functions, and deploys the zips of `make package`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tools.documents.tables.variables import names
from tools.lambda_environment import environment

ROOT = Path(__file__).parents[3]
NOT_ON_LAMBDA = {"HOST", "PORT", "SERVER_ADDRESS", "ACCOUNTS_DIR", "COOKIES_PATH"}
"""The address of the local server, and files of the deployer's machine."""

WITHOUT_UPSTREAM = {"SKETCH_BASE_URL", "SKETCH_RESULT_ORIGINS"}


def document() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((ROOT / "serverless.yml").read_text(encoding="utf-8"))
    return content


def test_every_setting_reaches_the_functions_where_it_is_set() -> None:
    assert document()["provider"]["environment"] == "${file(build/environment.json)}"
    passed = environment()
    wanted = names() - NOT_ON_LAMBDA - WITHOUT_UPSTREAM
    assert len(wanted) > 20
    assert [name for name in sorted(wanted) if f"env:{name}, null}}" not in passed.get(name, "")] == []


def test_no_setting_of_the_local_server_does() -> None:
    assert not NOT_ON_LAMBDA & environment().keys()


def test_a_setting_that_the_template_overrides_still_takes_the_deployers_value() -> None:
    """It replaces the line in build/environment.json that would read it from the shell."""
    overrides = document()["custom"]["environment"]
    assert overrides.keys() <= environment().keys()
    for name, value in overrides.items():
        assert f"${{env:{name}, self:custom.nothing}}" in str(value)


def test_every_function_has_the_package_that_is_named_after_it() -> None:
    artifacts = {name: function["package"]["artifact"] for name, function in document()["functions"].items()}
    assert artifacts == {name: f"${{self:custom.packages}}/{name}.zip" for name in artifacts}


def test_every_answer_takes_the_way_that_is_chosen_once() -> None:
    events = [event["http"] for function in document()["functions"].values() for event in function["events"]]
    assert {event["response"] for event in events} == {"${self:custom.response}"}
    assert {event["method"] for event in events} == {"ANY"}
