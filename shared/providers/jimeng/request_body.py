"""Build request bodies: drafts whose parts all have ids, with nested JSON texts."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from shared.providers.jimeng.models import (
    IMAGES_PER_JOB,
    LARGEST_SEED,
    benefit,
    ratio_code,
    resolution_type,
)
from shared.requests import ImageRequest, VideoRequest

Json = dict[str, Any]

_AID = 513695
_DEFAULT_RATIO = "16:9"
_STRENGTH = 0.5


def image_body(request: ImageRequest, uris: Sequence[str]) -> Json:
    """Return the body for text to image or, with the `uris` of uploaded images, for a blend."""
    abilities = _blend(request, uris) if uris else _generate(request)
    version = "3.2.9" if uris else "3.0.2"
    kind = "blend" if uris else "generate"
    component = _component("image_base_component", "3.0.2", kind, abilities)
    submit_id = _uuid()
    return _body(request.model.upstream, submit_id, _image_metrics(request, len(uris), submit_id), version, component)


def video_body(request: VideoRequest, first_frame: str, last_frame: str) -> Json:
    """Return the body for text to video, or with the `uri` of a first and last frame if not empty."""
    upstream = request.model.upstream
    commerce = {
        "benefit_type": benefit(upstream, request.resolution),
        "resource_id": "generate_video",
        "resource_id_type": "str",
        "resource_sub_type": "aigc",
    }
    metrics = _text(_video_metrics(request))
    component = _component(
        "video_base_component", "1.0.0", "gen_video", _video(request, first_frame, last_frame, metrics)
    )
    body = _body(upstream, _uuid(), metrics, "3.0.5", component | {"process_type": 1})
    body["extend"] |= {"m_video_commerce_info": commerce, "m_video_commerce_info_list": [commerce]}
    return body


def _body(upstream: str, submit_id: str, metrics: str, version: str, component: Json) -> Json:
    draft = {
        "type": "draft",
        "id": _uuid(),
        "min_version": version,
        "min_features": [],
        "is_from_tsn": True,
        "version": "3.3.9",
        "main_component_id": component["id"],
        "component_list": [component],
    }
    return {
        "extend": {"root_model": upstream},
        "submit_id": submit_id,
        "metrics_extra": metrics,
        "draft_content": _text(draft),
        "http_common_info": {"aid": _AID},
    }


def _component(kind: str, version: str, generate_type: str, abilities: Json) -> Json:
    created = {"created_platform": 3, "created_platform_version": "", "created_did": ""}
    return {
        "type": kind,
        "id": _uuid(),
        "min_version": version,
        "aigc_mode": "workbench",
        "metadata": _part(**created, created_time_in_ms=str(time.time_ns() // 1_000_000)),
        "generate_type": generate_type,
        "abilities": _part(**abilities),
    }


def _generate(request: ImageRequest) -> Json:
    core = _core(request, request.prompt) | {"seed": _seed(request.seed)}
    return {"generate": _part(core_param=core, gen_option=_part(generate_all=False))}


def _blend(request: ImageRequest, uris: Sequence[str]) -> Json:
    core = _core(request, "##" * len(uris) + request.prompt)
    if request.seed is not None:  # the site's page sends none
        core["seed"] = _seed(request.seed)
    abilities = [
        _part(name="byte_edit", image_uri_list=[uri], image_list=[_uploaded(uri)], strength=_STRENGTH) for uri in uris
    ]
    blend = _part(
        **({"min_version": "3.2.9"} if len(uris) > 1 else {}),
        min_features=[],
        core_param=core,
        ability_list=abilities,
        prompt_placeholder_info_list=[_part(ability_index=index) for index in range(len(uris))],
        postedit_param=_part(generate_type=0),
    )
    return {"blend": blend, "gen_option": _part(generate_all=False)}


def _core(request: ImageRequest, prompt: str) -> Json:
    size = request.size
    large = _part(min_version="3.0.2", height=size.height, width=size.width, resolution_type=resolution_type(size))
    return _part(
        model=request.model.upstream,
        prompt=prompt,
        sample_strength=0.5,
        large_image_info=large,
        intelligent_ratio=False,
        image_ratio=ratio_code(size),
        negative_prompt=request.negative_prompt,
    )


def _video(request: VideoRequest, first_frame: str, last_frame: str, metrics: str) -> Json:
    frames = {"first_frame_image": first_frame, "end_frame_image": last_frame}
    inputs = _part(
        min_version="3.0.5",
        prompt=request.prompt,
        video_mode=2,
        fps=24,
        duration_ms=1000 * request.seconds,
        **_resolution(request),
        **{name: _uploaded(uri) for name, uri in frames.items() if uri},
        idip_meta_list=[],
    )
    parameters = _part(
        video_gen_inputs=[inputs],
        video_aspect_ratio=request.ratio or _DEFAULT_RATIO,
        seed=_seed(request.seed),
        model_req_key=request.model.upstream,
        priority=0,
    )
    return {"gen_video": _part(text_to_video_params=parameters, video_task_extra=metrics)}


def _image_metrics(request: ImageRequest, inputs: int, submit_id: str) -> str:
    resolution = resolution_type(request.size)
    source = {"imageUrl": f"blob:https://dreamina.capcut.com/{_uuid()}"}
    ability = {"abilityName": "byte_edit", "strength": _STRENGTH, "source": source}
    scene = {
        "type": "image",
        "scene": "ImageBasicGenerate",
        "modelReqKey": request.model.upstream,
        "resolutionType": resolution,
        "abilityList": [ability] * inputs,
        "reportParams": _report(f"{request.model.upstream}-{resolution}"),
        "benefitCount": IMAGES_PER_JOB,
    }
    return _text(
        {
            "promptSource": "custom",
            "generateCount": 1,
            "enterFrom": "click",
            "sceneOptions": _text([scene]),
            "generateId": submit_id,
            "isRegenerate": False,
        }
    )


def _video_metrics(request: VideoRequest) -> Json:
    resolution = _resolution(request)
    scene = {
        "type": "video",
        "scene": "BasicVideoGenerateButton",
        **resolution,
        "modelReqKey": request.model.upstream,
        "videoDuration": request.seconds,
        "materialTypes": [],
        "reportParams": _report("-".join([request.model.upstream, *resolution.values()])),
    }
    return {
        "promptSource": "custom",
        "isDefaultSeed": 1,
        "originSubmitId": _uuid(),
        "isRegenerate": False,
        "enterFrom": "use_bgimage_prompt",
        "position": "page_bottom_box",
        "functionMode": "first_last_frames",
        "sceneOptions": _text([scene]),
    }


def _report(function: str) -> Json:
    return {
        "enterSource": "generate",
        "vipSource": "generate",
        "extraVipFunctionKey": function,
        "useVipFunctionDetailsReporterHoc": True,
    }


def _resolution(request: VideoRequest) -> dict[str, str]:
    """Return the field for models with several resolutions."""
    return {"resolution": request.resolution} if len(request.model.resolutions) > 1 else {}


def _uploaded(uri: str) -> Json:
    where = {"image_uri": uri, "uri": uri}
    return {
        "type": "image",
        "id": _uuid(),
        "source_from": "upload",
        "platform_type": 1,
        "name": "",
        "width": 0,
        "height": 0,
        "format": "",
        **where,
    }


def _part(**fields: Any) -> Json:
    return {"type": "", "id": _uuid(), **fields}


def _seed(seed: int | None) -> int:
    return secrets.randbelow(LARGEST_SEED + 1) if seed is None else seed % (LARGEST_SEED + 1)


def _uuid() -> str:
    return str(uuid4())


def _text(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
