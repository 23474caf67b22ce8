"""The fake Jimeng refuses what makes no sense there, whoever asks."""

from __future__ import annotations

import copy
import hashlib
import json
import time
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from shared.providers.jimeng.models import MODELS
from shared.providers.jimeng.request_body import image_body, video_body
from shared.providers.jimeng.uploads import Grant, signed_headers
from shared.requests import ImageRequest, VideoRequest
from tests.emulators.jimeng import SESSION, Jimeng
from tests.emulators.png import png

GENERATE, LOOK = "/mweb/v1/aigc_draft/generate", "/mweb/v1/get_history_by_ids"
QUERY = {"aid": "513695", "webId": "7" * 19}
PICTURE, VIDEO = MODELS[0], MODELS[-1]
PNG = {"width": 2048, "height": 2048, "format": "png"}

Json = dict[str, Any]


@pytest.fixture
def client(jimeng: Jimeng) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=jimeng.url, verify=False) as client:
        yield client


def call(client: httpx.Client, path: str, body: Json, **changes: str) -> Json:
    now = str(int(time.time()))
    headers = {
        "cookie": f"sessionid={SESSION}",
        "appid": "513695",
        "appvr": "8.4.0",
        "pf": "7",
        "sign-ver": "1",
        "tdid": "",
        "origin": "https://jimeng.jianying.com",
        "device-time": now,
        "sign": hashlib.md5(f"9e2c|{path[-7:]}|7|8.4.0|{now}||11ac".encode()).hexdigest(),
    }
    answer: Json = client.post(path, json=body, params=QUERY, headers=headers | changes).json()
    return answer


def an_order() -> Json:
    return image_body(ImageRequest(PICTURE, "a cat", PICTURE.default_size), [])


def a_film() -> Json:
    return video_body(VideoRequest(VIDEO, "a fjord", 5, "720p"), "", "")


def run_of(client: httpx.Client, order: Json) -> str:
    return str(call(client, GENERATE, order)["data"]["aigc_data"]["history_record_id"])


@pytest.mark.parametrize(
    ("changes", "ret"),
    [
        ({}, "0"),
        ({"sign": "0" * 32}, "1014"),
        ({"device-time": "1795187797"}, "1014"),
        ({"appvr": "5.8.0"}, "1014"),
        ({"origin": "https://easel.example"}, "1019"),
        ({"cookie": ""}, "1015"),
        ({"cookie": "sessionid=nobody"}, "1015"),
        ({"cookie": f"sessionid_ss={SESSION}"}, "1015"),
    ],
)
def test_who_may_call(client: httpx.Client, changes: dict[str, str], ret: str) -> None:
    assert call(client, "/commerce/v1/benefits/user_credit", {}, **changes)["ret"] == ret


def test_unknown_paths(client: httpx.Client) -> None:
    assert call(client, "/mweb/v1/nowhere", {})["ret"] == "1002"


def test_orders_that_make_sense(client: httpx.Client, jimeng: Jimeng) -> None:
    assert call(client, GENERATE, an_order())["ret"] == "0"
    assert call(client, GENERATE, a_film())["ret"] == "0"
    assert len(jimeng.runs) == 2


def core_of(order: Json) -> Json:
    core: Json = order["component_list"][0]["abilities"]["generate"]["core_param"]
    return core


def input_of(order: Json) -> Json:
    wanted: Json = order["component_list"][0]["abilities"]["gen_video"]["text_to_video_params"]["video_gen_inputs"][0]
    return wanted


@pytest.mark.parametrize(
    "spoil",
    [
        lambda draft: core_of(draft).update(unheard_of=1),
        lambda draft: core_of(draft).update(seed="7"),
        lambda draft: core_of(draft).update(model="high_aes_general_v99"),
        lambda draft: core_of(draft).update(prompt=""),
        lambda draft: core_of(draft)["large_image_info"].update(width=2047),
        lambda draft: core_of(draft)["large_image_info"].update(resolution_type="4k"),
        lambda draft: draft.update(main_component_id=draft["id"]),
        lambda draft: draft.update(min_version="3.2.9"),
        lambda draft: draft.update(component_list=[]),
    ],
)
def test_drafts_of_pictures_that_make_no_sense(client: httpx.Client, jimeng: Jimeng, spoil: Any) -> None:
    order = an_order()
    draft = json.loads(order["draft_content"])
    spoil(draft)
    assert call(client, GENERATE, order | {"draft_content": json.dumps(draft)})["ret"] == "4002"
    assert not jimeng.runs


