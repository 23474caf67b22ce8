"""The ticket is the job: another instance, on another port, goes on where the first one was stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.emulators.zimage import ZImage
from tests.functions.conftest import DONE_AT_ONCE
from tests.functions.helpers import assert_error, eventually, file_url, leaving_client, look, order, start_job
from tests.rig import API_KEY, OTHER_KEY, Gateway

Start = Callable[..., Gateway]


@pytest.fixture
def start(zimage: ZImage) -> Iterator[Start]:
    """Starts a gateway in front of the same upstream, after stopping the one before."""
    running: list[Gateway] = []

    def start(**environment: str) -> Gateway:
        stop_all()
        gateway = Gateway(ZIMAGE_BASE_URL=zimage.url, ZIMAGE_MODELS=DONE_AT_ONCE)
        gateway.environment |= {"PROVIDERS": "zimage"} | environment
        running.append(gateway)
        return running[-1]

    def stop_all() -> None:
        while running:
            running.pop().close()

    yield start
    stop_all()


def test_a_job_goes_on_after_a_restart(start: Start, zimage: ZImage) -> None:
    zimage.steps = 2
    first = start()
    with first.client() as client:
        job = start_job(client, n=6)
        assert look(client, job["id"])["status"] == "queued"
    second = start()
    assert second.url != first.url
    with second.client() as client:
        eventually(lambda: look(client, job["id"])["status"] == "completed", seconds=5)
        done = look(client, job["id"])
        assert len(done["data"]) == 6
        assert done["data"][0]["url"].startswith(second.url)
        assert client.get(done["data"][5]["url"]).status_code == 200
    assert len(zimage.submits) == 2


def test_a_job_whose_first_instance_was_killed_while_it_waited(start: Start, zimage: ZImage) -> None:
    zimage.seconds = 0.5
    first = start()
    with first.client() as client, leaving_client(first) as connection:
        eventually(lambda: len(zimage.submits) == 1)
        assert start_job(client)["id"]
        second = start()
        assert connection.recv(1) == b"", "the first instance is gone"
    with second.client() as client:
        assert order(client).status_code == 200
    assert len(zimage.submits) == 3, "no instance shares its memory: only an id goes on with a job"


def test_files_keep_their_addresses(start: Start) -> None:
    first = start()
    with first.client() as client:
        url = file_url(client)
        content = client.get(url).content
    second = start()
    with second.client() as client:
        assert client.get(url.replace(first.url, second.url)).content == content


def test_ids_outlive_a_rotation_of_the_signing_keys(start: Start) -> None:
    with start(SIGNING_KEYS="old").client() as client:
        old = start_job(client)
        path = file_url(client).split("/images/")[1]
    gateway = start(SIGNING_KEYS="new,old")
    with gateway.client() as client:
        new = start_job(client)
        assert look(client, old["id"])["id"]
        assert client.get(f"/images/{path}").status_code == 200
    with start(SIGNING_KEYS="new").client() as client:
        assert look(client, new["id"])["id"] == new["id"]
        assert_error(client.get(f"/v1/jobs/{old['id']}"), 404, "not_found", "id")
        assert_error(client.get(f"/images/{path}"), 404, "not_found", "id")


def test_after_a_rotation_a_job_still_has_one_owner(start: Start) -> None:
    with start(SIGNING_KEYS="old").client() as client:
        job_id = start_job(client)["id"]
    gateway = start(SIGNING_KEYS="new,old")
    with gateway.client(API_KEY) as owner, gateway.client(OTHER_KEY) as other:
        assert owner.get(f"/v1/jobs/{job_id}").status_code == 200
        assert_error(other.get(f"/v1/jobs/{job_id}"), 404, "not_found", "id")


def test_a_job_of_an_account_that_is_gone(start: Start) -> None:
    with start().client() as client:
        job_id = start_job(client)["id"]
    with start(PROVIDERS="").client() as client:
        assert_error(client.get(f"/v1/jobs/{job_id}"), 404, "not_found")


def test_a_job_of_sketch_goes_on_by_the_clock(start: Start) -> None:
    with start().client() as client:
        job_id = start_job(client, model="sketch", size="64x64", delay=0.3)["id"]
    with start().client() as client:
        eventually(lambda: look(client, job_id)["status"] == "completed")
