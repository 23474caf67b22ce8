"""The requests whose answers hold the ids of issued_ids.json: every provider, and every kind of id that it gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tests.emulators.gemini import VEO
from tests.emulators.piclumen import ALICE
from tests.issued.gateways import API_KEYS, GATEWAYS

IMAGES, EDITS, CHAT = "/v1/images/generations", "/v1/images/edits", "/v1/chat/completions"
VIDEOS, VIDEO_TASKS = "/v1/videos", "/v2/videos/generations"

_ARK_STORAGE = "https://ark-content-generation-v2-ap-southeast-1.tos-ap-southeast-1.volces.com"
_MODELSCOPE_STORAGE = "https://muse-ai.oss-cn-hangzhou.aliyuncs.com"
_TOKEN = f"authorization_token={ALICE}"


class Request(NamedTuple):
    """A client's request, for a job that is read by `poll`. `options` are settings of the provider's emulator."""

    what: str
    path: str
    body: Mapping[str, Any]
    poll: str = "GET /v1/jobs/{id}"
    gateway: str = "newer key"
    key: str = API_KEYS[0]
    options: Mapping[str, Any] = {}


def _image(what: str, model: str, n: int = 1) -> Request:
    return Request(what, IMAGES, {"model": model, "prompt": "a lighthouse", "n": n, "response_format": "url"})


def _edit(what: str, model: str) -> Request:
    return Request(what, EDITS, {"model": model, "prompt": "add a hat", "response_format": "url"})


def _chat(what: str, model: str, path: str = CHAT) -> Request:
    messages = [{"role": "user", "content": "draw a lighthouse"}]
    return Request(what, path, {"model": model, "messages": messages, "waitForImage": False}, "GET /v1/tasks/{id}")


def _video(what: str, model: str, path: str = VIDEOS) -> Request:
    return Request(what, path, {"model": model, "prompt": "a fjord"}, f"GET {path}/{{id}}")


def _with(request: Request, **options: Any) -> Request:
    return request._replace(options=options)


REQUESTS = (
    *(_image(f"zimage: image, {gateway}", "zimage/zimage-turbo")._replace(gateway=gateway) for gateway in GATEWAYS),
    _image("zimage: image of the other caller", "zimage/zimage-turbo")._replace(key=API_KEYS[1]),
    _image("zimage: images in one task", "zimage/zimage-turbo", 4),
    _with(_image("zimage: images in a batch", "zimage/zimage-turbo", 3), batch="parent"),
    _image("zimage: images in two tasks", "zimage/zimage-turbo", 6),
    _with(_image("zimage: image on one host", "zimage/zimage-turbo"), files_origin="https://image.zimage.run"),
    _with(_image("zimage: image on the other host", "zimage/zimage-turbo"), files_origin="https://files.zimage.run"),
    _edit("zimage: edit", "flux2-klein-9b"),
    _chat("zimage: chat with an image model", "zimage/zimage-turbo"),
    _chat("zimage: chat of Z-Image's clients", "zimage/zimage-turbo", f"/api{CHAT}"),
    _image("modelscope: images", "modelscope/zimage-turbo", 2),
    _with(_image("modelscope: image on its storage", "modelscope/zimage-base"), files_origin=_MODELSCOPE_STORAGE),
    _image("piclumen: images", "piclumen-fast", 2),
    _with(_image("piclumen: image on its storage", "piclumen-fast"), files_origin="https://images.piclumen.com"),
    Request(
        "piclumen: image of PicLumen's clients, on the operator's account",
        "/generate-image",
        {"prompt": "a cat"},
        "POST /check-image?mark_id={id}",
    ),
    Request(
        "piclumen: image of PicLumen's clients, on their own account",
        f"/generate-image?{_TOKEN}",
        {"prompt": "a cat"},
        f"POST /check-image?mark_id={{id}}&{_TOKEN}",
        key="",
    ),
    _image("akashchat: images", "AkashGen", 2),
    _with(_image("akashchat: image in what a poll answers", "AkashGen"), dialect="L"),
    _chat("akashchat: chat with an image model", "AkashGen"),
    _with(_image("ark: image", "seedream-5.0"), files_origin=_ARK_STORAGE),
    _with(_image("ark: images", "seedream-4.0", 3), files_origin=_ARK_STORAGE),
    _video("ark: video", "seedance-2.0"),
    _with(_video("ark: video on its storage", "seedance-1.5-pro"), files_origin=_ARK_STORAGE),
    _video("ark: video of the Imagen API's clients", "seedance-2.0", VIDEO_TASKS),
    _image("jimeng: images", "jimeng-5.0", 6),
    _edit("jimeng: edit", "jimeng-5.0"),
    _video("jimeng: video", "jimeng/video-3.5-pro"),
    _video("jimeng: video of the Imagen API's clients", "jimeng/video-3.0", VIDEO_TASKS),
    _image("gemini: image, kept as an artifact", "gemini-3-pro-image"),
    _edit("gemini: edit, kept as an artifact", "gemini-3.1-flash-image"),
    _video("gemini: video", "gemini-omni-1.1-flash"),
    _video("gemini: video by an operation", VEO),
    _image("gemini_web: images", "gemini-web"),
    _edit("gemini_web: edit", "gemini-web"),
    _image("openai_compatible: images", "flux-emulated", 2),
    _edit("openai_compatible: edit", "flux-emulated"),
    _with(_image("openai_compatible: image, kept as an artifact", "flux-emulated"), pictures="b64_json"),
    _image("sketch: images", "sketch", 2),
    _chat("sketch: chat with an image model", "sketch"),
)
