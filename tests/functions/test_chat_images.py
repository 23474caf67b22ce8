"""Chats with image models: images as Markdown or parts, pending jobs, and what clients of older proxies read."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest

from tests.emulators.faults import Drop, Fault, Reply
from tests.emulators.gemini import Gemini
from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.png import png
from tests.emulators.zimage import Fate, ZImage
from tests.functions.conftest import DONE_AT_ONCE
from tests.functions.helpers import SUBMIT, Json, assert_error, png_size
from tests.functions.test_chat import CHAT, events, said
from tests.rig import OTHER_KEY, Gateway

DRAW = [{"role": "system", "content": "never draw this"}, {"role": "user", "content": "a cat"}]
USER = openai.types.chat.ChatCompletionUserMessageParam(role="user", content="a cat")


def draw(client: httpx.Client, headers: dict[str, str] | None = None, path: str = CHAT, **body: Any) -> httpx.Response:
    return client.post(path, json={"model": "zimage-turbo", "messages": DRAW} | body, headers=headers)


def link_in(markdown: str) -> str:
    assert markdown.startswith("![Generated Image](")
    assert markdown.endswith(")")
    return markdown.removeprefix("![Generated Image](").removesuffix(")")


def is_picture(url: str) -> bool:
    answer = httpx.get(url)
    return answer.status_code == 200 and png_size(answer.content) == (1024, 1024)


def test_the_picture_stands_in_the_text(client: httpx.Client, zimage: ZImage) -> None:
    answer = draw(client)
    body, message = answer.json(), said(answer)
    assert is_picture(link_in(message["content"]))
    assert body["choices"][0]["finish_reason"] == "stop"
    assert "usage" not in body
    assert zimage.submits[0].order.prompt == "a cat"


def test_what_clients_of_the_proxies_read(client: httpx.Client, zimage: ZImage) -> None:
    answer = draw(client)
    body, message = answer.json(), said(answer)
    url = link_in(message["content"])
    job = message["task_uuid"]
    assert body["id"] == f"chatcmpl-{job}"
    assert (body["task_id"], body["status"], body["imageUrl"], body["code"]) == (job, "completed", url, 200)
    assert body["data"] == {"model": "zimage-turbo", "jobId": job, "prompt": "a cat", "pic": url}
    tag, markdown = body["response"].split("\n")
    assert tag == f"<image_generation> jobId='{job}' prompt='a cat' negative=''</image_generation>"
    assert markdown == message["content"]


def test_several_pictures(client: httpx.Client, zimage: ZImage) -> None:
    links = [link_in(part) for part in said(draw(client, n=3))["content"].split("\n\n")]
    assert len(set(links)) == 3
    assert all(map(is_picture, links))
    parts = said(draw(client, n=2, modalities=["text", "image"]))
    assert parts["content"] == ""
    assert [(part["type"], part["index"]) for part in parts["images"]] == [("image_url", 0), ("image_url", 1)]
    assert all(is_picture(part["image_url"]["url"]) for part in parts["images"])


@pytest.mark.parametrize("parts", [True, False])
def test_a_stream_brings_all_pictures_in_one_chunk(client: httpx.Client, zimage: ZImage, parts: bool) -> None:
    wish: Json = {"modalities": ["image"]} if parts else {}
    answer = draw(client, stream=True, n=2, stream_options={"include_usage": True}, **wish)
    begun, first, last, done = events(answer.text)
    assert begun["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert begun["id"] == f"chatcmpl-{answer.headers['easel-job']}"
    delta = first["choices"][0]["delta"]
    links = [part["image_url"]["url"] for part in delta["images"]] if parts else delta["content"].split("\n\n")
    assert len(links) == 2
    assert all(is_picture(link if parts else link_in(link)) for link in links)
    assert (last["choices"][0]["finish_reason"], done) == ("stop", "[DONE]")
    assert len({chunk["id"] for chunk in (begun, first, last)}) == 1


def test_the_shape_as_openrouters_clients_say_it(client: httpx.Client, zimage: ZImage) -> None:
    answer = draw(client, modalities=["image"], image_config={"aspect_ratio": "16:9", "image_size": "1K"})
    assert (answer.status_code, answer.headers.get("easel-ignored")) == (200, None)
    [job] = zimage.submits
    assert (job.order.width, job.order.height) == (1368, 768)


def test_the_sdk_accumulates_a_stream_of_pictures(sdk: openai.OpenAI, zimage: ZImage) -> None:
    with sdk.chat.completions.stream(model="zimage-turbo", messages=[USER], extra_body={"modalities": ["image"]}) as it:
        message = it.get_final_completion().choices[0].message
    assert message.role == "assistant"
    assert message.model_extra
    assert is_picture(message.model_extra["images"][0]["image_url"]["url"])


def test_content_may_be_in_parts(client: httpx.Client, zimage: ZImage) -> None:
    parts = [{"type": "text", "text": "a cat"}, {"type": "text", "text": "in the rain"}]
    assert said(draw(client, messages=[{"role": "user", "content": parts}, {"role": "assistant", "content": "ok"}]))
    assert zimage.submits[0].order.prompt == "a cat\nin the rain"


ORDERS: dict[str, tuple[str, Json]] = {
    "literal": (CHAT, {"extra_body": {"width": 512, "height": 768, "batch_size": 2, "prompt": "x", "model": "y"}}),
    "merged": (CHAT, {"width": 512, "height": 768, "batch_size": 2, "steps": 8, "cfg_scale": 7}),
    "both": (CHAT, {"width": 64, "extra_body": {"width": 512, "height": 768, "batch_size": 2}}),
    "under /api": ("/api/v1/chat/completions", {"size": "512x768", "n": 2}),
}


@pytest.mark.parametrize("name", ORDERS)
def test_an_order_is_answered_with_its_id_at_once(client: httpx.Client, zimage: ZImage, name: str) -> None:
    path, body = ORDERS[name]
    zimage.steps = 2
    answer = draw(client, path=path, **body)
    message = said(answer)
    job = message["content"]
    assert (message["task_uuid"], answer.json()["task_id"]) == (job, job)
    order = zimage.submits[0].order
    assert (order.prompt, order.width, order.height, order.batch_size) == ("a cat", 512, 768, 2)
    for prefix in ("/v1", "/api/v1"):
        assert client.get(f"{prefix}/tasks/{job}").json()["data"]["task"]["taskStatus"] in ("pending", "processing")
    images = client.get(f"/api/v1/images/{job}").json()
    assert images["status"] == "completed"
    assert len(images["image_urls"]) == 2


def test_an_empty_extra_body_is_an_order_too_and_a_stream_is_none(client: httpx.Client, zimage: ZImage) -> None:
    assert said(draw(client, extra_body={}))["content"].startswith("i~")
    *_, done = events(draw(client, stream=True, width=512, height=512).text)
    assert done == "[DONE]"


def test_who_does_not_wait_gets_the_place_of_the_picture(client: httpx.Client, zimage: ZImage) -> None:
    zimage.steps = 1
    answer = draw(client, waitForImage=False)
    body = answer.json()
    assert body["status"] == "pending"
    assert link_in(said(answer)["content"]) == body["imageUrl"] == body["data"]["pic"]
    assert is_picture(body["imageUrl"])  # no key, and it waits
    assert body["imageUrl"].endswith(f"/images?id={body['task_id']}")
    assert is_picture(body["imageUrl"].replace("?id=", "?id=chatcmpl-"))


def test_such_a_job_is_seen_by_its_id_alone(gateway: Gateway, client: httpx.Client, zimage: ZImage) -> None:
    job = said(draw(client, extra_body={}))["content"]
    for path in (f"/v1/tasks/{job}", f"/v1/images/{job}", f"/images?id={job}"):
        assert httpx.get(gateway.url + path).status_code == 200
    assert_error(httpx.get(f"{gateway.url}/v1/jobs/{job}"), 401, "invalid_api_key")
    with gateway.client(OTHER_KEY) as other:
        assert other.get(f"/v1/jobs/{job}").status_code == 200


def test_a_repetition_gets_the_same_picture(client: httpx.Client, zimage: ZImage) -> None:
    again = {"x-stainless-retry-count": "1"}
    assert said(draw(client))["task_uuid"] == said(draw(client, again))["task_uuid"]
    key = {"idempotency-key": "mine"}
    assert said(draw(client, key, seed=1))["task_uuid"] == said(draw(client, key, seed=1))["task_uuid"]
    assert_error(draw(client, key, seed=2), 422, "idempotency_key_reused", "Idempotency-Key")
    assert len(zimage.submits) == 2


def test_what_has_no_effect_is_named(client: httpx.Client, zimage: ZImage) -> None:
    answer = draw(client, temperature=1, top_p=1, steps=8, response_format={"type": "text"}, stream=True)
    assert answer.headers["easel-ignored"] == "steps, temperature, top_p"


WITH_PICTURE = [{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": "https://x"}}]
WITH_FILE = [{"type": "text", "text": "x"}, {"type": "file", "file": {"file_data": "data:image/png;base64,AAAA"}}]

BAD: dict[str, tuple[Json, str]] = {
    "nobody asks": ({"messages": [{"role": "system", "content": "a cat"}]}, "messages"),
    "nothing said": ({"messages": [{"role": "user", "content": " "}]}, "messages"),
    "a picture": ({"messages": [{"role": "user", "content": WITH_PICTURE}]}, "image"),
    "a picture as a file": ({"messages": [{"role": "user", "content": WITH_FILE}]}, "messages"),
    "extra_body as text": ({"extra_body": "x"}, "extra_body"),
    "odd width": ({"extra_body": {"width": "wide", "height": 1}}, "width"),
    "too wide": ({"width": 9999, "height": 9999}, "size"),
    "too many": ({"batch_size": 11}, "n"),
    "odd size": ({"size": "banana"}, "size"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("stream", [True, False])
def test_a_bad_request_buys_nothing(client: httpx.Client, zimage: ZImage, name: str, stream: bool) -> None:
    change, param = BAD[name]
    assert_error(draw(client, stream=stream, **change), 400, "invalid_value", param)
    assert not zimage.submits


@pytest.mark.parametrize("stream", [True, False])
def test_what_fails_before_the_work_is_taken_has_a_status(client: httpx.Client, zimage: ZImage, stream: bool) -> None:
    zimage.next_fate(Fate.REFUSED)
    answer = draw(client, stream=stream)
    error = assert_error(answer, 400, "moderation_blocked", "prompt")
    body = answer.json()
    assert (body["code"], body["data"], body["details"]) == (
        400,
        {"msg": error["message"]},
        error["details"]["upstream"],
    )
    zimage.plan(SUBMIT, Reply(429, {"success": False, "error": "slow down"}, {"retry-after": "1"}))
    assert_error(draw(client, stream=stream), 429, "rate_limit_exceeded")


@pytest.mark.parametrize("stream", [True, False])
def test_a_doubtful_order_is_not_given_again(client: httpx.Client, zimage: ZImage, stream: bool) -> None:
    zimage.plan(SUBMIT, Drop(after=True))
    assert_error(draw(client, stream=stream), 424, "upstream_failed")
    assert len(zimage.submits) == 1


def test_a_job_that_fails_is_one_error(client: httpx.Client, zimage: ZImage) -> None:
    zimage.next_fate(Fate.FAILS, Fate.FAILS)
    error = assert_error(draw(client), 424, "generation_failed")
    assert error["job"] in error["message"]
    _, last = events(draw(client, stream=True).text)
    assert last["error"]["code"] == "generation_failed"


def test_who_leaves_is_given_the_same_picture_later(zimage: ZImage, client: httpx.Client) -> None:
    zimage.steps, zimage.seconds = 0, 1.0
    client.timeout = httpx.Timeout(0.3)
    with pytest.raises(httpx.ReadTimeout):
        draw(client)
    client.timeout = httpx.Timeout(10)
    time.sleep(0.2)  # the gateway has to notice
    assert said(draw(client))
    assert len(zimage.submits) == 1


@pytest.mark.parametrize("pictures", ["url", "b64_json", "data-url"])
@pytest.mark.parametrize("stream", [True, False])
def test_pictures_of_a_service_that_answers_with_them(
    serve: Callable[..., Gateway], pictures: Any, stream: bool
) -> None:
    with OpenAICompatible(pictures=pictures) as service:
        gateway = serve(**service.environment())
        with gateway.client() as client:
            answer = draw(client, model="flux-emulated", stream=stream, extra_body={"width": 1024, "height": 1024})
            if stream:
                deltas = [chunk["choices"][0]["delta"] for chunk in events(answer.text)[:-1]]
                content = "".join(delta.get("content", "") for delta in deltas)
            else:
                message = said(answer)
                content = message["content"]
            if pictures == "url" and not stream:
                assert content == message["task_uuid"]
            elif pictures == "url":
                assert is_picture(link_in(content))
            else:
                assert link_in(content).startswith("data:image/png;base64,iVBOR")
                assert json.dumps(answer.text).count("iVBOR") == 1
        assert [order.n for order in service.orders] == [1]


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [("content_policy_violation", 400, "moderation_blocked"), ("server_error", 424, "upstream_failed")],
)
def test_a_service_that_says_no_with_a_good_status_is_quoted(
    serve: Callable[..., Gateway], code: str, status: int, told: str
) -> None:
    with OpenAICompatible() as service:
        service.plan("images/generations", Reply(200, {"error": {"message": "no such luck", "code": code}}))
        with serve(**service.environment()).client() as client:
            error = assert_error(draw(client, model="flux-emulated"), status, told)
    assert "no such luck" in error["message"]


def test_a_link_that_is_too_long_for_an_id_is_followed_at_once(serve: Callable[..., Gateway]) -> None:
    with OpenAICompatible(file_suffix=f"?signature={'x' * 500}") as service:
        gateway = serve(**service.environment())
        with gateway.client() as client:
            assert link_in(said(draw(client, model="flux-emulated"))["content"]).startswith(
                "data:image/png;base64,iVBOR"
            )
            service.files_origin = service.url.replace("127.0.0.1", "localhost")
            assert_error(draw(client, model="flux-emulated"), 424, "upstream_failed")


def test_an_image_on_a_foreign_origin_is_lost_and_not_bought_again(serve: Callable[..., Gateway]) -> None:
    with OpenAICompatible() as service, serve(**service.environment()).client() as client:
        service.files_origin = service.url.replace("127.0.0.1", "localhost")
        error = assert_error(draw(client, model="flux-emulated"), 424, "upstream_failed")
        assert "origin" in error["message"]
        assert len(service.orders) == 1


def test_a_link_with_the_credential_in_it_is_followed_at_once(serve: Callable[..., Gateway]) -> None:
    key = "open-sesame-of-the-operator"
    with (
        OpenAICompatible(key=key, file_suffix=f"?key={key}") as service,
        serve(**service.environment()).client() as client,
    ):
        assert link_in(said(draw(client, model="flux-emulated"))["content"]).startswith("data:image/png;base64,iVBOR")


@pytest.mark.parametrize("fault", [Reply(404), Reply(403), Reply(500), Reply(200, "<html>"), Drop(), None])
def test_an_image_that_cannot_be_followed_at_once_is_not_bought_again(
    serve: Callable[..., Gateway], fault: Fault | None
) -> None:
    with OpenAICompatible(file_suffix=f"?signature={'x' * 500}") as service:
        if fault:
            service.plan("/files/", *[fault] * 3)
        else:
            service.payload = 65 << 20  # larger than any answer may be
        with serve(**service.environment()).client() as client:
            assert_error(draw(client, model="flux-emulated"), 424, "upstream_failed")
        assert len(service.orders) == 1


def test_who_means_a_picture_and_names_no_model_gets_one(serve: Callable[..., Gateway], zimage: ZImage) -> None:
    with OpenAICompatible() as service:
        gateway = serve(
            PROVIDERS="zimage", ZIMAGE_BASE_URL=zimage.url, ZIMAGE_MODELS=DONE_AT_ONCE, **service.environment()
        )
        with gateway.client() as client:
            for path, body in ((CHAT, {"extra_body": {}}), (CHAT, {"waitForImage": True}), (f"/api{CHAT}", {})):
                assert said(draw(client, path=path, model=None, **body))
            assert said(draw(client, model=None))["content"].startswith("You said")
    assert (len(zimage.submits), len(service.talks)) == (3, 1)


@pytest.mark.parametrize("parts", [False, True])
def test_a_picture_in_a_message_makes_an_edit_of_it(serve: Callable[..., Gateway], gemini: Gemini, parts: bool) -> None:
    given = png(8, 8, (1, 2, 3))
    link = f"data:image/png;base64,{base64.b64encode(given).decode()}"
    said = [{"type": "text", "text": "make it night"}, {"type": "image_url", "image_url": {"url": link}}]
    earlier = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hello"}]
    wanted: Json = {"modalities": ["image", "text"]} if parts else {}
    with serve(**gemini.environment()).client() as client:
        messages = [*earlier, {"role": "user", "content": said}]
        answer = draw(client, model="gpt-image-1", messages=messages, **wanted)
    assert answer.status_code == 200, answer.text
    message = answer.json()["choices"][0]["message"]
    url = message["images"][0]["image_url"]["url"] if parts else link_in(message["content"])
    assert url.startswith("data:image/png;base64,")
    assert (gemini.submits[0].prompt, gemini.submits[0].inputs) == ("make it night", (given,))


def test_health_where_the_z_image_proxy_has_it(gateway: Gateway) -> None:
    assert httpx.get(f"{gateway.url}/api/health").json()["status"] == "healthy"