@pytest.mark.parametrize(
    "changes",
    [
        {"duration_ms": 7000},
        {"resolution": "480p"},
        {"fps": 30},
        {"first_frame_image": {"uri": "x"}},
    ],
)
def test_drafts_of_videos_that_make_no_sense(client: httpx.Client, jimeng: Jimeng, changes: Json) -> None:
    order = a_film()
    draft = json.loads(order["draft_content"])
    input_of(draft).update(changes)
    assert call(client, GENERATE, order | {"draft_content": json.dumps(draft)})["ret"] == "4002"
    assert not jimeng.runs


def test_orders_about_pictures_that_nobody_brought(client: httpx.Client) -> None:
    edit = image_body(ImageRequest(PICTURE, "a cat", PICTURE.default_size), ["tos/unknown"])
    frame = video_body(VideoRequest(VIDEO, "a fjord", 5, "720p"), "tos/unknown", "")
    assert [call(client, GENERATE, order)["ret"] for order in (edit, frame)] == ["4002", "4002"]


def test_metrics_and_charges_have_to_fit(client: httpx.Client) -> None:
    cheap = a_film()
    cheap["extend"]["m_video_commerce_info"]["benefit_type"] = "nothing"
    crossed = an_order() | {"metrics_extra": a_film()["metrics_extra"]}
    foreign = an_order()
    foreign["extend"] = copy.deepcopy(cheap["extend"])
    assert [call(client, GENERATE, order)["ret"] for order in (cheap, crossed, foreign)] == ["4002"] * 3


def test_a_run_comes_along_look_by_look(client: httpx.Client, jimeng: Jimeng) -> None:
    jimeng.steps = 5
    run = run_of(client, an_order())
    looks = [call(client, LOOK, {"history_ids": [run], "image_info": PNG})["data"] for _ in range(6)]
    assert [look.get(run, {}).get("status") for look in looks] == [None, 20, 42, 42, 45, 50]
    assert [len(look.get(run, {}).get("item_list", [])) for look in looks] == [0] * 5 + [4]


def test_a_look_says_what_it_is_about(client: httpx.Client, jimeng: Jimeng) -> None:
    drawn, filmed = run_of(client, an_order()), run_of(client, a_film())
    assert call(client, LOOK, {"history_ids": [drawn]})["ret"] == "4002"
    assert call(client, LOOK, {"history_ids": [filmed], "image_info": PNG})["ret"] == "4002"
    assert call(client, LOOK, {"history_ids": [drawn], "image_info": PNG | {"format": "webp"}})["ret"] == "4002"
    assert call(client, LOOK, {"history_ids": ["1"]}) | {"systime": ""} == {
        "ret": "0",
        "errmsg": "success",
        "systime": "",
        "logid": "20260111101839",
        "data": {},
    }


def test_credits_are_used_up_and_given_once(client: httpx.Client, jimeng: Jimeng) -> None:
    jimeng.credits, jimeng.gift = 1, 1
    gift = ("/commerce/v1/benefits/credit_receive", {"time_zone": "Asia/Shanghai"})
    rets = [call(client, *step)["ret"] for step in [(GENERATE, an_order()), (GENERATE, an_order()), gift, gift]]
    assert rets == ["0", "1006", "0", "-4"]


def test_files_open_by_their_links_and_to_nobody_with_cookies(client: httpx.Client, jimeng: Jimeng) -> None:
    jimeng.steps = 0
    run = run_of(client, an_order())
    item = call(client, LOOK, {"history_ids": [run], "image_info": PNG})["data"][run]["item_list"][0]
    link = item["image"]["large_images"][0]["image_url"]
    assert client.get(link).content.startswith(b"\x89PNG")
    assert client.get(link, headers={"cookie": "sessionid=1"}).status_code == 403
    assert client.get(link.partition("?")[0]).status_code == 403
    assert client.get(jimeng.link("1", "large.png")).status_code == 404


