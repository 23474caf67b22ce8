"""Easel in its two deployments, for all suites: one that streams, and one that is buffered and has a prefix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import httpx
import openai
import pytest

from tests.hosts.aws import osls
from tests.hosts.aws.deployment import Deployment
from tests.hosts.aws.environments import Environments
from tests.hosts.aws.gateway import Gateway
from tests.hosts.aws.moto import Moto
from tests.hosts.aws.runtime import runtime_folder
from tests.hosts.runtime import KEYS, SECRETS
from tests.rig import API_KEY
from tools.lambda_package import interpreter


class Deployed(NamedTuple):
    """A deployment that is served. `url` is the API's address, prefix included."""

    url: str
    gateway: Gateway
    deployment: Deployment

    @property
    def environments(self) -> Environments:
        return self.gateway.environments

    def client(self) -> httpx.Client:
        headers = {"authorization": f"Bearer {API_KEY}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, verify=False)

    def openai(self) -> openai.OpenAI:
        """The real SDK, with its retries on."""
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=API_KEY, timeout=60)


Deploy = Callable[..., Deployed]


@pytest.fixture(scope="session")
def packaged() -> str:
    """The zips for this machine are built; the Python that they are for."""
    if lacking := osls.missing_python():
        pytest.skip(lacking)
    osls.make_packages()
    return osls.packaged_python()


@pytest.fixture(scope="session")
def moto(packaged: str) -> Iterator[Moto]:
    if lacking := osls.missing():
        pytest.skip(lacking)
    server = Moto()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def deploy_to_aws(
    moto: Moto, packaged: str, upstream: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deploy]:
    """Deploys a stage in front of the emulators, and serves it."""
    gateways: list[Gateway] = []

    def new(stage: str, prefix: str = "", **settings: str) -> Deployed:
        osls.deploy(moto, stage, KEYS | upstream | {"API_PREFIX": prefix} | settings)
        deployment = Deployment(moto, stage, tmp_path_factory.mktemp(stage))
        python = interpreter(packaged)
        assert python
        environments = Environments(python, runtime_folder(packaged), moto.environment())
        gateways.append(Gateway(deployment, environments))
        return Deployed(gateways[-1].url + prefix, gateways[-1], deployment)

    yield new
    for gateway in gateways:
        gateway.close()
        log = gateway.environments.end()
        assert not [secret for secret in SECRETS if secret in log], log


@pytest.fixture(scope="session")
def streaming(deploy_to_aws: Deploy) -> Deployed:
    return deploy_to_aws("streaming")


@pytest.fixture(scope="session")
def buffered(deploy_to_aws: Deploy) -> Deployed:
    return deploy_to_aws("buffered", "/hf", LAMBDA_TRANSFER_MODE="BUFFERED")
