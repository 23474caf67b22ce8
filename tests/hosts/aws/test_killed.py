"""Environments that end when they like: jobs outlive them, and nothing is bought twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from random import Random
from threading import Event, Thread

import httpx
import openai
import pytest

from tests.emulators.zimage import Fate, ZImage
from tests.functions.helpers import eventually
from tests.hosts.aws.rig import Deployed

pytestmark = pytest.mark.hosts

# On a busy machine environments can take longer to start than the pause between two kills: without a bound, no poll
# would ever finish.
_MOST_KILLED = 40


def start(sdk: openai.OpenAI, prompt: str) -> str:
    """The id of a new job."""
    answer = sdk.images.with_raw_response.generate(
        prompt=prompt, size="256x256", extra_headers={"prefer": "respond-async"}
    )
    return str(answer.http_response.json()["id"])


def file_of(client: httpx.Client, job: str) -> bytes:
    """The job's picture, however often an environment dies under the question."""

    links: list[str] = []

    def finished() -> bool:
        answer = client.get(f"/v1/jobs/{job}")
        if answer.status_code == 424:
            assert answer.json()["error"]["code"] == "function_failed"
            return False
        links.extend(item["url"] for item in answer.json()["data"])
        return bool(links)

    eventually(finished, seconds=60)
    return client.get(links[0]).content


def assert_bought_once(zimage: ZImage, prompts: list[str]) -> None:
    assert Counter(job.order.prompt for job in zimage.submits) == Counter(prompts)


def test_200_jobs_one_after_the_other(
    deployed: Deployed, sdk: openai.OpenAI, client: httpx.Client, zimage: ZImage
) -> None:
    random = Random(200)
    zimage.steps = 1
    prompts = [f"picture {number}" for number in range(200)]
    before = deployed.environments.started
    for prompt in prompts:
        job = start(sdk, prompt)
        if random.random() < 0.1:
            deployed.environments.kill_idle(random)
        assert file_of(client, job).startswith(b"\x89PNG")
        if random.random() < 0.1:
            deployed.environments.kill_idle(random)
    assert deployed.environments.started - before > 20
    assert_bought_once(zimage, prompts)


def test_20_jobs_at_once(deployed: Deployed, sdk: openai.OpenAI, client: httpx.Client, zimage: ZImage) -> None:
    zimage.steps = 10
    prompts = [f"picture {number}" for number in range(20)]
    with ThreadPoolExecutor(20) as pool:
        jobs = list(pool.map(lambda prompt: start(sdk, prompt), prompts))
        with killing(deployed) as killed:
            pictures = list(pool.map(lambda job: file_of(client, job), jobs))
    assert len(killed) > 10
    assert len(set(pictures)) == 20
    assert_bought_once(zimage, prompts)


@contextmanager
def killing(deployed: Deployed) -> Iterator[list[str]]:
    """While the block runs, kill environments at random, also while they serve a poll, `_MOST_KILLED` in all."""
    over, random = Event(), Random(20)
    killed: list[str] = []

    def kill() -> None:
        while len(killed) < _MOST_KILLED and not over.wait(0.25):
            killed.extend(deployed.environments.kill_idle(random) + deployed.environments.kill_busy("jobs", 1))

    thread = Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        over.set()
        thread.join()


def test_one_that_dies_while_a_caller_waits(deployed: Deployed, sdk: openai.OpenAI, zimage: ZImage) -> None:
    """The upstream has the order by then: the answer is one that the SDK does not answer with another order."""
    zimage.next_fate(Fate.NEVER_ENDS)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(sdk.images.generate, prompt="a cat")
        eventually(lambda: bool(zimage.submits), seconds=10)
        deployed.environments.kill_busy("images_generations")
        with pytest.raises(openai.APIStatusError) as raised:
            waiting.result(30)
    assert (raised.value.status_code, raised.value.code) == (424, "function_failed")
    assert len(zimage.submits) == 1


def test_a_job_goes_on_when_all_of_them_have_ended(
    deployed: Deployed, sdk: openai.OpenAI, client: httpx.Client, zimage: ZImage
) -> None:
    zimage.steps = 2
    job = start(sdk, "a cat")
    deployed.environments.close()
    assert file_of(client, job).startswith(b"\x89PNG")
