"""Ids that clients hold: today's code reads each as it was issued, and asks the same upstream job for it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from shared.errors import NotFound
from shared.providers import PROVIDERS
from shared.providers.ark.links import unpacked
from shared.service import Caller, Service
from shared.settings import configure
from shared.tickets import Tickets
from shared.values import Asset, Job
from tests.emulators.base import Emulator
from tests.emulators.piclumen import ALICE
from tests.issued.gateways import ACCOUNTS, API_KEYS, GATEWAYS, NEWER_KEY, OLDER_KEY, new_upstreams, settings
from tests.issued.proxy import Proxy
from tests.issued.reading import Issued, asked, carries, forget, read
from tests.rig import Gateway

FILE = Path(__file__).with_name("issued_ids.json")
ISSUED = [Issued(**entry) for entry in json.loads(FILE.read_text(encoding="utf-8"))["ids"]]
JOBS = [issued for issued in ISSUED if issued.number is None]
SIGNED_BY_A_SETTING = [issued for issued in ISSUED if "SIGNING_KEYS" in GATEWAYS[issued.gateway]]
ELSEWHERE = [issued for issued in ISSUED if issued.asked and issued.asked[0].startswith("CONNECT ")]
DIRECT = [issued for issued in ISSUED if issued.reading and issued not in ELSEWHERE]
HOURS = 24
A_LONG_TIME = {"JOB_TTL_HOURS": "1000000", "ARTIFACTS": "s3://issued-ids/results"}
"""Ids expire by the clock; these must be readable for longer than this code lives."""


def name_of(issued: Issued) -> str:
    return f"{issued.what}, {issued.id[:8]}"


every_id = pytest.mark.parametrize("issued", ISSUED, ids=name_of)


@pytest.fixture(scope="module")
def upstreams() -> Iterator[Mapping[str, Emulator]]:
    """Emulators that know none of the jobs."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(upstream) for name, upstream in new_upstreams().items()}


@pytest.fixture(scope="module")
def services(upstreams: Mapping[str, Emulator]) -> Mapping[str, Service]:
    return {
        name: configure(settings(name, upstreams, **A_LONG_TIME), open_mode=name == "open mode").service
        for name in GATEWAYS
    }


@pytest.fixture(scope="module")
def gateways(upstreams: Mapping[str, Emulator]) -> Iterator[Mapping[str, Gateway]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(Gateway(open_mode=True, **settings(name, upstreams, **A_LONG_TIME)))
            for name in GATEWAYS
        }


def read_by(tickets: Tickets, issued: Issued) -> Job | Asset:
    return tickets.job(issued.id) if issued.number is None else tickets.asset(issued.id)


@every_id
def test_an_id_decodes_to_the_job_it_was_issued_for(services: Mapping[str, Service], issued: Issued) -> None:
    said = read_by(services[issued.gateway].tickets, issued)
    job = said.job if isinstance(said, Asset) else said
    expected = {**issued.job, "refs": tuple(issued.job["refs"])}
    assert {name: getattr(job, name) for name in expected} == expected
    if isinstance(said, Asset):
        assert (said.number, said.output) == (issued.number, issued.output)


@pytest.mark.parametrize("issued", [issued for issued in JOBS if issued.job["owner"]], ids=name_of)
def test_a_job_with_an_owner_is_for_that_caller(services: Mapping[str, Service], issued: Issued) -> None:
    service = services[issued.gateway]
    owner = service.tickets.owners(f"piclumen:{ALICE}" if ALICE in issued.reading else issued.key)
    assert service.job(issued.id, Caller(owner))
    for caller in (Caller(service.tickets.owners("another key")), None):
        with pytest.raises(NotFound):
            service.job(issued.id, caller)


@pytest.mark.parametrize("issued", [issued for issued in JOBS if not issued.job["owner"]], ids=name_of)
def test_a_job_without_an_owner_needs_its_id_alone(services: Mapping[str, Service], issued: Issued) -> None:
    assert services[issued.gateway].job(issued.id, None)


@every_id
def test_a_job_is_on_the_account_that_started_it(services: Mapping[str, Service], issued: Issued) -> None:
    provider, mark = issued.job["provider"], issued.job["account"]
    if provider == "artifacts":
        assert mark == ""
    else:
        assert services[issued.gateway].pool.find(provider, mark).id == issued.account


@pytest.mark.parametrize("issued", SIGNED_BY_A_SETTING, ids=name_of)
def test_an_id_expires_when_its_time_to_live_is_over(issued: Issued) -> None:
    end = issued.job["created"] + HOURS * 3600
    assert read_by(Tickets([NEWER_KEY, OLDER_KEY], HOURS * 3600, lambda: end - 1), issued)
    with pytest.raises(NotFound):
        read_by(Tickets([NEWER_KEY, OLDER_KEY], HOURS * 3600, lambda: end), issued)


@pytest.mark.parametrize("issued", DIRECT, ids=name_of)
def test_a_client_that_returns_gets_the_same_upstream_job(
    gateways: Mapping[str, Gateway], upstreams: Mapping[str, Emulator], issued: Issued
) -> None:
    forget(upstreams)
    answer = read(gateways[issued.gateway], issued.reading, issued.key)
    assert set(issued.asked) <= set(asked(upstreams))
    assert not issued.credential or carries(upstreams, issued.credential)
    assert issued.asked or answer.status_code == 200


@pytest.mark.parametrize("issued", ELSEWHERE, ids=name_of)
def test_a_file_is_fetched_from_the_same_host(upstreams: Mapping[str, Emulator], issued: Issued) -> None:
    with Proxy() as proxy:
        environment = settings(issued.gateway, upstreams, PROXY=proxy.url, **A_LONG_TIME)
        with Gateway(open_mode=True, **environment) as gateway:
            assert read(gateway, issued.reading, issued.key).status_code == 502
    assert set(proxy.asked) == set(issued.asked)


@pytest.mark.parametrize("issued", [issued for issued in ISSUED if issued.link], ids=name_of)
def test_a_packed_link_is_unpacked_as_it_was(issued: Issued) -> None:
    assert unpacked(issued.output or "") == issued.link


def test_there_are_ids_of_every_provider_account_and_kind() -> None:
    assert {issued.job["provider"] for issued in ISSUED} == {each.name for each in PROVIDERS} | {"sketch", "artifacts"}
    assert {issued.job["kind"] for issued in ISSUED} == {"image", "video"}
    assert {issued.gateway for issued in ISSUED} == set(GATEWAYS)
    assert {issued.key for issued in ISSUED} == {*API_KEYS, ""}
    accounts = {(issued.job["provider"], issued.account) for issued in ISSUED}
    assert accounts >= {(account["provider"], account["id"]) for account in ACCOUNTS}
