"""Jimeng's request bodies equal those of its own page, field by field, except for ids and times."""

from __future__ import annotations

import json
import re
from typing import Any

from shared.models import Size
from shared.providers.jimeng.models import MODELS
from shared.providers.jimeng.request_body import image_body, video_body
from shared.requests import ImageRequest, VideoRequest

Json = dict[str, Any]

NAMED = {model.id: model for model in MODELS}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ID = "<uuid>"
PART: Json = {"type": "", "id": ID}
FILM = "dreamina_ic_generate_video_model_vgfm_3.0"
METADATA = PART | {
    "created_platform": 3,
    "created_platform_version": "",
    "created_time_in_ms": "<time>",
    "created_did": "",
}


def report(function: str) -> Json:
    names = {"enterSource": "generate", "vipSource": "generate", "extraVipFunctionKey": function}
    return {**names, "useVipFunctionDetailsReporterHoc": True}


def draft(version: str, component: Json) -> Json:
    head = {"type": "draft", "id": ID, "min_version": version, "min_features": [], "is_from_tsn": True}
    return {**head, "version": "3.3.9", "main_component_id": ID, "component_list": [component]}


def uploaded(uri: str) -> Json:
    where = {"type": "image", "id": ID, "source_from": "upload", "platform_type": 1, "name": "", "image_uri": uri}
    return {**where, "width": 0, "height": 0, "format": "", "uri": uri}


def core(**own: Any) -> Json:
    large = {"min_version": "3.0.2", "height": 1440, "width": 2560, "resolution_type": "2k"}
    return {
        **PART,
        "model": "high_aes_general_v40l",
        "prompt": "a cat",
        "sample_strength": 0.5,
        "large_image_info": PART | large,
        "intelligent_ratio": False,
        "image_ratio": 1,
        "negative_prompt": "",
        **own,
    }


def picture_scene(*abilities: Json) -> Json:
    return {
        "type": "image",
        "scene": "ImageBasicGenerate",
        "modelReqKey": "high_aes_general_v40l",
        "resolutionType": "2k",
        "abilityList": list(abilities),
        "reportParams": report("high_aes_general_v40l-2k"),
        "benefitCount": 4,
    }


def picture_component(kind: str, abilities: Json) -> Json:
    head = {"type": "image_base_component", "id": ID, "min_version": "3.0.2", "aigc_mode": "workbench"}
    return {**head, "metadata": METADATA, "generate_type": kind, "abilities": PART | abilities}


def of_pictures(version: str, scene: Json, component: Json) -> Json:
    metrics = {"promptSource": "custom", "generateCount": 1, "enterFrom": "click", "sceneOptions": [scene]}
    return {
        "extend": {"root_model": "high_aes_general_v40l"},
        "submit_id": ID,
        "metrics_extra": {**metrics, "generateId": ID, "isRegenerate": False},
        "draft_content": draft(version, component),
        "http_common_info": {"aid": 513695},
    }


OPTION = {"gen_option": PART | {"generate_all": False}}


def unfolded(value: Any) -> Any:
    """The JSON inside of JSON as what it says; ids and times are all the same."""
    match value:
        case dict():
            return {name: unfolded(inner) for name, inner in value.items()}
        case list():
            return [unfolded(inner) for inner in value]
        case str() if value[:1] in ("{", "["):
            return unfolded(json.loads(value))
        case str() if value.isdecimal() and len(value) == 13:
            return "<time>"
        case str():
            return UUID.sub(ID, value)
    return value


def an_image(**changes: Any) -> ImageRequest:
    return ImageRequest(NAMED["jimeng-4.5"], "a cat", Size(2560, 1440))._replace(**changes)


def test_an_image_from_text() -> None:
    generate = PART | {"core_param": core(seed=7)} | OPTION
    expected = of_pictures("3.0.2", picture_scene(), picture_component("generate", {"generate": generate}))
    assert unfolded(image_body(an_image(seed=7), [])) == expected


