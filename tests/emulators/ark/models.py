"""The models that the fake Ark serves, and what each of them demands of an order."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tests.emulators.ark.wire import PictureOrder, VideoOrder, invalid, refused


@dataclass(frozen=True)
class VideoModel:
    least: int
    most: int
    last_frame: bool = True
    references: int = 0
    videos: int = 0
    audio: bool = False
    camera: bool = False
    resolutions: tuple[str, ...] = ("480p", "720p", "1080p")
    frames_keep_ratio: bool = False

    def check(self, order: VideoOrder) -> None:
        self._check_shape(order)
        if not self.least <= order.duration <= self.most:
            raise invalid("duration", f"the duration must be between {self.least} and {self.most}")
        if order.generate_audio is not None and not self.audio:
            raise invalid("generate_audio", "the model does not support it")
        if order.camera_fixed is not None and not self.camera:
            raise invalid("camera_fixed", "the model does not support it")
        if order.priority and not self.references:
            raise invalid("priority", "the model does not support it")
        if order.draft and not (self.audio and self.camera and order.resolution == "480p"):
            raise invalid("draft", "the model does not support it in this resolution")
        if order.videos > self.videos:
            raise invalid("content", "too many reference videos")
        self._check_pictures(order.roles)

    def _check_shape(self, order: VideoOrder) -> None:
        if order.resolution not in self.resolutions:
            raise invalid("resolution", "the model does not support it")
        if self.frames_keep_ratio and "first_frame" in order.roles and order.ratio not in (None, "adaptive"):
            raise invalid("ratio", "with frames it must be adaptive")

    def _check_pictures(self, roles: list[str | None]) -> None:
        if len(roles) > 1 and None in roles:
            raise invalid("content", "role must be specified for image contents")
        references = roles.count("reference_image")
        if references not in (0, len(roles)):
            raise invalid("content", "first or last frames cannot be mixed with reference images")
        if references > self.references:
            raise invalid("content", "too many reference images")
        frames = ["first_frame" if role is None else role for role in roles if role != "reference_image"]
        if frames not in ([], ["first_frame"], ["first_frame", "last_frame"]):
            raise invalid("content", "the roles of the frames make no sense")
        if len(frames) > 1 and not self.last_frame:
            raise invalid("content", "the model does not support a last frame")


@dataclass(frozen=True)
class PictureModel:
    min_pixels: int
    max_pixels: int = 4096 * 4096

    def check(self, order: PictureOrder) -> None:
        width, height = order.sides
        if width * height < self.min_pixels:
            raise invalid("size", f"image size must be at least {self.min_pixels} pixels")
        if order.seed != -1:
            raise invalid("seed", "the model does not support it")
        if width * height > self.max_pixels:
            raise invalid("size", f"image size must be at most {self.max_pixels} pixels")
        if max(width, height) > 4096 or max(width, height) > 16 * min(width, height):
            raise invalid("size", "image size is out of range")


_LOW = ("480p", "720p")
_SEEDANCE_2 = VideoModel(4, 15, references=9, videos=3, audio=True, resolutions=(*_LOW, "1080p", "4k"))

VIDEOS = {
    "doubao-seedance-2-5-260628": VideoModel(4, 30, references=30, videos=10, audio=True, frames_keep_ratio=True),
    "doubao-seedance-2-0-260128": _SEEDANCE_2,
    "doubao-seedance-2-0-fast-260128": replace(_SEEDANCE_2, resolutions=_LOW),
    "doubao-seedance-1-5-pro-251215": VideoModel(4, 12, audio=True, camera=True),
    "doubao-seedance-1-0-pro-250528": VideoModel(2, 12, camera=True),
    "doubao-seedance-1-0-pro-fast-251015": VideoModel(2, 12, last_frame=False, camera=True),
    # An endpoint of an account's own, behind which is a model that nobody has seen yet.
    "ep-boundless": VideoModel(1, 3600, references=16, videos=16, audio=True, camera=True),
}

PICTURES = {
    "doubao-seedream-5-0-260128": PictureModel(3_686_400),
    "doubao-seedream-5-0-pro-260628": PictureModel(921_600, 4_624_220),
    "doubao-seedream-4-5-251128": PictureModel(3_686_400),
    "doubao-seedream-4-0-250828": PictureModel(921_600),
}


def video_model(name: str) -> VideoModel:
    if name not in VIDEOS:
        raise _not_found(name)
    return VIDEOS[name]


def picture_model(name: str) -> PictureModel:
    if name not in PICTURES:
        raise _not_found(name)
    return PICTURES[name]


def _not_found(name: str) -> Exception:
    message = f"The model or endpoint {name} does not exist or you do not have access to it."
    return refused(404, "InvalidEndpointOrModel.NotFound", message, "", "NotFound")