def test_storage_wants_its_calls_signed(client: httpx.Client, jimeng: Jimeng) -> None:
    query = {"Action": "ApplyImageUpload", "Version": "2018-08-01", "ServiceId": "tb4s082cfz", "FileSize": "8"}
    assert client.get("/", params=query).status_code == 403
    grant = jimeng.storage.grant()
    scope = f"{grant['access_key_id']}/20261120/cn-north-1/imagex/aws4_request"
    headers = {
        "x-amz-date": "20261120T000000Z",
        "x-amz-security-token": grant["session_token"],
        "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=x-amz-date;x-amz-security-token, "
        f"Signature={'0' * 64}",
    }
    answer = client.get("/", params=query, headers=headers)
    assert (answer.status_code, answer.json()["ResponseMetadata"]["Error"]["Code"]) == (403, "SignatureDoesNotMatch")
    assert client.post("/upload/v1/tos/nowhere", content=b"x").status_code == 403


def ask(client: httpx.Client, grant: Grant, method: str, content: bytes = b"", **query: str) -> httpx.Response:
    """A call to the storage, signed as it should be."""
    values = {"Version": "2018-08-01", "ServiceId": grant.service} | query
    text = "&".join(f"{name}={values[name]}" for name in sorted(values))
    headers = signed_headers(grant, method, text, content)
    return client.request(method, f"/?{text}", content=content, headers=headers)


@pytest.fixture
def grant(jimeng: Jimeng) -> Grant:
    return Grant(*jimeng.storage.grant().values())


def test_storage_takes_a_picture_in_three_steps(client: httpx.Client, jimeng: Jimeng, grant: Grant) -> None:
    data = png(30, 20)
    applied = ask(client, grant, "GET", Action="ApplyImageUpload", FileSize=str(len(data)), s="0123456789")
    address = applied.json()["Result"]["UploadAddress"]
    path = f"/upload/v1/{address['StoreInfos'][0]['StoreUri']}"
    commit = json.dumps({"SessionKey": address["SessionKey"]}).encode()
    early = ask(client, grant, "POST", commit, Action="CommitImageUpload").json()["Result"]["Results"][0]
    assert early["UriStatus"] == 2001
    good = {"authorization": address["StoreInfos"][0]["Auth"], "content-crc32": f"{zlib.crc32(data):08x}"}
    bad = [{"authorization": "SpaceKey/x"}, {"content-crc32": "00000000"}, {"cookie": "sessionid=1"}]
    refused = [client.post(path, content=data, headers=good | headers).status_code for headers in bad]
    assert refused == [403, 400, 403]
    assert client.post(path, content=data[:-1], headers=good).status_code == 400
    assert client.post(path, content=data, headers=good).json()["code"] == 2000
    result = ask(client, grant, "POST", commit, Action="CommitImageUpload").json()["Result"]
    assert result["Results"][0] == {"Uri": address["StoreInfos"][0]["StoreUri"], "UriStatus": 2000}
    assert result["PluginResult"] == [{"ImageWidth": 30, "ImageHeight": 20, "ImageFormat": "png"}]
    assert jimeng.storage.holds(result["Results"][0]["Uri"])


@pytest.mark.parametrize(
    ("method", "query", "status"),
    [
        ("GET", {"Action": "ApplyImageUpload", "FileSize": "8"}, 400),
        ("GET", {"Action": "ApplyImageUpload", "FileSize": "8", "s": "0123456789", "ServiceId": "mine"}, 400),
        ("GET", {"Action": "ApplyImageUpload", "FileSize": "8", "s": "0123456789", "Version": "1"}, 400),
        ("GET", {"Action": "CommitImageUpload"}, 404),
        ("POST", {"Action": "CommitImageUpload"}, 400),
    ],
)
def test_calls_to_the_storage_that_make_no_sense(
    client: httpx.Client, grant: Grant, method: str, query: dict[str, str], status: int
) -> None:
    content = b'{"SessionKey": "unknown"}' if method == "POST" else b""
    assert ask(client, grant, method, content, **query).status_code == status


def test_the_storage_notices_another_body_and_another_token(client: httpx.Client, grant: Grant) -> None:
    query = f"Action=CommitImageUpload&ServiceId={grant.service}&Version=2018-08-01"
    headers = signed_headers(grant, "POST", query, b"{}")
    codes = [
        client.post(f"/?{query}", content=content, headers=headers | other).json()["ResponseMetadata"]["Error"]["Code"]
        for content, other in [(b"[]", {}), (b"{}", {"x-amz-security-token": "STS2"})]
    ]
    assert codes == ["ContentMismatch", "InvalidSecurityToken"]
