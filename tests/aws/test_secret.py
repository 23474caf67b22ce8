"""Accounts from Secrets Manager and SSM: read once, read again when they are old or refused, never shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from shared.accounts.secret import MAX_AGE, MIN_AGE, Secret
from shared.bootstrap import Configuration
from shared.errors import AccountRejected, Misconfigured, NoAccount, StoreUnavailable
from shared.jobs.idempotency import RequestKey
from shared.models import Size
from shared.requests import ImageRequest
from shared.service import Caller, Service
from tests.aws.front import Front
from tests.clock import Clock
from tests.conftest import QUICK_MODELS
from tests.emulators.zimage import ZImage
from tests.functions.helpers import assert_error, order
from tests.hosts.aws.moto import Moto
from tests.rig import Gateway

ME = Caller(("me",))
OLD, NEW = "zi_visitor=old; zi_verified=1", "zi_visitor=new; zi_verified=1"


@pytest.fixture(scope="session")
def manager(moto: Moto) -> Any:
    return moto.client("secretsmanager")


@pytest.fixture(scope="session")
def ssm(moto: Moto) -> Any:
    return moto.client("ssm")


@pytest.fixture
def name(manager: Any) -> str:
    """A secret's name."""
    name = f"easel/{uuid4().hex}"
    manager.create_secret(Name=name, SecretString=accounts(OLD))
    return name


@pytest.fixture
def clock() -> Clock:
    return Clock(1_800_000_000.0)


def accounts(key: str, **more: Any) -> str:
    return json.dumps([{"id": "a", "provider": "zimage", "key": key, **more}])


async def read(name: str) -> str:
    secret = Secret(name)
    await secret.refresh()
    return secret.text


# Where it lies


async def test_a_secret_by_its_name_and_by_its_arn(name: str, manager: Any) -> None:
    assert await read(name) == await read(manager.describe_secret(SecretId=name)["ARN"]) == accounts(OLD)


@pytest.mark.parametrize("slash", ["", "/"])
async def test_a_parameter(ssm: Any, slash: str) -> None:
    parameter = f"{slash}easel{slash}{uuid4().hex}"
    ssm.put_parameter(Name=parameter, Value=accounts(OLD), Type="SecureString")
    assert await read(f"ssm:{parameter}") == accounts(OLD)


@pytest.mark.parametrize("nothing", ["easel/nothing", "ssm:/easel/nothing", "ssm:"])
async def test_nothing_there_is_a_matter_of_settings(nothing: str) -> None:
    with pytest.raises(Misconfigured, match="^ACCOUNTS_SECRET: "):
        await read(nothing)


async def test_so_are_bytes(manager: Any) -> None:
    binary = manager.create_secret(Name=uuid4().hex, SecretBinary=b"bytes")["ARN"]
    with pytest.raises(Misconfigured, match="^ACCOUNTS_SECRET: .*bytes"):
        await read(binary)


async def test_so_is_a_missing_permission_and_nothing_of_awss_sentence_is_passed_on(name: str, front: Front) -> None:
    front.refusal = "AccessDeniedException"
    with pytest.raises(Misconfigured, match="^ACCOUNTS_SECRET: .*AccessDeniedException") as caught:
        await read(name)
    assert "arn:" not in caught.value.message


@pytest.mark.parametrize("trouble", [{"down": True}, {"refusal": "ThrottlingException"}])
async def test_what_may_pass_is_not(name: str, front: Front, trouble: dict[str, Any]) -> None:
    vars(front).update(trouble)
    with pytest.raises(StoreUnavailable, match="^ACCOUNTS_SECRET: "):
        await read(name)


# When it is read


async def test_it_is_read_again_when_it_is_old(name: str, manager: Any, front: Front, clock: Clock) -> None:
    secret = Secret(name, clock)
    for _ in range(3):
        await secret.refresh()
    manager.put_secret_value(SecretId=name, SecretString=accounts(NEW))
    clock.now += MAX_AGE - 1
    await secret.refresh()
    assert (front.calls["GetSecretValue"], secret.text) == (1, accounts(OLD))
    clock.now += 1
    await secret.refresh()
    assert (front.calls["GetSecretValue"], secret.text) == (2, accounts(NEW))


async def test_doubts_have_it_read_sooner_but_not_at_every_request(name: str, front: Front, clock: Clock) -> None:
    secret = Secret(name, clock)
    for second in range(100):
        clock.now = 1_800_000_000.0 + second
        await secret.refresh()
        secret.mark_stale()
    assert front.calls["GetSecretValue"] == 1 + 99 // MIN_AGE


