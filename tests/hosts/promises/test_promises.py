"""What Easel promises on every host, to the real SDK and to plain HTTP. Every prompt speaks of a beacon."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from tests.emulators.ark import CLIP, Ark
from tests.emulators.faults import Cut, Drop
from tests.emulators.files import CHUNK, Gate
from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.png import BigFile, png
from tests.emulators.zimage import Fate, ZImage
from tests.functions.helpers import (
    GENERATIONS,
    OUTPUT,
    SUBMIT,
    assert_error,
    assert_falls_silent,
    asset_id,
    decoded,
    eventually,
    file_url,
    finished_job,
    leaving_client,
    looks,
    order,
    png_size,
)
from tests.functions.test_images_edits import FIRST, SECOND, data_url
from tests.hosts.promises.host import Host
from tests.hosts.runtime import SECRETS
from tests.rig import OTHER_KEY

pytestmark = pytest.mark.hosts

CHAT = "/v1/chat/completions"
EDITOR = "gpt-image-emulated"
MASK = png(64, 48, clear=True)
LARGEST_ORDER = 4 << 20
"""Bytes that the body of a picture's order may have."""


def fetched(url: str | None) -> bytes:
    """A file, by its link and without a key."""
    assert url
    answer = httpx.get(url, trust_env=False, timeout=30, verify=False)
    assert answer.status_code == 200, answer.text
    return answer.content


def padded(size: int, **body: Any) -> bytes:
    """A body of so many bytes, by a field that nobody reads."""
    content = json.dumps({**body, "user": ""}, separators=(",", ":")).encode()
    return content.replace(b'"user":""', b'"user":"%s"' % (b"x" * (size - len(content))))


def conversation(size: int) -> bytes:
    """The body of a conversation, of so many bytes."""
    return padded(size, model="parrot", messages=[{"role": "user", "content": "a beacon"}])


@pytest.mark.promise("routes")
class TestRoutes:
    def test_the_front_page_and_health(self, host: Host, client: httpx.Client) -> None:
        assert client.get("/").json()["base_url"] == f"{host.url}/v1"
        assert client.get("/ping").text == "pong"
        assert client.get("/v1/health").json()["status"] == "healthy"
        assert client.get("/api/health").json()["status"] == "healthy"

    def test_with_the_version_and_without(self, client: httpx.Client) -> None:
        with_it, without = (client.get(path).json()["data"] for path in ("/v1/models", "/models"))
        assert [model["id"] for model in with_it] == [model["id"] for model in without]

    def test_where_a_job_and_its_files_are(self, host: Host, client: httpx.Client) -> None:
        answer = order(client, {"prefer": "respond-async"}, prompt="a beacon by day")
        assert answer.status_code == 202
        job = client.get(httpx.URL(host.url).copy_with(path="/").join(answer.headers["location"])).json()
        assert (job["object"], job["id"]) == ("job", answer.json()["id"])
        assert client.get(f"/v1/tasks/{job['id']}").json()["data"]["task"]["uuid"] == job["id"]
        assert finished_job(client, prompt="a beacon by night")["data"][0]["url"].startswith(f"{host.url}/images/")

    def test_preflights(self, client: httpx.Client) -> None:
        asked = {"origin": "https://app.example", "access-control-request-method": "POST"}
        answer = client.options(GENERATIONS, headers=asked)
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")


@pytest.mark.promise("errors")
def test_errors(client: httpx.Client, zimage: ZImage) -> None:
    assert_error(client.get("/v1/nothing"), 404, "unknown_url")
    assert_error(client.get("/v1/jobs/i~nothing"), 404, "not_found", "id")
    assert_error(client.delete("/v1/models"), 405, "method_not_allowed")
    assert_error(client.get("/v1/models", headers={"authorization": "Bearer nobody"}), 401, "invalid_api_key")
    assert_error(client.post(GENERATIONS, content=b'{"prompt": "a beacon'), 400, "invalid_json")
    assert client.post(GENERATIONS, content=padded(LARGEST_ORDER, prompt="", n=1)).status_code == 400
    too_large = client.post(GENERATIONS, content=padded(LARGEST_ORDER + 1, prompt="a beacon"))
    assert_error(too_large, 413, "request_too_large")
    assert not zimage.submits


