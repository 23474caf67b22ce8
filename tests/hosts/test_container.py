"""Easel in a container: what the Dockerfile says, and what comes of it when it is followed here."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
import yaml

from tests.hosts.container import DOCKERFILE, ROOT, Container, instructions
from tests.local_server import LocalServer
from tests.rig import API_KEY


def texts(word: str) -> list[str]:
    return [instruction.text for instruction in instructions() if instruction.word == word]


def test_what_is_copied_is_there() -> None:
    copied = {source for text in texts("COPY") for source in text.split()[:-1]}
    assert copied == {"requirements.txt", "tests/requirements.txt", "functions", "shared"}
    assert all((ROOT / source).exists() for source in copied)


def test_the_packages_are_those_of_make_serve() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    served = re.search(r"setup_venv\.py (-r requirements\.txt -c .*)", makefile)
    assert served
    assert texts("RUN")[0].endswith(served[1])


def test_nobody_runs_it_and_everybody_reaches_it() -> None:
    """By a number, which Kubernetes wants in order to see that it is not root."""
    [user] = texts("USER")
    assert int(user.partition(":")[0]) > 0
    assert "HOST=0.0.0.0" in texts("ENV")[0].split()


def test_the_documented_recipes_name_it() -> None:
    page = (ROOT / "docs" / "deploy" / "container.md").read_text(encoding="utf-8")
    [compose, render] = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    named = [compose["services"]["easel"]["build"]["dockerfile"], render["services"][0]["dockerfilePath"]]
    assert [(ROOT / name).resolve() for name in named] == [DOCKERFILE, DOCKERFILE]
    assert f"docker build -f {DOCKERFILE.relative_to(ROOT)} " in page


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Container:
    return Container(tmp_path_factory.mktemp("container"))


@pytest.fixture(scope="module")
def server(container: Container) -> Iterator[LocalServer]:
    settings = {**container.environment, "API_KEYS": API_KEY}
    server = LocalServer(settings, container.found(container.command), container.work)
    yield server
    server.stop()


@pytest.mark.hosts
@pytest.mark.skipif(sys.platform != "linux", reason="an image is a Linux")
class TestContainer:
    def test_it_serves(self, server: LocalServer) -> None:
        with openai.OpenAI(base_url=f"{server.url}/v1", api_key=API_KEY) as sdk:
            answer = sdk.images.generate(model="sketch", prompt="a lighthouse", size="256x256", response_format="url")
        assert answer.data
        assert str(answer.data[0].url).startswith(f"{server.url}/images/")

    def test_it_is_healthy(self, container: Container, server: LocalServer) -> None:
        port = server.url.rpartition(":")[2]
        assert container.run(container.healthcheck, PORT=port).returncode == 0

    def test_it_is_not_when_it_does_not_answer(self, container: Container) -> None:
        assert container.run(container.healthcheck, PORT="1").returncode == 1

    def test_it_does_not_start_without_keys(self, container: Container) -> None:
        done = container.run(container.command)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("easel: API_KEYS: no key is configured")

    def test_it_holds_what_serving_needs_and_no_more(self, container: Container) -> None:
        assert {path.name for path in container.work.iterdir()} == {"functions", "shared", "requirements.txt", "tests"}
        assert [path.name for path in Path(container.work, "tests").iterdir()] == ["requirements.txt"]
        listed = container.run(["pip", "list", "--format", "freeze"]).stdout
        assert "uvicorn==" in listed
        assert not re.search("^(pytest|openai|moto|boto3)==", listed, re.MULTILINE)
