"""The tables are those of the code, in both languages, and what is missing or too much is told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from shared.bootstrap import Configuration
from shared.hosts.local import address
from shared.providers import PROVIDERS
from tests.documents.page import PAGES, ROOT, Page, Row, markdown
from tests.documents.tables import TABLES, deploying, variables
from tests.documents.texts import LANGUAGES, Incomplete, Language, Texts, joined, read

NAMES = [provider.name for provider in PROVIDERS]
PLATFORMS_OWN = re.compile(r"AWS_|_HANDLER$|_X_AMZN_|PYENV_ROOT$")
"""Variables that a platform sets, not a person."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path.name)
def test_the_tables_are_up_to_date(page: Page) -> None:
    assert page.text == page.fresh(TABLES), "make documents writes them"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TABLES)
def test_every_row_has_all_its_cells(name: str, language: Language) -> None:
    header, *rows = TABLES[name](language)
    assert rows
    assert {len(row) for row in rows} == {len(header)}
    assert not [cell for row in rows for cell in row if "|" in cell or "\n" in cell]


# What does not fit


def test_a_provider_without_a_text_is_told() -> None:
    with pytest.raises(Incomplete, match=r"^providers\.toml: missing: banana$"):
        Texts("providers", [*NAMES, "banana"])


def test_a_text_about_nothing_is_told() -> None:
    with pytest.raises(Incomplete, match=rf"^providers\.toml: not in the code: {NAMES[0]}$"):
        Texts("providers", NAMES[1:])


def test_a_language_that_is_missing_is_told() -> None:
    with pytest.raises(Incomplete, match=r"^hosts\.toml, promise: missing: en$"):
        Texts("hosts", read("hosts"))


MARKED = "<!-- {}, written by make documents -->\n\n{}\n<!-- until here -->\n"


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["one"], "missing: two"),
        (["one", "two", "three"], "not in the code: three"),
        (["one", "two", "one"], "twice"),
    ],
)
def test_a_page_has_a_place_for_every_table_once(tmp_path: Path, names: list[str], told: str) -> None:
    with pytest.raises(Incomplete, match=rf"^README\.md: .*{told}"):
        a_page(tmp_path, names).fresh(dict.fromkeys(("one", "two"), lambda language: [("a", "b"), ("c", language)]))


def test_what_stands_between_the_marks_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    page = a_page(tmp_path, ["one"])
    rows: list[Row] = [("a", "b"), ("c", "en")]
    assert page.fresh({"one": lambda language: [("a", "b"), ("c", language)]}) == page.text.replace(
        "| stale |\n", markdown(rows)
    )
    assert markdown(rows) == "| a | b |\n|---|---|\n| c | en |\n"


def a_page(folder: Path, names: list[str]) -> Page:
    page = Page(folder / "README.md", "en")
    page.path.write_text("# A\n\n" + "".join(MARKED.format(name, "| stale |\n") for name in names) + "\nThe end.\n")
    return page


def test_lines_become_one_and_chinese_needs_no_blanks_between_them() -> None:
    assert joined("\n a text\n  of `two` lines\n") == "a text of `two` lines"
    assert joined("两行\n文字，`code`\n和词") == "两行文字，`code` 和词"


# Variables


class Recorded(Mapping[str, str]):
    """An environment that knows what it was asked for."""

    def __init__(self, content: Mapping[str, str]) -> None:
        self._content = content
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        return self._content[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)


async def test_every_variable_that_is_read_is_described_and_no_other() -> None:
    keyless = [provider.name for provider in PROVIDERS if provider.keyless]
    settings = {provider.credential: "x" for provider in PROVIDERS if provider.credential}
    settings |= {"PROVIDERS": ",".join(keyless), "OPENAI_COMPATIBLE_BASE_URL": "https://service.example/v1"}
    with_accounts, without = Recorded(settings), Recorded({})
    for environment in (with_accounts, without):
        await Configuration(open_mode=True).of(environment)
    address(without)
    assert with_accounts.names | without.names == variables.names()


def test_no_other_place_reads_a_variable_that_nobody_describes() -> None:
    pattern = re.compile(r'environ\w*(?:\.get\(|\[)\s*"(\w+)"')
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "shared").rglob("*.py")]
    read = {name for text in texts for name in pattern.findall(text) if not PLATFORMS_OWN.match(name)}
    described = {row[0].strip("`") for row in deploying.table("en")} | variables.names()
    assert read
    assert read <= described


async def test_setting_a_default_changes_nothing() -> None:
    shown = {name: each.default for name, each in variables.variables().items() if each.default and "<" not in name}
    plain, spelled = [
        (await Configuration(open_mode=True).of(environment)) for environment in ({}, {**shown, "PROVIDERS": "zimage"})
    ]
    assert spelled.settings == plain.settings
    assert spelled.service.tickets.ttl == plain.service.tickets.ttl
    assert address(shown) == address({})