@pytest.mark.promise("openai")
class TestOpenAI:
    @pytest.mark.parametrize("model", ["zimage-turbo", "sketch"])
    def test_pictures(self, sdk: openai.OpenAI, model: str) -> None:
        answer = sdk.images.generate(model=model, prompt="a beacon", size="512x512", n=2)
        assert answer.data
        pictures = [decoded(item.b64_json) for item in answer.data]
        assert [png_size(picture) for picture in pictures] == [(512, 512)] * 2
        assert [fetched(item.url) for item in answer.data] == pictures

    def test_events(self, sdk: openai.OpenAI) -> None:
        events = list(sdk.images.generate(prompt="a beacon as an event", stream=True))
        assert [event.type for event in events] == ["image_generation.completed"]
        assert png_size(decoded(events[0].b64_json)) == (1024, 1024)

    def test_a_job_that_nobody_waits_for(self, client: httpx.Client, zimage: ZImage) -> None:
        zimage.steps = 3
        job = finished_job(client, prompt="a beacon in a while")
        assert job["status"] == "completed"
        assert png_size(fetched(job["data"][0]["url"])) == (1024, 1024)

    def test_models(self, sdk: openai.OpenAI) -> None:
        assert {"zimage-turbo", "parrot", "sketch", "dall-e-3"} <= {model.id for model in sdk.models.list()}
        assert sdk.models.retrieve("zimage-turbo").owned_by == "zimage"


@pytest.mark.promise("refusal")
class TestRefusal:
    def test_a_prompt_that_is_refused(self, sdk: openai.OpenAI, service: OpenAICompatible) -> None:
        with pytest.raises(openai.BadRequestError) as raised:
            sdk.images.generate(model="flux-emulated", prompt="a forbidden beacon")
        assert raised.value.code == "moderation_blocked"
        assert [call.path for call in service.calls].count("/v1/images/generations") == 1

    def test_a_job_that_fails(self, sdk: openai.OpenAI, zimage: ZImage) -> None:
        zimage.next_fate(Fate.FAILS)
        with pytest.raises(openai.APIStatusError) as raised:
            sdk.images.generate(prompt="a beacon that fails")
        assert (raised.value.status_code, raised.value.code) == (424, "generation_failed")
        assert len(zimage.submits) == 1


@pytest.mark.promise("chat")
@pytest.mark.parametrize("stream", [False, True])
def test_conversations(sdk: openai.OpenAI, service: OpenAICompatible, stream: bool) -> None:
    service.words = ["a ", "beacon ", "of wörds"]
    said = openai.types.chat.ChatCompletionUserMessageParam(role="user", content="a beacon?")
    if stream:
        chunks = list(sdk.chat.completions.create(model="parrot", messages=[said], stream=True))
        assert [chunk.choices[0].delta.content for chunk in chunks][1:4] == list(service.words)
        assert chunks[-1].choices[0].finish_reason == "stop"
    else:
        answer = sdk.chat.completions.create(model="parrot", messages=[said])
        assert answer.choices[0].message.content == "a beacon of wörds"


@pytest.mark.promise("edits")
class TestEdits:
    def test_the_files_of_a_form(self, sdk: openai.OpenAI, service: OpenAICompatible) -> None:
        answer = sdk.images.edit(model=EDITOR, image=[FIRST, SECOND], mask=MASK, prompt="a beacon with a hat")
        assert answer.data
        assert png_size(fetched(answer.data[0].url)) == png_size(decoded(answer.data[0].b64_json)) == png_size(FIRST)
        [edit] = service.edits
        assert (edit.inputs, edit.mask) == ((FIRST, SECOND), MASK)

    def test_a_file_that_is_spooled(self, client: httpx.Client, service: OpenAICompatible) -> None:
        image = SECOND + bytes(3 << 20)
        form = {"model": EDITOR, "prompt": "a large beacon"}
        response = client.post("/v1/images/edits", data=form, files={"image": ("a.png", image, "image/png")})
        assert response.status_code == 200, response.text
        assert [edit.inputs for edit in service.edits] == [(image,)]

    def test_data_urls(self, client: httpx.Client, service: OpenAICompatible) -> None:
        body = {"model": EDITOR, "prompt": "a beacon in pieces", "images": [{"image_url": data_url(SECOND)}]}
        assert client.post("/v1/images/edits", json=body).status_code == 200
        assert [edit.inputs for edit in service.edits] == [(SECOND,)]


@pytest.mark.promise("videos")
def test_videos(host: Host, client: httpx.Client, ark: Ark) -> None:
    form = {"prompt": (None, "a beacon that turns"), "seconds": (None, "5")}
    begun = client.post("/v1/videos", files=form).json()
    video = client.get(f"/v1/videos/{begun['id']}").json()
    assert (video["id"], video["status"]) == (begun["id"], "completed")
    assert video["url"].startswith(f"{host.url}/videos/")
    film = fetched(video["url"])
    assert film.startswith(CLIP)
    part = client.get(f"/v1/videos/{video['id']}/content", headers={"range": "bytes=4-11"})
    assert (part.status_code, part.headers["content-type"], part.content) == (206, "video/mp4", film[4:12])


