"""The local server as others reach it, in a container or behind a proxy: keys, its end, its log."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from signal import SIGTERM

import httpx
import pytest

from tests.emulators.files import Gate
from tests.emulators.zimage import Fate, ZImage
from tests.functions.helpers import GENERATIONS, eventually, finished_job
from tests.local_server import COMMAND, ROOT, LocalServer
from tests.rig import API_KEY, OTHER_KEY


def client_of(server: LocalServer) -> httpx.Client:
    headers = {"authorization": f"Bearer {API_KEY}"}
    return httpx.Client(base_url=server.url, headers=headers, timeout=30, verify=False)


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"HOST": "0.0.0.0"}, "API_KEYS: no key is configured"),
        ({"SERVER_ADDRESS": "0.0.0.0:8000"}, "API_KEYS: no key is configured"),
        ({"HOST": "::"}, "API_KEYS: no key is configured"),
        ({"HOST": "0.0.0.0", "API_KEYS": "short"}, "SIGNING_KEYS: not set"),
        ({"HOST": "0.0.0.0", "API_KEYS": " , "}, "API_KEYS: no key is configured"),
    ],
)
def test_it_does_not_start_for_others_without_keys(settings: dict[str, str], reason: str) -> None:
    done = subprocess.run(COMMAND, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"easel: {reason}")
    assert len(done.stderr.splitlines()) == 1


def test_it_ends_when_it_is_told_to_and_not_in_mid_answer(zimage: ZImage) -> None:
    zimage.steps = 0
    server = LocalServer({"HOST": "0.0.0.0", "API_KEYS": API_KEY, **zimage.environment()})
    with client_of(server) as client, ThreadPoolExecutor(1) as pool:
        url = finished_job(client)["data"][0]["url"]
        zimage.payload, zimage.gate = 1 << 20, Gate()
        answer = pool.submit(client.get, url)
        eventually(lambda: bool(zimage.open_streams), seconds=10)
        server.interrupt()
        zimage.gate.open()
        assert len(answer.result(10).content) == 1 << 20
    assert server.exit_status() == -SIGTERM
    server.stop()


def test_its_log_tells_nothing_of_requests(zimage: ZImage) -> None:
    zimage.steps = 0
    server = LocalServer({"HOST": "0.0.0.0", "API_KEYS": API_KEY, **zimage.environment()})
    with client_of(server) as client:
        before = server.log
        link = finished_job(client, prompt="a private picture")["data"][0]["url"]
        assert client.get(f"{link}?signature=query-text").status_code == 200
        assert client.get("/v1/jobs/unknown-id?a=query-text").status_code == 404
        assert client.get("/v1/models", headers={"authorization": f"Bearer {OTHER_KEY}"}).status_code == 401
        zimage.next_fate(Fate.FAILS)
        assert client.post(GENERATIONS, json={"prompt": "a private failure"}).status_code == 424
    assert server.stop() == before
    assert API_KEY not in before
