"""An AWS account for each test: moto's, with a front before it, in the environment that boto3 reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.aws.front import Front
from tests.hosts.aws.moto import Moto


@pytest.fixture(scope="session")
def moto() -> Iterator[Moto]:
    server = Moto()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def running_front(moto: Moto) -> Iterator[Front]:
    front = Front(moto.url)
    yield front
    front.stop()


@pytest.fixture
def front(running_front: Front) -> Front:
    running_front.reset()
    return running_front


@pytest.fixture(autouse=True)
def _environment(moto: Moto, front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name, text in {**moto.environment(), "AWS_ENDPOINT_URL": front.url}.items():
        monkeypatch.setenv(name, text)


@pytest.fixture(scope="session")
def dynamodb(moto: Moto) -> Any:
    return moto.client("dynamodb")


@pytest.fixture
def table(dynamodb: Any) -> str:
    """A new table, made as serverless.yml makes it."""
    name = f"state-{uuid4().hex}"
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    return name