@pytest.mark.promise("ranges")
def test_ranges_heads_and_what_has_no_body(client: httpx.Client) -> None:
    url = file_url(client, prompt="a beacon in parts")
    whole = client.get(url)
    length = len(whole.content)
    assert whole.headers["content-length"] == str(length)
    part = client.get(url, headers={"range": "bytes=8-15"})
    assert (part.status_code, part.content) == (206, whole.content[8:16])
    assert part.headers["content-range"] == f"bytes 8-15/{length}"
    assert client.get(url, headers={"range": f"bytes={length}-"}).status_code == 416
    head = client.head(url)
    assert (head.status_code, head.content, head.headers["content-type"]) == (200, b"", "image/png")
    assert head.headers["content-length"] == str(length)
    unchanged = client.get(url, headers={"if-none-match": whole.headers["etag"]})
    assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert client.head("/v1/models").content == b""
    assert client.options("/v1/models").status_code == 204


@pytest.mark.promise("broken")
def test_a_file_that_breaks_off(client: httpx.Client, zimage: ZImage) -> None:
    url = file_url(client, prompt="a beacon that breaks off")
    zimage.payload, zimage.ranges = 4 << 20, False
    zimage.plan(OUTPUT, *[Cut(2 << 20)] * 5)
    try:
        answer = client.get(url)
    except httpx.RemoteProtocolError:
        return
    assert answer.status_code >= 400


@pytest.mark.promise("large")
def test_a_large_file(client: httpx.Client, zimage: ZImage) -> None:
    url = file_url(client, prompt="a large beacon")
    zimage.payload = 16 << 20
    answer = client.get(url)
    assert answer.headers["content-length"] == str(16 << 20)
    assert answer.content == BigFile(16 << 20)[slice(None)]


@pytest.mark.promise("streams")
class TestStreams:
    def test_a_file(self, client: httpx.Client, zimage: ZImage) -> None:
        url = file_url(client, prompt="a beacon bit by bit")
        zimage.payload, zimage.gate = 4 << 20, Gate(2)
        with client.stream("GET", url) as answer:
            pieces = answer.iter_raw()
            received = next(pieces)
            assert zimage.gate.passed == 2  # the third chunk waits to be let out
            zimage.gate.open()
            assert received + b"".join(pieces) == BigFile(4 << 20)[slice(None)]

    def test_a_file_inside_of_json(self, client: httpx.Client, zimage: ZImage) -> None:
        zimage.payload, zimage.gate = 4 << 20, Gate(2)
        wish = {"prompt": "a beacon inside", "response_format": "b64_json"}
        with client.stream("POST", GENERATIONS, json=wish) as answer:
            pieces = answer.iter_raw()
            received = b""
            while len(received) < CHUNK:
                received += next(pieces)
            assert zimage.gate.passed == 2
            zimage.gate.open()
            received += b"".join(pieces)
        assert decoded(json.loads(received)["data"][0]["b64_json"]) == BigFile(4 << 20)[slice(None)]

    def test_words(self, client: httpx.Client, service: OpenAICompatible) -> None:
        service.words, service.gate = ["one", "two"], (gate := Gate(2))  # the role, and the first word
        body = {"model": "parrot", "messages": [{"role": "user", "content": "a beacon"}], "stream": True}
        with client.stream("POST", CHAT, json=body) as answer:
            lines = answer.iter_lines()
            assert "one" in next(line for line in lines if '"content":"' in line and '"content":""' not in line)
            assert gate.passed == 2
            gate.open()
            assert "data: [DONE]" in list(lines)


@pytest.mark.promise("events")
def test_comments(client: httpx.Client, zimage: ZImage) -> None:
    zimage.steps = 10_000
    began = time.monotonic()
    with client.stream("POST", GENERATIONS, json={"prompt": "a beacon to wait for", "stream": True}) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = (line for line in answer.iter_lines() if line)
        assert next(lines).startswith(": job ")
        assert time.monotonic() - began < 4
        assert next(lines).startswith(":")
        assert 4 < time.monotonic() - began < 9


