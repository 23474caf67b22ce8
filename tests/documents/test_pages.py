"""Both READMEs lead somewhere, show what works, and have the same chapters."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
import yaml

from tests.documents.page import PAGES, ROOT, Page
from tests.documents.tables import deploying, variables
from tests.local_server import LocalServer

LOCAL = "http://127.0.0.1:8000"
FIRST_SCREEN = 25
FOREIGN = {"AWS_LAMBDA_EXEC_WRAPPER", "VERCEL_PYTHON_COMPILEALL", "WORKERD_BUNDLE_DIR", "VIDEO_TASKS_PATH"}
"""Names of variables that are no settings of ours: the platforms', the tests', and one that is said to be gone."""

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path.name)


def blocks(page: Page, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.text, re.DOTALL | re.MULTILINE)


def commands(page: Page) -> list[str]:
    lines = [line for block in blocks(page, "console") for line in block.splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]


def in_code(page: Page) -> list[str]:
    """What is set as code within the text."""
    return re.findall(r"`([^`\n]+)`", page.text)


@each_page
def test_links_lead_somewhere(page: Page) -> None:
    targets = re.findall(r"\]\(([^)]+)\)", page.text)
    pages = {other.path.name: other for other in PAGES}
    for file, _, heading in (target.partition("#") for target in targets if "://" not in target):
        assert not file or (ROOT / file).exists(), file
        assert not heading or heading in (pages[file] if file else page).anchors, heading


@each_page
def test_no_two_headings_have_the_same_anchor(page: Page) -> None:
    assert len(set(page.anchors)) == len(page.anchors)


def test_both_have_the_same_chapters_and_examples() -> None:
    english, chinese = PAGES
    assert shape(english) == shape(chinese)


def shape(page: Page) -> list[str]:
    """Headings by their level, code by its language, tables by their name."""
    found = re.findall(r"^(#+) |^```(\w+)$|^<!-- ([\w-]+), written", page.text, re.MULTILINE)
    return [level or language or table for level, language, table in found]


@each_page
def test_what_make_is_asked_for_is_there(page: Page) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    asked = {name for text in (*in_code(page), *commands(page)) for name in re.findall(r"\bmake ([a-z-]+)", text)}
    assert {"serve", "demo", "test", "check", "deploy"} <= asked <= targets


@each_page
def test_paths_are_there(page: Page) -> None:
    paths = [text for text in in_code(page) if re.fullmatch(r"(functions|shared|tests)/[\w./]*", text)]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


@each_page
def test_variables_are_known(page: Page) -> None:
    code = "\n".join((*in_code(page), *commands(page)))
    named = set(re.findall(r"(?<![\w$<>])[A-Z]+(?:_[A-Z]+)+(?![\w>])", code))
    assert named
    deployed = {row[0].strip("`") for row in deploying.table("en")}
    assert named <= variables.names() | deployed | FOREIGN


@each_page
def test_code_can_be_read(page: Page) -> None:
    for code in blocks(page, "python"):
        compile(code, page.path.name, "exec")
    for code in blocks(page, "yaml"):
        assert yaml.safe_load(code)["services"]
    for command in commands(page):
        subprocess.run(["bash", "-n", "-c", command], check=True)


# The first screen


@pytest.fixture(scope="module")
def server() -> Iterator[LocalServer]:
    server = LocalServer({})
    yield server
    server.stop()


@each_page
def test_the_first_example_works(page: Page, server: LocalServer) -> None:
    code = blocks(page, "python")[0]
    assert code in "".join(page.text.splitlines(keepends=True)[:FIRST_SCREEN])
    run = [sys.executable, "-c", code.replace(LOCAL, server.url)]
    is_picture(subprocess.run(run, check=True, capture_output=True, text=True).stdout.strip())


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not here")
@each_page
def test_the_first_command_works(page: Page, server: LocalServer) -> None:
    command = next(command for command in commands(page) if command.startswith("curl "))
    assert command in "\n".join(page.text.splitlines()[:FIRST_SCREEN])
    run = ["bash", "-c", command.replace(LOCAL, server.url)]
    answer = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    is_picture(yaml.safe_load(answer)["data"][0]["url"])


def is_picture(url: str) -> None:
    answer = httpx.get(url)
    assert answer.headers["content-type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