def blended(prompt: str, *uris: str, **own: Any) -> Json:
    edits = [
        PART | {"name": "byte_edit", "image_uri_list": [uri], "image_list": [uploaded(uri)], "strength": 0.5}
        for uri in uris
    ]
    blend = {
        **PART,
        **own,
        "min_features": [],
        "core_param": core(prompt=prompt),
        "ability_list": edits,
        "prompt_placeholder_info_list": [PART | {"ability_index": index} for index in range(len(uris))],
        "postedit_param": PART | {"generate_type": 0},
    }
    source = {"imageUrl": f"blob:https://dreamina.capcut.com/{ID}"}
    ability = {"abilityName": "byte_edit", "strength": 0.5, "source": source}
    component = picture_component("blend", {"blend": blend, **OPTION})
    return of_pictures("3.2.9", picture_scene(*[ability] * len(uris)), component)


def test_an_image_from_pictures() -> None:
    assert unfolded(image_body(an_image(), ["tos/a"])) == blended("##a cat", "tos/a")
    both = blended("####a cat", "tos/a", "tos/b", min_version="3.2.9")
    assert unfolded(image_body(an_image(), ["tos/a", "tos/b"])) == both


def test_a_video() -> None:
    scene = {
        "type": "video",
        "scene": "BasicVideoGenerateButton",
        "resolution": "720p",
        "modelReqKey": FILM,
        "videoDuration": 5,
        "materialTypes": [],
        "reportParams": report(f"{FILM}-720p"),
    }
    metrics = {
        "promptSource": "custom",
        "isDefaultSeed": 1,
        "originSubmitId": ID,
        "isRegenerate": False,
        "enterFrom": "use_bgimage_prompt",
        "position": "page_bottom_box",
        "functionMode": "first_last_frames",
        "sceneOptions": [scene],
    }
    wanted = {
        **PART,
        "min_version": "3.0.5",
        "prompt": "a cat runs",
        "video_mode": 2,
        "fps": 24,
        "duration_ms": 5000,
        "resolution": "720p",
        "first_frame_image": uploaded("tos/a"),
        "end_frame_image": uploaded("tos/b"),
        "idip_meta_list": [],
    }
    parameters = {"video_gen_inputs": [wanted], "video_aspect_ratio": "16:9", "seed": 7}
    parameters |= {"model_req_key": FILM, "priority": 0}
    film = PART | {"text_to_video_params": PART | parameters, "video_task_extra": metrics}
    head = {"type": "video_base_component", "id": ID, "min_version": "1.0.0", "aigc_mode": "workbench"}
    body = {"metadata": METADATA, "generate_type": "gen_video", "abilities": PART | {"gen_video": film}}
    commerce = {
        "benefit_type": "basic_video_operation_vgfm_v_three",
        "resource_id": "generate_video",
        "resource_id_type": "str",
        "resource_sub_type": "aigc",
    }
    request = VideoRequest(NAMED["video-3.0"], "a cat runs", 5, "720p", seed=7)
    order = video_body(request, "tos/a", "tos/b")
    draft_content = json.loads(order["draft_content"])
    inner = draft_content["component_list"][0]["abilities"]["gen_video"]["video_task_extra"]
    assert inner == order["metrics_extra"]
    assert unfolded(order) == {
        "extend": {
            "root_model": FILM,
            "m_video_commerce_info": commerce,
            "m_video_commerce_info_list": [commerce],
        },
        "submit_id": ID,
        "metrics_extra": metrics,
        "draft_content": draft("3.0.5", {**head, **body, "process_type": 1}),
        "http_common_info": {"aid": 513695},
    }


def test_ids_are_drawn_anew_and_point_at_each_other() -> None:
    order, other = (image_body(an_image(), []) for _ in range(2))
    content, metrics = json.loads(order["draft_content"]), json.loads(order["metrics_extra"])
    assert content["main_component_id"] == content["component_list"][0]["id"]
    assert metrics["generateId"] == order["submit_id"] != other["submit_id"]
    ids = UUID.findall(order["draft_content"]) + UUID.findall(other["draft_content"])
    assert len(set(ids)) == len(ids) - 2  # the two main components are named twice
