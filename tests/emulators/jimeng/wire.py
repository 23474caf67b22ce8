"""Jimeng's calls, as strict as can be: a digest over each, and orders with JSON inside of JSON inside of JSON."""

from __future__ import annotations

import hashlib
import time
from typing import Annotated, Any, Literal, TypeVar

from pydantic import UUID4, BaseModel, ConfigDict, Field, Json, ValidationError, model_validator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.emulators.base import Refused

Document = dict[str, Any]
Body = TypeVar("Body", bound=BaseModel)
Uuid = Annotated[UUID4, Field(strict=False)]
Seed = Annotated[int, Field(ge=0, le=4294967295)]
Nothing = Annotated[list[str], Field(max_length=0)]

MESSAGES = {
    "1002": "no such path",
    "1006": "积分不足",
    "1014": "sign check error",
    "1015": "check login error",
    "1019": "shark not pass",
    "4001": "text contains sensitive content",
    "4002": "invalid parameter",
    "-4": "shark check reject",
}
"""By `ret`."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Part(Strict):
    type: Literal[""]
    id: Uuid


class Size(Part):
    min_version: Literal["3.0.2"]
    height: int = Field(ge=512, le=6197)
    width: int = Field(ge=512, le=6197)
    resolution_type: Literal["1k", "2k", "4k"]


class Core(Part):
    model: str
    prompt: str = Field(min_length=1)
    sample_strength: float = Field(ge=0, le=1)
    large_image_info: Size
    intelligent_ratio: Literal[False]
    image_ratio: int = Field(ge=0, le=8)
    negative_prompt: str
    seed: Seed | None = None


class Option(Part):
    generate_all: Literal[False]


class Generate(Part):
    core_param: Core
    gen_option: Option


class Uploaded(Strict):
    type: Literal["image"]
    id: Uuid
    source_from: Literal["upload"]
    platform_type: Literal[1]
    name: Literal[""]
    image_uri: str
    uri: str
    width: Literal[0]
    height: Literal[0]
    format: Literal[""]

    @model_validator(mode="after")
    def _one_place(self) -> Uploaded:
        assert self.uri == self.image_uri
        return self


class Edit(Part):
    name: Literal["byte_edit"]
    image_uri_list: list[str] = Field(min_length=1, max_length=1)
    image_list: list[Uploaded] = Field(min_length=1, max_length=1)
    strength: float = Field(ge=0, le=1)

    @model_validator(mode="after")
    def _one_place(self) -> Edit:
        assert self.image_uri_list == [self.image_list[0].uri]
        return self


class Placeholder(Part):
    ability_index: int


class Postedit(Part):
    generate_type: Literal[0]


class Blend(Part):
    min_version: Literal["3.2.9"] | None = None
    min_features: Nothing
    core_param: Core
    ability_list: list[Edit] = Field(min_length=1, max_length=10)
    prompt_placeholder_info_list: list[Placeholder]
    postedit_param: Postedit

    @model_validator(mode="after")
    def _of_all_pictures(self) -> Blend:
        number = len(self.ability_list)
        assert [holder.ability_index for holder in self.prompt_placeholder_info_list] == list(range(number))
        assert self.core_param.prompt.startswith("##" * number)
        assert (self.min_version is not None) == (number > 1)
        return self


class Generating(Part):
    generate: Generate


class Blending(Part):
    blend: Blend
    gen_option: Option


class VideoInput(Part):
    min_version: Literal["3.0.5"]
    prompt: str = Field(min_length=1)
    video_mode: Literal[2]
    fps: Literal[24]
    duration_ms: int
    resolution: Literal["720p", "1080p"] | None = None
    first_frame_image: Uploaded | None = None
    end_frame_image: Uploaded | None = None
    idip_meta_list: Nothing


class VideoParameters(Part):
    video_gen_inputs: list[VideoInput] = Field(min_length=1, max_length=1)
    video_aspect_ratio: Literal["21:9", "16:9", "4:3", "1:1", "3:4", "9:16"]
    seed: Seed
    model_req_key: str
    priority: Literal[0]


class GenVideo(Part):
    text_to_video_params: VideoParameters
    video_task_extra: str


class Filming(Part):
    gen_video: GenVideo


class Metadata(Part):
    created_platform: Literal[3]
    created_platform_version: Literal[""]
    created_time_in_ms: str = Field(pattern=r"^\d{13}$")
    created_did: Literal[""]


class Component(Strict):
    id: Uuid
    aigc_mode: Literal["workbench"]
    metadata: Metadata


class PictureComponent(Component):
    type: Literal["image_base_component"]
    min_version: Literal["3.0.2"]
    generate_type: Literal["generate", "blend"]
    abilities: Generating | Blending

    @property
    def core(self) -> Core:
        abilities = self.abilities
        return abilities.blend.core_param if isinstance(abilities, Blending) else abilities.generate.core_param

    @property
    def uris(self) -> list[str]:
        abilities = self.abilities
        edits = abilities.blend.ability_list if isinstance(abilities, Blending) else []
        return [edit.image_uri_list[0] for edit in edits]

    @model_validator(mode="after")
    def _of_its_kind(self) -> PictureComponent:
        assert (self.generate_type == "blend") == isinstance(self.abilities, Blending)
        return self


class VideoComponent(Component):
    type: Literal["video_base_component"]
    min_version: Literal["1.0.0"]
    generate_type: Literal["gen_video"]
    abilities: Filming
    process_type: Literal[1]

    @property
    def parameters(self) -> VideoParameters:
        return self.abilities.gen_video.text_to_video_params

    @property
    def wanted(self) -> VideoInput:
        return self.parameters.video_gen_inputs[0]

    @property
    def frames(self) -> list[str]:
        """The uris of the first and the last; the empty one where there is none."""
        return [frame.uri if frame else "" for frame in (self.wanted.first_frame_image, self.wanted.end_frame_image)]


class Draft(Strict):
    type: Literal["draft"]
    id: Uuid
    min_version: Literal["3.0.2", "3.2.9", "3.0.5"]
    min_features: Nothing
    is_from_tsn: Literal[True]
    version: Literal["3.3.9"]
    main_component_id: Uuid
    component_list: list[Annotated[PictureComponent | VideoComponent, Field(discriminator="type")]] = Field(
        min_length=1, max_length=1
    )

    @model_validator(mode="after")
    def _main_component(self) -> Draft:
        component = self.component_list[0]
        versions = {"generate": "3.0.2", "blend": "3.2.9", "gen_video": "3.0.5"}
        assert self.main_component_id == component.id
        assert self.min_version == versions[component.generate_type]
        return self


class Report(Strict):
    enterSource: Literal["generate"]
    vipSource: Literal["generate"]
    extraVipFunctionKey: str
    useVipFunctionDetailsReporterHoc: Literal[True]


class EditSource(Strict):
    imageUrl: str = Field(pattern="^blob:https://dreamina.capcut.com/")


class EditMetrics(Strict):
    abilityName: Literal["byte_edit"]
    strength: float
    source: EditSource


class PictureScene(Strict):
    type: Literal["image"]
    scene: Literal["ImageBasicGenerate"]
    modelReqKey: str
    resolutionType: Literal["1k", "2k", "4k"]
    abilityList: list[EditMetrics]
    reportParams: Report
    benefitCount: Literal[4]


class PictureMetrics(Strict):
    promptSource: Literal["custom"]
    generateCount: Literal[1]
    enterFrom: Literal["click"]
    sceneOptions: Json[list[PictureScene]]
    generateId: Uuid
    isRegenerate: Literal[False]


class VideoScene(Strict):
    type: Literal["video"]
    scene: Literal["BasicVideoGenerateButton"]
    resolution: Literal["720p", "1080p"] | None = None
    modelReqKey: str
    videoDuration: int
    materialTypes: Nothing
    reportParams: Report


class VideoMetrics(Strict):
    promptSource: Literal["custom"]
    isDefaultSeed: Literal[1]
    originSubmitId: Uuid
    isRegenerate: Literal[False]
    enterFrom: Literal["use_bgimage_prompt"]
    position: Literal["page_bottom_box"]
    functionMode: Literal["first_last_frames"]
    sceneOptions: Json[list[VideoScene]]


class Commerce(Strict):
    benefit_type: str
    resource_id: Literal["generate_video"]
    resource_id_type: Literal["str"]
    resource_sub_type: Literal["aigc"]


class Extend(Strict):
    root_model: str
    m_video_commerce_info: Commerce | None = None
    m_video_commerce_info_list: list[Commerce] | None = None


class CommonInfo(Strict):
    aid: Literal[513695]


class Order(Strict):
    """The body of a run."""

    extend: Extend
    submit_id: Uuid
    metrics_extra: Json[PictureMetrics | VideoMetrics]
    draft_content: Json[Draft]
    http_common_info: CommonInfo

    @property
    def component(self) -> PictureComponent | VideoComponent:
        return self.draft_content.component_list[0]

    @property
    def prompt(self) -> str:
        component = self.component
        return component.wanted.prompt if isinstance(component, VideoComponent) else component.core.prompt

    @property
    def model(self) -> str:
        component = self.component
        return component.parameters.model_req_key if isinstance(component, VideoComponent) else component.core.model


class PictureInfo(Strict):
    """The one format that this fake can draw."""

    width: Literal[2048]
    height: Literal[2048]
    format: Literal["png"]


class Look(Strict):
    history_ids: list[str] = Field(min_length=1)
    image_info: PictureInfo | None = None


class Packing(Strict):
    scene: Literal[1]
    need_data_integrity: Literal[True]


class ItemsLook(Strict):
    item_id_list: list[str] = Field(min_length=1)
    pack_item_opt: Packing
    is_for_video_download: bool = False


class TokenWish(Strict):
    scene: Literal[2]


class GiftWish(Strict):
    time_zone: Literal["Asia/Shanghai"]


class Empty(Strict):
    pass


def success(data: Document) -> Response:
    return JSONResponse({"ret": "0", "errmsg": "success", **_times(), "data": data})


def refused(ret: str, data: Document | None = None) -> Refused:
    body = {"ret": ret, "errmsg": MESSAGES.get(ret, f"error {ret}"), **_times(), "data": data or {}}
    return Refused(JSONResponse(body))


def _times() -> Document:
    return {"systime": str(int(time.time())), "logid": "20260111101839"}


async def parse(request: Request, model: type[Body]) -> Body:
    """The body of a call whose digest is right."""
    moment = request.headers.get("device-time", "")
    signed = f"9e2c|{request.url.path[-7:]}|7|{request.headers.get('appvr')}|{moment}||11ac"
    if request.headers.get("sign") != hashlib.md5(signed.encode()).hexdigest() or not _is_now(moment):
        raise refused("1014")
    if any(request.headers.get(name) != value for name, value in _HEADERS.items()):
        raise refused("1019")
    if request.query_params.get("aid") != "513695" or len(request.query_params.get("webId", "")) != 19:
        raise refused("4002")
    try:
        return model.model_validate_json(await request.body())
    except ValidationError:
        raise refused("4002") from None


_HEADERS = {"appid": "513695", "pf": "7", "sign-ver": "1", "tdid": "", "origin": "https://jimeng.jianying.com"}


def _is_now(moment: str) -> bool:
    return moment.isdecimal() and abs(time.time() - int(moment)) < 300