async def test_the_old_text_serves_while_a_new_one_cannot_be_had(
    name: str, front: Front, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    secret = Secret(name, clock)
    await secret.refresh()
    clock.now += MAX_AGE
    front.refusal = "AccessDeniedException"
    for _ in range(3):
        await secret.refresh()
        secret.mark_stale()
    assert secret.text == accounts(OLD)
    assert front.calls["GetSecretValue"] == 2
    assert "AccessDeniedException" in caplog.text
    assert OLD not in caplog.text
    clock.now += MIN_AGE
    front.refusal = ""
    await secret.refresh()
    assert front.calls["GetSecretValue"] == 3


# What it is for


@pytest.fixture
def configured(name: str, zimage: ZImage, clock: Clock) -> Callable[[], Any]:
    configuration = Configuration(clock=clock)
    environment = {"API_KEYS": "a key", "SIGNING_KEYS": "s", "ACCOUNTS_SECRET": name, "ZIMAGE_BASE_URL": zimage.url}

    async def service() -> Service:
        return (await configuration.of(environment)).service

    return service


async def submit(service: Service, repeat: RequestKey) -> str:
    offer = await service.catalog.resolve("zimage-turbo", "image")
    request = ImageRequest(offer.model, "a lighthouse", Size(1024, 1024))
    async with service.submit(offer, request, ME, repeat) as begun:
        return begun.job.id


async def test_a_rolled_key_takes_effect_once_the_old_one_is_refused(
    configured: Callable[[], Any], name: str, zimage: ZImage, manager: Any, front: Front, clock: Clock
) -> None:
    zimage.auth, zimage.cookie = "cookie", OLD
    bought = await submit(await configured(), RequestKey("one", key="order-1"))
    zimage.cookie = NEW
    manager.put_secret_value(SecretId=name, SecretString=accounts(NEW))
    clock.now += MIN_AGE - 1
    with pytest.raises(AccountRejected):
        await submit(await configured(), RequestKey("two"))
    with pytest.raises(NoAccount):
        await submit(await configured(), RequestKey("two"))
    assert front.calls["GetSecretValue"] == 1
    clock.now += 1
    await submit(await configured(), RequestKey("two"))
    assert await submit(await configured(), RequestKey("one", key="order-1")) == bought, "and nothing was forgotten"
    assert front.calls["GetSecretValue"] == 2


async def test_a_bad_text_is_told_without_its_words_and_may_be_put_right(
    configured: Callable[[], Any], name: str, manager: Any, clock: Clock
) -> None:
    for text in (OLD, accounts(OLD, max_concurrent=OLD), accounts(OLD, base_url=OLD)):
        manager.put_secret_value(SecretId=name, SecretString=text)
        for _ in range(2):
            with pytest.raises(Misconfigured, match="^ACCOUNTS_SECRET: ") as caught:
                await configured()
        assert "zi_visitor" not in caught.value.message
        clock.now += MIN_AGE
    manager.put_secret_value(SecretId=name, SecretString=accounts(OLD))
    assert (await configured()).accounts.of("zimage")[0].key == OLD


async def test_both_lists_count(name: str) -> None:
    environment = {"API_KEYS": "a key", "SIGNING_KEYS": "s", "ACCOUNTS_SECRET": name}
    both = environment | {"ACCOUNTS": '[{"id": "b", "provider": "zimage"}]'}
    pool = (await Configuration().of(both)).service.accounts
    assert [account.id for account in pool.of("zimage")] == ["b", "a"]
    with pytest.raises(Misconfigured, match="ACCOUNTS_SECRET"):
        await Configuration().of(environment | {"ACCOUNTS": accounts(NEW)})


def test_a_gateway_reads_it_once_and_says_what_is_wrong_with_it(
    serve: Callable[..., Gateway], name: str, zimage: ZImage, front: Front
) -> None:
    gateway = serve(ACCOUNTS_SECRET=name, ZIMAGE_BASE_URL=zimage.url, ZIMAGE_MODELS=QUICK_MODELS)
    with gateway.client() as client:
        assert [order(client, model="zimage-turbo").status_code for _ in range(3)] == [200] * 3
        assert front.calls["GetSecretValue"] == 1
        gateway.environment["ACCOUNTS_SECRET"] = "easel/nothing"
        assert_error(order(client), 500, "misconfigured")
        front.down = True
        assert_error(order(client), 503, "store_unavailable")
