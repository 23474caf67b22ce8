"""Jimeng's peculiarities: signed calls, drafts, uploads, credits, and the numbers that stand for what went wrong."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from shared.account import Account
from shared.errors import (
    AccountError,
    AccountExhausted,
    AccountLimited,
    AccountRejected,
    BadRequest,
    ContentRefused,
    EaselError,
    GenerationFailed,
    NotFound,
    Unavailable,
    Uncertain,
    UpstreamError,
)
from shared.http import Http
from shared.models import Size
from shared.providers.jimeng import Jimeng as Provider
from shared.providers.jimeng.errors import until_midnight
from shared.providers.jimeng.models import MODELS, like_input, ratio_code
from shared.providers.jimeng.results import Origins
from shared.providers.jimeng.site import PAGE, sign
from shared.providers.jimeng.uploads import Grant, signed_headers
from shared.requests import ImageRequest, InputImage, VideoRequest
from shared.results import Failed, Output, Queued, Running, Status, Succeeded
from tests.emulators.faults import Drop, Reply
from tests.emulators.jimeng import CLIP, SESSION, Fate, Jimeng
from tests.emulators.jimeng.wire import PictureComponent, VideoComponent
from tests.emulators.png import png

GENERATE, LOOK, GIFT = "/aigc_draft/generate", "/get_history_by_ids", "/credit_receive"
IMAGE_MODELS = {model.id: model for model in MODELS if model.kind == "image"}
VIDEOS = {model.id: model for model in MODELS if model.kind == "video"}

# Real answers, trimmed.
TAKEN: dict[str, Any] = {
    "ret": "0",
    "errmsg": "success",
    "systime": "1768097919",
    "logid": "20260111101839",
    "data": {
        "aigc_data": {
            "generate_type": 12,
            "history_record_id": "7897104935692",
            "origin_history_record_id": None,
            "created_time": 1768097919.595,
            "item_list": [],
            "task": {"task_id": "7897104935692", "status": 20, "finish_time": 0, "task_payload": None},
        }
    },
}
NO_CREDITS: dict[str, Any] = {
    "ret": "1006",
    "errmsg": "积分不足",
    "systime": "1768097919",
    "logid": "20260111101839",
    "data": {"aigc_data": None, "fail_code": "1006", "fail_starling_message": "积分不足"},
}
LINK = (
    "https://p26-dreamina-sign.byteimg.com/tos-cn-i-tb4s082cfz/0a1b2c~tplv-tb4s082cfz-aigc_resize:2048:2048.webp"
    "?lk3s=43402efa&x-expires=1770804000&x-signature=HI7bxrfi%3D"
)
ITEM: dict[str, Any] = {
    "common_attr": {"id": "7593922573465931058", "effect_type": 9, "cover_url": LINK.replace("2048", "360")},
    "image": {"format": "webp", "large_images": [{"image_uri": "x", "image_url": LINK, "width": 2048, "height": 2048}]},
}


@pytest.fixture
def account(jimeng: Jimeng) -> Account:
    jimeng.steps = 0
    return Account("mine", "jimeng", jimeng.url, SESSION, elsewhere=True)


@pytest.fixture
def provider(http: Http, account: Account) -> Provider:
    return Provider(http, account)


def image(name: str = "jimeng-4.5", **changes: Any) -> ImageRequest:
    model = IMAGE_MODELS[name]
    return ImageRequest(model, "a cat", model.default_size)._replace(**changes)


def video(name: str = "video-3.0", **changes: Any) -> VideoRequest:
    model = VIDEOS[name]
    return VideoRequest(model, "a fjord", 5, model.resolutions[0])._replace(**changes)


def brought(data: bytes) -> InputImage:
    async def read() -> AsyncIterator[bytes]:
        yield data[:100]
        yield data[100:]

    return InputImage(read, "image/png", len(data))


def drawn(jimeng: Jimeng) -> PictureComponent:
    """The last order, which was one of pictures."""
    component = list(jimeng.runs.values())[-1].order.component
    assert isinstance(component, PictureComponent)
    return component


def filmed(jimeng: Jimeng) -> VideoComponent:
    component = list(jimeng.runs.values())[-1].order.component
    assert isinstance(component, VideoComponent)
    return component


async def bytes_of(provider: Provider, output: Output) -> bytes:
    async with provider.open(output.ref) as media:
        return b"".join([chunk async for chunk in media.chunks])


async def outputs_of(provider: Provider, ref: str) -> tuple[Output, ...]:
    status = await provider.poll(ref)
    assert isinstance(status, Succeeded)
    return status.outputs


def envelope(ret: str, said: str = "no") -> Reply:
    return Reply(200, {"ret": ret, "errmsg": said, "data": {}})


def looked(**record: Any) -> Reply:
    return Reply(200, {"ret": "0", "errmsg": "success", "data": {"7897104935692": record}})


# Calls


def test_the_digest_over_a_call() -> None:
    assert sign("/mweb/v1/aigc_draft/generate", 1795187797) == "9b6313026a4b1bfac851b7c11d321968"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_calls_to_the_storage_are_signed_as_aws_does_it(method: str) -> None:
    class WithoutHost(SigV4Auth):  # type: ignore[misc]  # botocore has no types
        def headers_to_sign(self, request: AWSRequest) -> Any:
            headers = super().headers_to_sign(request)
            del headers["host"]
            return headers

    content = b'{"SessionKey": "abc"}' if method == "POST" else b""
    grant = Grant("AKTPexample", "a-secret", "STS2example", "tb4s082cfz")
    query = "Action=CommitImageUpload&ServiceId=tb4s082cfz&Version=2018-08-01"
    ours = signed_headers(grant, method, query, content)
    signer = WithoutHost(Credentials("AKTPexample", "a-secret", "STS2example"), "imagex", "cn-north-1")
    extra = {name: ours[name] for name in ("x-amz-content-sha256",) if name in ours}
    headers = {"x-amz-date": ours["x-amz-date"], "x-amz-security-token": "STS2example", **extra}
    request = AWSRequest(method, f"https://imagex.bytedanceapi.com/?{query}", headers, content)
    request.context["timestamp"] = ours["x-amz-date"]
    to_sign = signer.string_to_sign(request, signer.canonical_request(request))
    assert ours["authorization"].endswith(f"Signature={signer.signature(to_sign, request)}")
    names = ";".join(sorted(headers))
    scope = f"{ours['x-amz-date'][:8]}/cn-north-1/imagex/aws4_request"
    assert ours["authorization"].startswith(f"AWS4-HMAC-SHA256 Credential=AKTPexample/{scope}, SignedHeaders={names}, ")


async def test_a_bare_session_id_brings_a_browsers_cookies(provider: Provider, jimeng: Jimeng) -> None:
    for _ in range(2):
        await provider.check()
    first, second = (call.headers["cookie"].split("; ") for call in jimeng.calls)
    names = [pair.partition("=")[0] for pair in first]
    assert " ".join(names) == "_tea_web_id is_staff_user sid_guard uid_tt uid_tt_ss sid_tt sessionid sessionid_ss"
    assert f"sid_guard={SESSION}%7C" in jimeng.calls[0].headers["cookie"]
    assert "%7C5184000%7C" in jimeng.calls[0].headers["cookie"]
    assert [pair for pair in first if "guard" not in pair] == [pair for pair in second if "guard" not in pair]


async def test_a_browsers_cookies_go_as_they_are(http: Http, account: Account, jimeng: Jimeng) -> None:
    key = f"_tea_web_id=1; sessionid={SESSION}; store-region=cn-gd"
    await Provider(http, account._replace(key=key)).check()
    assert jimeng.calls[-1].headers["cookie"] == key


@pytest.mark.parametrize("key", ["", "sid_tt=1; sessionid_ss=2", "mysessionid=3"])
async def test_without_a_session_nothing_is_asked(http: Http, account: Account, jimeng: Jimeng, key: str) -> None:
    provider = Provider(http, account._replace(key=key))
    for call in (provider.submit(image()), provider.poll("1-7"), provider.check()):
        with pytest.raises(AccountRejected):
            await call
    assert not jimeng.calls


async def test_a_session_is_tried_out_without_an_order(provider: Provider, jimeng: Jimeng) -> None:
    await provider.check()
    jimeng.signed_out = True
    with pytest.raises(AccountRejected):
        await provider.check()
    assert not jimeng.runs


# Pictures


async def test_what_is_ordered(provider: Provider, jimeng: Jimeng) -> None:
    request = image(prompt="雪 and a cat", size=Size(2560, 1440), seed=2**32 + 7, negative_prompt="dogs")
    await provider.submit(request)
    order = jimeng.calls[-1].json
    assert order["extend"] == {"root_model": "high_aes_general_v40l"}
    assert "雪" in order["draft_content"]  # as a browser writes it, not escaped
    core = drawn(jimeng).core
    assert (core.model, core.prompt, core.seed) == ("high_aes_general_v40l", "雪 and a cat", 7)
    assert (core.negative_prompt, core.image_ratio) == ("dogs", 1)
    assert (core.large_image_info.width, core.large_image_info.height) == (2560, 1440)
    assert core.large_image_info.resolution_type == "2k"


async def test_seeds_are_drawn_where_none_is_named(provider: Provider, jimeng: Jimeng) -> None:
    seeds = set()
    for _ in range(3):
        await provider.submit(image())
        seeds.add(drawn(jimeng).core.seed)
    assert len(seeds) == 3
    assert None not in seeds


@pytest.mark.parametrize("number", [1, 2, 4])
async def test_a_run_gives_four_images_and_the_first_are_taken(provider: Provider, number: int) -> None:
    [ref] = (await provider.submit(image(n=number))).refs
    outputs = await outputs_of(provider, ref)
    assert len({output.ref for output in outputs}) == number


RATIOS = [("1:1", 8), ("4:3", 3), ("3:4", 4), ("16:9", 1), ("9:16", 6), ("3:2", 2), ("2:3", 5), ("21:9", 0)]


@pytest.mark.parametrize("name", ["jimeng-4.5", "jimeng-3.0"])
def test_each_size_has_the_number_of_its_ratio(name: str) -> None:
    codes = [code for _, code in RATIOS]
    assert [ratio_code(size) for size in IMAGE_MODELS[name].sizes] == codes * (len(IMAGE_MODELS[name].sizes) // 8)


async def test_images_from_images(provider: Provider, jimeng: Jimeng) -> None:
    first, second = png(1600, 900), png(20, 10, (9, 9, 9))
    await provider.submit(image(inputs=(brought(first), brought(second)), size_requested=False))
    kept = {place.uri: place.data for place in jimeng.storage.places.values()}
    component = drawn(jimeng)
    assert [kept[uri] for uri in component.uris] == [first, second]
    assert component.core.prompt == "####a cat"
    assert component.core.seed is None
    size = component.core.large_image_info
    assert (size.width, size.height) == (2560, 1440)  # the first one's shape


async def test_a_size_that_was_asked_for_and_a_seed_hold_for_edits_too(provider: Provider, jimeng: Jimeng) -> None:
    await provider.submit(image(inputs=(brought(png(1600, 900)),), seed=5))
    core = drawn(jimeng).core
    assert (core.large_image_info.width, core.seed, core.prompt) == (2048, 5, "##a cat")


async def test_an_image_whose_size_nobody_tells(provider: Provider, jimeng: Jimeng) -> None:
    await provider.submit(image(inputs=(brought(b"GIF89a..."),), size_requested=False))
    assert drawn(jimeng).core.large_image_info.width == 2048


def test_a_model_without_sizes_keeps_its_own() -> None:
    model = IMAGE_MODELS["jimeng-4.5"]._replace(sizes=())
    assert like_input(model, Size(9, 3)) == model.default_size


# Uploads

TOKEN, APPLY = "/get_upload_token", "GET /"
ADDRESS = {"StoreInfos": [{"StoreUri": "tos/x", "Auth": "a"}], "SessionKey": "k"}
UPLOADS: list[tuple[str, Reply | Drop, str]] = [
    (TOKEN, Reply(200, {"ret": "0", "data": {}}), "upload token"),
    (APPLY, Reply(403, {"ResponseMetadata": {"Error": {"Code": "A", "Message": "token expired"}}}), "token expired"),
    (APPLY, Reply(200, "<html>"), "no reason given"),
    (APPLY, Reply(200, {"Result": {"UploadAddress": {}}}), "address"),
    (APPLY, Reply(200, {"Result": {"UploadAddress": {**ADDRESS, "UploadHosts": ["a@b"]}}}), "address"),
    (APPLY, Reply(200, {"Result": {"UploadAddress": {**ADDRESS, "UploadHosts": ["b/c?d"]}}}), "unexpected"),
    (APPLY, Reply(200, {"Result": {"UploadAddress": {**ADDRESS, "UploadHosts": ["10.0.0.1"]}}}), "unexpected"),
    ("POST /upload", Reply(200, {"code": 4008, "message": "crc32 mismatch"}), "crc32 mismatch"),
    ("POST /upload", Reply(401, "who?"), "no reason given"),
    ("POST /upload", Reply(503), "no reason given"),
    ("POST /upload", Drop(), "failed during an upload"),
    ("POST /upload", Drop(after=True), "failed during an upload"),
]


@pytest.mark.parametrize(("path", "fault", "said"), UPLOADS)
async def test_an_upload_that_fails_has_bought_nothing_and_blames_no_account(
    provider: Provider, jimeng: Jimeng, path: str, fault: Reply | Drop, said: str
) -> None:
    jimeng.plan(path, fault)
    with pytest.raises(Unavailable, match=said):
        await provider.submit(image(inputs=(brought(png(8, 8)),)))
    assert not any(GENERATE in call.path for call in jimeng.calls)


@pytest.mark.parametrize("result", [{"Uri": "tos/x", "UriStatus": 2001}, {"UriStatus": 2000}])
async def test_an_image_that_the_storage_has_not_kept(
    provider: Provider, jimeng: Jimeng, result: dict[str, Any]
) -> None:
    jimeng.plan(TOKEN, Reply(200, {"ret": "0", "data": jimeng.storage.grant()}))
    jimeng.plan("POST /upload", Reply(200, {"code": 2000}))
    jimeng.plan("POST /", Reply(200, {"Result": {"Results": [result]}}))
    with pytest.raises(Unavailable, match="did not store"):
        await provider.submit(image(inputs=(brought(png(8, 8)),)))
    assert len(jimeng.calls) == 4


async def test_a_session_that_is_gone_shows_at_the_upload_too(provider: Provider, jimeng: Jimeng) -> None:
    jimeng.signed_out = True
    with pytest.raises(AccountRejected):
        await provider.submit(image(inputs=(brought(png(8, 8)),)))


# Videos


@pytest.mark.parametrize(
    ("name", "seconds", "resolution", "said", "benefit"),
    [
        ("video-3.5-pro", 12, "720p", None, "dreamina_video_seedance_15_pro"),
        ("video-3.0-pro", 10, "720p", None, "basic_video_operation_vgfm_v_three_pro"),
        ("video-3.0-fast", 5, "720p", "720p", "basic_video_operation_vgfm_v_three"),
        ("video-3.0-fast", 5, "1080p", "1080p", "basic_video_operation_vgfm_v_three_1080"),
        ("video-3.0", 10, "1080p", "1080p", "basic_video_operation_vgfm_v_three"),
    ],
)
async def test_what_is_ordered_of_a_video(
    provider: Provider, jimeng: Jimeng, name: str, seconds: int, resolution: str, said: str | None, benefit: str
) -> None:
    await provider.submit_video(video(name, seconds=seconds, resolution=resolution, ratio="9:16", seed=3))
    component, commerce = filmed(jimeng), jimeng.calls[-1].json["extend"]["m_video_commerce_info"]
    assert component.parameters.model_req_key == VIDEOS[name].upstream
    assert (component.parameters.video_aspect_ratio, component.parameters.seed) == ("9:16", 3)
    assert (component.wanted.duration_ms, component.wanted.resolution) == (1000 * seconds, said)
    assert commerce["benefit_type"] == benefit
    assert component.frames == ["", ""]


@pytest.mark.parametrize("number", [1, 2])
async def test_a_video_from_its_frames(provider: Provider, jimeng: Jimeng, number: int) -> None:
    frames = [png(320, 180), png(180, 320, (1, 2, 3))][:number]
    first, last, *_ = [*map(brought, frames), None]
    await provider.submit_video(video(first_frame=first, last_frame=last))
    kept = {place.uri: place.data for place in jimeng.storage.places.values()}
    assert [kept[uri] for uri in filmed(jimeng).frames if uri] == frames


async def test_a_video_comes_in_its_original_quality_where_it_can(provider: Provider, jimeng: Jimeng) -> None:
    [ref] = (await provider.submit_video(video())).refs
    assert ref.isdecimal()
    [output] = await outputs_of(provider, ref)
    assert (output.media_type, output.lasting) == ("video/mp4", False)
    assert "preview" not in output.ref
    assert (await bytes_of(provider, output)).startswith(CLIP)
    jimeng.originals = False
    assert "preview" in (await outputs_of(provider, ref))[0].ref
    jimeng.originals = True
    jimeng.plan("/get_local_item_list", *[Reply(502)] * 3)
    assert "preview" in (await outputs_of(provider, ref))[0].ref


async def test_a_run_that_tells_only_the_ids_of_its_items(provider: Provider, jimeng: Jimeng) -> None:
    jimeng.listed_apart = True
    [ref] = (await provider.submit(image(n=3))).refs
    assert len(await outputs_of(provider, ref)) == 3


# Credits


async def test_the_days_credits_are_fetched_when_there_are_no_others(provider: Provider, jimeng: Jimeng) -> None:
    jimeng.credits, jimeng.gift = 0, 2
    for _ in range(2):
        await provider.submit(image())
    with pytest.raises(AccountExhausted):
        await provider.submit(image())
    assert len(jimeng.runs) == 2
    assert sum(GIFT in call.path for call in jimeng.calls) == 2


GIFTS = [envelope("-4"), envelope("0"), Reply(200, {"ret": "0", "data": {"receive_quota": 0}}), Reply(502), Drop()]


@pytest.mark.parametrize("gift", GIFTS)
async def test_without_new_credits_the_order_is_not_repeated(provider: Provider, jimeng: Jimeng, gift: Reply) -> None:
    jimeng.plan(GENERATE, Reply(200, NO_CREDITS))
    jimeng.plan(GIFT, *[gift] * 3)
    with pytest.raises(AccountExhausted) as caught:
        await provider.submit(image())
    assert sum(GENERATE in call.path for call in jimeng.calls) == 1
    assert caught.value.code == "upstream_out_of_credit"
    assert abs((caught.value.retry_after or 0) - until_midnight(time.time())) < 10


@pytest.mark.parametrize(
    ("moment", "seconds"),
    [(1768147199, 1), (1768147200, 86400), (1768147201, 86399)],  # 2026-01-11, 23:59:59 in China, when a gift expired
)
def test_credits_come_at_midnight_in_china(moment: int, seconds: int) -> None:
    assert until_midnight(moment) == seconds


# What went wrong

REFUSALS: list[tuple[Reply, type[EaselError], str]] = [
    (envelope("1015"), AccountRejected, "upstream_account_rejected"),
    (envelope("34010105"), AccountRejected, "upstream_account_rejected"),
    (envelope("1006"), AccountExhausted, "upstream_out_of_credit"),
    (envelope("5000"), AccountExhausted, "upstream_out_of_credit"),
    (envelope("2038"), ContentRefused, "moderation_blocked"),
    (envelope("2047"), ContentRefused, "moderation_blocked"),
    (envelope("4001"), ContentRefused, "moderation_blocked"),
    (envelope("2003"), ContentRefused, "moderation_blocked"),
    (envelope("4002"), BadRequest, "invalid_value"),
    (envelope("34010100"), BadRequest, "invalid_value"),
    (envelope("1019"), AccountError, "generation_blocked"),
    (envelope("4013"), AccountError, "generation_blocked"),
    (envelope("-4"), AccountError, "generation_blocked"),
    (envelope("5001"), AccountLimited, "rate_limit_exceeded"),
    (envelope("5002"), GenerationFailed, "generation_failed"),
    (envelope("1014"), UpstreamError, "upstream_failed"),
    (envelope("99"), UpstreamError, "upstream_failed"),
    (Reply(429, "", {"retry-after": "3"}), AccountLimited, "rate_limit_exceeded"),
    (Reply(500), Uncertain, "upstream_failed"),
    (Reply(200, {"ret": "0", "data": None}), Uncertain, "upstream_failed"),
    (Reply(200, {"ret": "0", "data": {}}), Uncertain, "upstream_failed"),
    (Reply(200, {"ret": "0", "data": {"aigc_data": {"history_record_id": "../x"}}}), Uncertain, "upstream_failed"),
    (Reply(200, {"ret": "0", "data": {"aigc_data": {"history_record_id": 7}}}), Uncertain, "upstream_failed"),
]


@pytest.mark.parametrize(("reply", "expected", "code"), REFUSALS)
async def test_what_a_refused_order_means(
    provider: Provider, jimeng: Jimeng, reply: Reply, expected: type[EaselError], code: str
) -> None:
    for order in (provider.submit(image()), provider.submit_video(video())):
        jimeng.plan(GENERATE, reply)
        with pytest.raises(EaselError) as caught:
            await order
        assert (type(caught.value), caught.value.code) == (expected, code)
        assert SESSION not in repr(caught.value.__dict__)


@pytest.mark.parametrize(
    ("ret", "expected"),
    [
        ("1015", AccountRejected),
        ("1019", AccountError),
        ("2038", Unavailable),
        ("5001", Unavailable),
        ("9", Unavailable),
    ],
)
async def test_what_a_refused_look_means(provider: Provider, jimeng: Jimeng, ret: str, expected: type) -> None:
    jimeng.plan(LOOK, envelope(ret))
    with pytest.raises(EaselError) as caught:
        await provider.poll("1-7897104935692")
    assert type(caught.value) is expected


async def test_an_order_that_was_really_answered(provider: Provider, jimeng: Jimeng) -> None:
    jimeng.plan(GENERATE, Reply(200, TAKEN))
    assert (await provider.submit(image(n=2))).refs == ("2-7897104935692",)
    jimeng.plan(GENERATE, Reply(200, TAKEN | {"ret": 0}))
    assert (await provider.submit(image())).refs == ("1-7897104935692",)


RECORDS: list[tuple[dict[str, Any], type]] = [
    ({"status": 20}, Queued),
    ({"status": 42}, Running),
    ({"status": 45, "item_list": []}, Running),
    ({"status": 50, "item_list": [ITEM]}, Succeeded),
    ({"status": 10, "item_list": [ITEM]}, Succeeded),
    ({"status": 50, "item_list": []}, Failed),
    ({"status": 50, "item_list": [{}, None, 7]}, Failed),
    ({"status": 50}, Failed),
    ({"status": 30, "fail_code": "2038"}, Failed),
    ({"status": 30, "fail_code": "5001", "item_list": [ITEM]}, Succeeded),
    ({"status": 30}, Failed),
]


@pytest.mark.parametrize(("record", "expected"), RECORDS)
async def test_what_a_record_means(
    provider: Provider, jimeng: Jimeng, record: dict[str, Any], expected: type, caplog: pytest.LogCaptureFixture
) -> None:
    jimeng.plan(LOOK, looked(**record))
    with caplog.at_level(logging.WARNING):
        assert isinstance(await provider.poll("1-7897104935692"), expected)
    assert not caplog.records


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ([{"history_record_id": "7897104935692", "status": 50, "item_list": [ITEM]}], Succeeded),
        ([{"history_record_id": "1", "status": 30}, {"history_record_id": "7897104935692", "status": 42}], Running),
        ([{"history_record_id": "1", "status": 50}, None], Queued),
        ([], Queued),
        (None, Queued),
    ],
)
async def test_records_may_come_as_a_list(provider: Provider, jimeng: Jimeng, listed: Any, expected: type) -> None:
    jimeng.plan(LOOK, Reply(200, {"ret": "0", "errmsg": "success", "data": {"history_list": listed}}))
    assert isinstance(await provider.poll("1-7897104935692"), expected)


async def test_a_real_item_is_what_it_says(provider: Provider, jimeng: Jimeng) -> None:
    jimeng.plan(LOOK, looked(status=50, item_list=[ITEM, ITEM | {"image": None}]))
    outputs = await outputs_of(provider, "2-7897104935692")
    assert outputs == (Output(LINK, "image/webp"), Output(LINK.replace("2048", "360"), "image/png"))


ORIGINAL = {"transcoded_video": {"origin": {"video_url": "https://v1.jimeng.com/a.mp4"}}}


@pytest.mark.parametrize(
    "item",
    [
        {"video": ORIGINAL | {"play_url": "https://v1.jimeng.com/b.mp4"}},
        {"common_attr": ORIGINAL},
        {"video": {"play_url": "https://v1.jimeng.com/a.mp4", "url": "https://v1.jimeng.com/b.mp4"}},
        {"video": {"download_url": "https://v1.jimeng.com/a.mp4"}},
        {"video": {"url": "https://v1.jimeng.com/a.mp4"}},
    ],
)
async def test_where_a_videos_link_may_be(provider: Provider, jimeng: Jimeng, item: dict[str, Any]) -> None:
    jimeng.plan(LOOK, looked(status=50, item_list=[item]))
    assert await outputs_of(provider, "7897104935692") == (Output("https://v1.jimeng.com/a.mp4", "video/mp4"),)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("2038", "moderation_blocked"),
        ("2047", "moderation_blocked"),
        ("2039", "upstream_out_of_credit"),
        ("4013", "generation_blocked"),
        ("5001", "generation_failed"),
        (5001, "generation_failed"),
        ("", "generation_failed"),
    ],
)
async def test_why_a_run_failed(provider: Provider, jimeng: Jimeng, code: str | int, expected: str) -> None:
    jimeng.plan(LOOK, looked(status=30, fail_code=code, fail_msg="because"))
    status = await provider.poll("1-7897104935692")
    assert isinstance(status, Failed)
    assert status.error.code == expected
    assert status.error.details["upstream"] == "because"


@pytest.mark.parametrize("data", [{}, {"1": {"status": 50}}])
async def test_a_run_that_does_not_show_yet_waits(provider: Provider, jimeng: Jimeng, data: dict[str, Any]) -> None:
    jimeng.plan(LOOK, Reply(200, {"ret": "0", "data": data}))
    assert isinstance(await provider.poll("1-7897104935692"), Queued)


@pytest.mark.parametrize("record", [{}, {"status": None}, None, [], 7])
async def test_a_record_without_a_state(provider: Provider, jimeng: Jimeng, record: Any) -> None:
    jimeng.plan(LOOK, Reply(200, {"ret": "0", "data": {"7897104935692": record}}))
    with pytest.raises(Unavailable):
        await provider.poll("1-7897104935692")


@pytest.mark.parametrize("ref", ["", "-7", "0-7", "12-7", "x", "1-7 ", "1-" + "7" * 41, "１-7"])
async def test_what_is_no_ref_is_not_found(provider: Provider, jimeng: Jimeng, ref: str) -> None:
    with pytest.raises(NotFound):
        await provider.poll(ref)
    assert not jimeng.calls


async def test_a_video_comes_along_look_by_look(provider: Provider, jimeng: Jimeng) -> None:
    jimeng.steps = 4
    [ref] = (await provider.submit_video(video())).refs
    seen: list[Status] = [await provider.poll(ref) for _ in range(5)]
    assert [type(status) for status in seen] == [Queued, Queued, Running, Running, Succeeded]


async def test_a_run_that_gives_nothing_an_id_is_known_by(provider: Provider, jimeng: Jimeng) -> None:
    jimeng.next_fate(Fate.NO_ID)
    with pytest.raises(Uncertain, match="charged"):
        await provider.submit(image())


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("https://p3-dreamina-sign.byteimg.com", True),
        ("https://v9-dreamnia.jimeng.com", True),
        ("https://v3-artist.vlabvod.com", True),
        ("https://tos-lf-x.snssdk.com", True),
        ("https://named.example", True),
        ("http://p3-dreamina-sign.byteimg.com", False),
        ("https://byteimg.com", False),
        ("https://evilbyteimg.com", False),
        ("https://p3.byteimg.com.evil.example", False),
        ("https://p3.byteimg.com:8443", False),
        ("https://jimeng.jianying.com", False),
    ],
)
def test_where_results_may_lie(origin: str, expected: bool) -> None:
    assert (origin in Origins({"https://named.example"})) is expected


async def test_the_site_itself_is_no_place_for_results(http: Http, account: Account) -> None:
    real = Provider(http, account._replace(base_url=PAGE, elsewhere=False))
    with pytest.raises(Unavailable, match="not expected"):
        async with real.open(f"{PAGE}/x.png"):
            pass