@pytest.mark.promise("disconnect")
class TestDisconnect:
    def test_in_mid_file(self, client: httpx.Client, zimage: ZImage) -> None:
        url = file_url(client, prompt="a beacon that is left")
        zimage.payload, zimage.gate = 16 << 20, Gate(4)
        with client.stream("GET", url) as answer:
            pieces = answer.iter_raw()  # kept: without it the client would leave at once
            assert next(pieces)
            assert zimage.open_streams
        eventually(lambda: not zimage.open_streams, seconds=10)
        assert zimage.closed_early

    def test_while_a_job_runs(self, host: Host, zimage: ZImage) -> None:
        zimage.steps = 10_000
        with leaving_client(host, prompt="a beacon that is left in a stream", stream=True):
            eventually(lambda: looks(zimage) > 1, seconds=10)
        assert_falls_silent(lambda: looks(zimage))

    def test_in_mid_conversation(self, client: httpx.Client, service: OpenAICompatible) -> None:
        service.words, service.gate = ["one", "two"], Gate(2)
        body = {"model": "parrot", "messages": [{"role": "user", "content": "a beacon"}], "stream": True}
        with client.stream("POST", CHAT, json=body) as answer:
            pieces = answer.iter_raw()
            assert next(pieces)
            assert service.open_streams
        eventually(lambda: not service.open_streams, seconds=10)


@pytest.mark.promise("disconnect_waiting")
def test_disconnecting_while_a_job_runs(host: Host, zimage: ZImage) -> None:
    zimage.steps = 10_000
    with leaving_client(host, prompt="a beacon that is left"):
        eventually(lambda: looks(zimage) > 1, seconds=10)
    assert_falls_silent(lambda: looks(zimage))


@pytest.mark.promise("body")
def test_the_largest_request(host: Host, client: httpx.Client, service: OpenAICompatible) -> None:
    answer = client.post(CHAT, content=conversation(host.largest_body))
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"] == "You said: a beacon"
    assert client.post(GENERATIONS, content=padded(LARGEST_ORDER, prompt="a large order for a beacon")).is_success


@pytest.mark.promise("too_large")
def test_a_request_that_is_too_large(host: Host, client: httpx.Client, service: OpenAICompatible) -> None:
    answer = client.post(CHAT, content=conversation(host.largest_body + 500_000))
    assert answer.status_code == 413
    assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
    assert not service.talks


@pytest.mark.promise("patience")
def test_the_patience_of_a_caller(client: httpx.Client, zimage: ZImage) -> None:
    zimage.next_fate(Fate.NEVER_ENDS)
    answer = order(client, {"x-stainless-timeout": "2"}, prompt="a beacon without an end")
    error = assert_error(answer, 424, "generation_pending")
    assert client.get(f"/v1/jobs/{error['job']}").status_code == 200


@pytest.mark.promise("deadline")
def test_the_end_of_a_call(host: Host, client: httpx.Client, zimage: ZImage) -> None:
    zimage.next_fate(Fate.NEVER_ENDS)
    with host.ending_after(3.0):
        answer = order(client, prompt="a beacon without an end until then")
    error = assert_error(answer, 424, "generation_pending")
    assert client.get(f"/v1/jobs/{error['job']}").status_code == 200


@pytest.mark.promise("once")
def test_an_order_that_nobody_knows_the_end_of(sdk: openai.OpenAI, zimage: ZImage) -> None:
    zimage.plan(SUBMIT, Drop(after=True))
    with pytest.raises(openai.APIStatusError) as raised:
        sdk.images.generate(prompt="a beacon that nobody knows of")
    assert raised.value.status_code == 424
    assert len(zimage.submits) == 1


@pytest.mark.promise("log")
def test_the_log(host: Host, client: httpx.Client, zimage: ZImage, service: OpenAICompatible) -> None:
    """Of these requests and of all that came before."""
    job = finished_job(client, prompt="a private beacon")
    link = job["data"][0]["url"]
    assert client.get(f"{link}?signature=query-text").status_code == 200
    assert client.get("/v1/jobs/unknown-id?a=query-text").status_code == 404
    assert client.post(GENERATIONS, content=b'{"prompt": "a private beacon').status_code == 400
    assert client.get("/v1/models", headers={"authorization": f"Bearer {OTHER_KEY}x"}).status_code == 401
    zimage.next_fate(Fate.FAILS)
    assert order(client, prompt="a private beacon that fails").status_code == 424
    zimage.payload, zimage.ranges = 4 << 20, False
    zimage.plan(OUTPUT, *[Cut(2 << 20)] * 5)
    assert list(_until_cut(client, link))
    told = [*SECRETS, service.key, "beacon", "query-text", "unknown-id", job["id"], asset_id(link), zimage.url]
    log = host.log()
    assert [text for text in told if text in log] == [], log


def _until_cut(client: httpx.Client, url: str) -> Iterator[bytes]:
    try:
        with client.stream("GET", url) as answer:
            yield from answer.iter_raw()
    except httpx.RemoteProtocolError:
        pass
