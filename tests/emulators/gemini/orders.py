"""Orders for videos, as the Interactions API and predictLongRunning accept them, and what each way demands of them."""

import re
from typing import Annotated, Literal

from pydantic import Field

from tests.emulators.gemini.wire import Blob, Wire, invalid, invalid_request

_DURATION = re.compile(r"(\d+(?:\.\d+)?)s", re.ASCII)
_MOST_PICTURES = 10
Task = Literal["text_to_video", "image_to_video", "reference_to_video", "edit", "extend", "upscale"]


class TextItem(Wire):
    type: Literal["text"]
    text: Annotated[str, Field(min_length=1)]


class ImageItem(Wire):
    type: Literal["image"]
    data: str
    mime_type: str

    def content(self) -> bytes:
        return Blob(mime_type=self.mime_type, data=self.data).content()


Item = Annotated[TextItem | ImageItem, Field(discriminator="type")]


class UserInput(Wire):
    type: Literal["user_input"]
    content: Annotated[list[Item], Field(min_length=1)]


class VideoFormat(Wire):
    type: Literal["video"] = "video"
    aspect_ratio: Literal["16:9", "9:16"] = "16:9"
    duration: str = "10s"
    resolution: Literal["360p", "720p", "1080p", "4k"] = "720p"
    delivery: Literal["inline", "uri"] = "inline"


class VideoConfig(Wire):
    task: Task | None = None


class VideoGeneration(Wire):
    video_config: VideoConfig = VideoConfig()


class Interaction(Wire):
    """The body of an interaction, as far as videos need it."""

    model: str
    input: (
        Annotated[str, Field(min_length=1)]
        | Annotated[list[UserInput], Field(min_length=1)]
        | Annotated[list[Item], Field(min_length=1)]
    )
    background: bool = False
    store: bool = True
    stream: Literal[False] = False
    response_format: VideoFormat = VideoFormat()
    generation_config: VideoGeneration = VideoGeneration()

    @property
    def items(self) -> list[TextItem | ImageItem]:
        if isinstance(self.input, str):
            return [TextItem(type="text", text=self.input)]
        steps = [each.content if isinstance(each, UserInput) else [each] for each in self.input]
        return [item for step in steps for item in step]

    @property
    def prompt(self) -> str:
        return " ".join(item.text for item in self.items if isinstance(item, TextItem))

    @property
    def pictures(self) -> list[bytes]:
        return [item.content() for item in self.items if isinstance(item, ImageItem)]

    def check(self, old: bool) -> None:
        """`old` is the first of these models, which has one resolution."""
        longest = 10 if old or self.model == "gemini-omni-1.1-flash" else 15
        if self.background and not self.store:
            raise invalid_request("store=false is not supported for background interactions.")
        length = _DURATION.fullmatch(self.response_format.duration)
        if not length:
            raise invalid_request("Invalid duration: it has to be like 5s.")
        if float(length[1]) < 3:
            raise invalid_request("Invalid duration: minimum allowed 3s.")
        if float(length[1]) > longest:
            raise invalid_request(f"Invalid duration: maximum allowed {longest}s.")
        if old and self.response_format.resolution != "720p":
            raise invalid_request("This model does not support the resolution.")
        self._check_pictures(len(self.pictures))

    def _check_pictures(self, count: int) -> None:
        least, most = {
            "text_to_video": (0, 0),
            "image_to_video": (1, 2),
            "reference_to_video": (1, _MOST_PICTURES),
            None: (0, _MOST_PICTURES),
        }.get(self.generation_config.video_config.task, (0, -1))
        if not least <= count <= most:
            raise invalid_request(f"The task does not go with {count} images.")
        if "<LAST_FRAME>" in self.prompt and count < 2:
            raise invalid_request("<LAST_FRAME> has no image.")


class Picture(Wire):
    bytes_base64_encoded: str
    mime_type: str

    def content(self) -> bytes:
        return Blob(mime_type=self.mime_type, data=self.bytes_base64_encoded).content()


class Reference(Wire):
    image: Picture
    reference_type: Literal["asset"]


class Instance(Wire):
    prompt: Annotated[str, Field(min_length=1)]
    image: Picture | None = None
    last_frame: Picture | None = None
    reference_images: Annotated[list[Reference], Field(max_length=3)] = []


class Parameters(Wire):
    sample_count: Annotated[int, Field(ge=1, le=4)] = 1
    duration_seconds: Literal[4, 6, 8] = 8
    aspect_ratio: Literal["16:9", "9:16"] = "16:9"
    resolution: Literal["720p", "1080p", "4k"] = "720p"
    negative_prompt: str | None = None
    person_generation: str | None = None


class Operation(Wire):
    """The body of predictLongRunning."""

    instances: Annotated[list[Instance], Field(min_length=1, max_length=1)]
    parameters: Parameters = Parameters()

    @property
    def prompt(self) -> str:
        return self.instances[0].prompt

    @property
    def pictures(self) -> list[bytes]:
        [instance] = self.instances
        frames = [frame.content() for frame in (instance.image, instance.last_frame) if frame]
        return frames + [reference.image.content() for reference in instance.reference_images]

    def check(self) -> None:
        [instance] = self.instances
        if instance.last_frame and not instance.image:
            raise invalid("lastFrame needs an image.")
        if instance.image and instance.reference_images:
            raise invalid("referenceImages do not go with image.")
        needs_all = self.parameters.resolution != "720p" or instance.reference_images
        if needs_all and self.parameters.duration_seconds != 8:
            raise invalid("durationSeconds has to be 8 with this resolution, or with referenceImages.")
