"""What the suites of the hosts share: upstreams, functions in processes of their own, and each host's rig, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.emulators.ark import Ark
from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.zimage import ZImage
from tests.hosts.aws.rig import buffered, deploy_to_aws, moto, packaged, streaming
from tests.hosts.runtime import KEYS, Runtime
from tests.hosts.vercel.rig import deploy_to_vercel, output, project, standing
from tests.hosts.workers.rig import staged, start_worker, worker
from tests.local_server import LocalServer

__all__ = ["buffered", "deploy_to_aws", "moto", "packaged", "streaming"]
__all__ += ["deploy_to_vercel", "output", "project", "standing"]
__all__ += ["staged", "start_worker", "worker"]

DONE_AT_ONCE = '{"zimage-turbo": {"typical_seconds": 0}}'


@pytest.fixture
def zimage(zimage: ZImage) -> ZImage:
    """The Z-Image emulator, whose jobs take no time unless the test says otherwise."""
    zimage.steps = 0
    return zimage


@pytest.fixture(scope="session")
def running_service() -> Iterator[OpenAICompatible]:
    with OpenAICompatible() as emulator:
        yield emulator


@pytest.fixture
def service(running_service: OpenAICompatible) -> OpenAICompatible:
    """The emulator of a service that speaks OpenAI's API, as new."""
    running_service.reset()
    return running_service


@pytest.fixture(scope="session")
def running_ark() -> Iterator[Ark]:
    with Ark(steps=0) as emulator:
        yield emulator


@pytest.fixture
def ark(running_ark: Ark) -> Ark:
    """The emulator of Volcengine Ark, as new and done at once."""
    running_ark.reset()
    running_ark.steps = 0
    return running_ark


@pytest.fixture(scope="session")
def upstream(running_zimage: ZImage, running_service: OpenAICompatible, running_ark: Ark) -> dict[str, str]:
    """The settings of a function in front of the emulators."""
    zimage = {"PROVIDERS": "zimage", "ZIMAGE_BASE_URL": running_zimage.url, "ZIMAGE_MODELS": DONE_AT_ONCE}
    return {**zimage, **running_service.environment(), **running_ark.environment()}


@pytest.fixture(scope="session")
def laptop(upstream: dict[str, str]) -> Iterator[LocalServer]:
    """What `make serve` starts."""
    server = LocalServer(KEYS | upstream)
    yield server
    server.stop()


@pytest.fixture
def start(upstream: dict[str, str]) -> Iterator[Callable[..., Runtime]]:
    """Starts runtimes, and ends them after the test."""
    runtimes: list[Runtime] = []

    def start(handler: str, **environment: str) -> Runtime:
        runtimes.append(Runtime(handler, **upstream, **environment))
        return runtimes[-1]

    yield start
    for runtime in runtimes:
        runtime.close()


@pytest.fixture(scope="session")
def images(upstream: dict[str, str]) -> Iterator[Runtime]:
    """POST /v1/images/generations, for all tests that leave the process in good health."""
    with Runtime("functions/images_generations.handler", **upstream) as runtime:
        yield runtime


@pytest.fixture(scope="session")
def files(upstream: dict[str, str]) -> Iterator[Runtime]:
    """The bytes of pictures, likewise."""
    with Runtime("functions/files.handler", **upstream) as runtime:
        yield runtime


@pytest.fixture(scope="session")
def awkward() -> Iterator[Runtime]:
    """The application that does everything wrong."""
    with Runtime("tests/hosts/awkward.handler") as runtime:
        yield runtime
