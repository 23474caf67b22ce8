"""The generated tables match the code, and the generator reports what is missing or superfluous."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from shared.hosts.local import address
from shared.providers import PROVIDERS
from shared.settings import Configuration
from tools.documents.page import ROOT, Page, Row, Tables, markdown, pages, require_every_table
from tools.documents.tables import TABLES, deploying, variables
from tools.documents.texts import Incomplete, Language, chinese, compare, from_root, joined, read

NAMES = [provider.name for provider in PROVIDERS]
PLATFORMS_OWN = re.compile(r"AWS_|_HANDLER$|_X_AMZN_|PYENV_ROOT$")
"""Variables that a platform sets."""


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.path.relative_to(ROOT)))
def test_the_tables_are_up_to_date(page: Page) -> None:
    assert page.text == page.fresh(TABLES), "run `make documents`"


def test_every_table_is_on_one_page() -> None:
    require_every_table(pages(), TABLES)


@pytest.mark.parametrize(("language", "name"), [(language, name) for language in TABLES for name in TABLES[language]])
def test_every_row_has_all_its_cells(name: str, language: Language) -> None:
    header, *rows = TABLES[language][name]()
    assert rows
    assert {len(row) for row in rows} == {len(header)}
    assert not [cell for row in rows for cell in row if "|" in cell or "\n" in cell]


@pytest.mark.parametrize("name", TABLES["zh"])
def test_both_readmes_have_the_same_rows(name: str) -> None:
    english, translated = TABLES["en"][name](), TABLES["zh"][name]()
    assert [row[0] for row in english[1:]] == [row[0] for row in translated[1:]]


# What does not match


def test_a_provider_without_a_text_is_reported() -> None:
    with pytest.raises(Incomplete, match=r"^providers\.toml: missing: banana$"):
        compare("providers.toml", read("providers"), [*NAMES, "banana"])


def test_a_text_without_a_provider_is_reported() -> None:
    with pytest.raises(Incomplete, match=rf"^providers\.toml: not in the code: {NAMES[0]}$"):
        compare("providers.toml", read("providers"), NAMES[1:])


def test_a_missing_translation_is_reported() -> None:
    with pytest.raises(Incomplete, match=r"^zh\.toml, providers: missing: banana$"):
        compare("zh.toml, providers", chinese("providers"), [*NAMES, "banana"])


MARKED = "<!-- {}, written by make documents -->\n\n{}\n<!-- end -->\n"
EXAMPLE: list[Row] = [("a", "b"), ("c", "en")]
EXAMPLES: Tables = {"en": {"one": lambda: EXAMPLE, "two": lambda: EXAMPLE}}


@pytest.mark.parametrize(
    ("names", "reported"),
    [
        (["one"], "missing: two"),
        (["one", "two", "three"], "not in the code: three"),
        (["one", "two", "one"], "on more than one page: one"),
    ],
)
def test_every_table_has_one_place(tmp_path: Path, names: list[str], reported: str) -> None:
    with pytest.raises(Incomplete, match=rf"^pages in 'en': {reported}$"):
        require_every_table([a_page(tmp_path, names)], EXAMPLES)


def test_an_unknown_table_is_reported(tmp_path: Path) -> None:
    with pytest.raises(Incomplete, match=r"^README\.md: no such table: three$"):
        a_page(tmp_path, ["one", "three"]).fresh(EXAMPLES)


def test_only_the_text_between_the_marks_is_replaced(tmp_path: Path) -> None:
    page = a_page(tmp_path, ["one"])
    assert page.fresh(EXAMPLES) == page.text.replace("| stale |\n", markdown(EXAMPLE))
    assert markdown(EXAMPLE) == "| a | b |\n|---|---|\n| c | en |\n"


def a_page(folder: Path, names: list[str]) -> Page:
    page = Page(folder / "README.md", "en")
    page.path.write_text("# A\n\n" + "".join(MARKED.format(name, "| stale |\n") for name in names) + "\nThe end.\n")
    return page


def test_lines_are_joined_and_chinese_needs_no_spaces_between_them() -> None:
    assert joined("\n a text\n  of `two` lines\n") == "a text of `two` lines"
    assert joined("两行\n文字，`code`\n和词") == "两行文字，`code` 和词"


def test_links_between_documents_also_work_in_a_readme() -> None:
    assert from_root("[a](accounts.md#b), [c](https://d.example/e.md)") == (
        "[a](docs/accounts.md#b), [c](https://d.example/e.md)"
    )


# Variables


class Recorded(Mapping[str, str]):
    """An environment that records the names it was asked for."""

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


def test_no_undescribed_variable_is_read_anywhere_else() -> None:
    pattern = re.compile(r'environ\w*(?:\.get\(|\[)\s*"(\w+)"')
    texts = [path.read_text(encoding="utf-8") for path in (ROOT / "shared").rglob("*.py")]
    read = {name for text in texts for name in pattern.findall(text) if not PLATFORMS_OWN.match(name)}
    described = {row[0].strip("`") for row in deploying.table()} | variables.names()
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
