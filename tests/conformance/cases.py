"""What the suite has to know of each provider beside the protocol: its emulator, and how to make trouble there."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from typing import ClassVar

from shared.providers import MediaProvider
from shared.providers.ark.links import packed
from shared.providers.gemini.models import veo_model
from shared.values import Queued, Running, Size, Status, Succeeded
from tests.conformance.films import Films, Pictures
from tests.emulators import akashchat, ark, gemini, jimeng, modelscope, piclumen
from tests.emulators.base import Emulator
from tests.emulators.faults import Endless, Fault
from tests.emulators.files import FileHost
from tests.emulators.gemini_web import GeminiWeb
from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.zimage import Fate, ZImage

EVERYTHING = frozenset({"refusals", "credentials", "network", "states", "looks", "links", "inputs"})
"""`states` are those of a job that is looked at; `looks` are calls: some refs are the result's own address. `links`
are results that lie anywhere outside of a look."""

WITHOUT_JOBS = frozenset({"jobs", "states", "looks"})
"""What is lacked by those who answer with the results themselves."""


class Case(ABC):
    """One provider in front of its emulator. `lacks` names what its upstream truly does not have."""

    name: ClassVar[str]
    lacks: ClassVar[frozenset[str]] = frozenset()
    submit_path: ClassVar[str] = ""
    poll_path: ClassVar[str] = ""
    file_path: ClassVar[str] = ""
    talk_path: ClassVar[str] = ""
    unknown_ref: ClassVar[str] = "unknown"
    unknown_output: ClassVar[str] = "unknown"
    media_type: ClassVar[str] = "image/png"
    statuses: ClassVar[tuple[type[Status], ...]] = (Queued, Running, Succeeded)
    """What successive polls of an emulated job return."""

    def seen(self, provider: MediaProvider) -> MediaProvider:
        """The provider as the promises are to be held against it."""
        return provider

    def is_result(self, data: bytes, size: Size) -> bool:
        """Whether this is what was asked for."""
        return data.startswith(b"\x89PNG") and (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == size

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def stop(self) -> None: ...

    @property
    def emulator(self) -> Emulator:
        raise NotImplementedError(f"{self.name} has no upstream")

    def environment(self) -> dict[str, str]:
        return self.emulator.environment()

    def environment_with_wrong_credentials(self) -> dict[str, str]:
        raise NotImplementedError(f"{self.name} knows no credentials")

    def taken(self) -> int:
        """How many jobs the upstream has taken."""
        raise NotImplementedError

    def next_job_fails(self) -> None:
        raise NotImplementedError

    def next_prompt_is_refused(self) -> None:
        raise NotImplementedError

    def next_job_is_in_an_unknown_state(self, word: str) -> None:
        raise NotImplementedError

    def next_job_never_ends(self) -> None:
        raise NotImplementedError

    def results_lie_on(self, origin: str) -> None:
        raise NotImplementedError

    def result_is(self, payload: bytes, content_type: str) -> None:
        raise NotImplementedError

    def ignore_ranges(self) -> None:
        raise NotImplementedError

    def endless_answer(self) -> Fault:
        """A conversation of which the first word comes, and no second."""
        raise NotImplementedError


class FileHostCase(Case):
    """A provider whose upstream hosts its results itself."""

    @property
    @abstractmethod
    def emulator(self) -> FileHost: ...

    def stop(self) -> None:
        self.emulator.stop()

    def results_lie_on(self, origin: str) -> None:
        self.emulator.files_origin = origin

    def result_is(self, payload: bytes, content_type: str) -> None:
        self.emulator.payload = payload
        self.emulator.content_type = content_type

    def ignore_ranges(self) -> None:
        self.emulator.ranges = False


class AkashChatCase(FileHostCase):
    """The newest version of the site, which tells nobody how long a picture is, nor gives parts of one."""

    name = "akashchat"
    lacks = frozenset({"credentials", "refusals", "ranges", "inputs"})
    submit_path = talk_path = "/api/chat/"
    poll_path = "/api/image-status/"
    file_path = "/api/image/"
    unknown_ref = "00000000-0000-4000-8000-000000000000"
    unknown_output = "/api/image/job_00000000_00001_.webp"

    def start(self) -> None:
        self._emulator = akashchat.AkashChat(dialect="N", drawing="png", says=None).start()

    @property
    def emulator(self) -> akashchat.AkashChat:
        return self._emulator

    def taken(self) -> int:
        return len(self.emulator.jobs)

    def next_job_fails(self) -> None:
        self.emulator.next_fate(akashchat.Fate.FAILS)

    def next_job_is_in_an_unknown_state(self, word: str) -> None:
        self.emulator.state_words = itertools.repeat(word)

    def next_job_never_ends(self) -> None:
        self.emulator.next_fate(akashchat.Fate.NEVER_ENDS)

    def endless_answer(self) -> Fault:
        return Endless(b'f:{"messageId":"msg-1"}\n0:"Well"\n', "text/plain; charset=utf-8")


class AkashChatMiddleCase(AkashChatCase):
    """The version before, on a host that does all that a host of files can."""

    lacks = frozenset({"credentials", "refusals", "inputs"})

    def start(self) -> None:
        self._emulator = akashchat.AkashChat(dialect="M", drawing="png", says=None, ranges=True, sizes=True).start()


class AkashChatLegacyCase(AkashChatCase):
    """The first version, where a picture is a data URI inside of what a look shows."""

    lacks = frozenset({"credentials", "refusals", "links", "inputs"})
    statuses = (Running, Running, Succeeded)
    file_path = "/api/image-status/"
    unknown_output = "=00000000-0000-4000-8000-000000000000"

    def start(self) -> None:
        self._emulator = akashchat.AkashChat(dialect="L", drawing="png", says=None).start()


class SketchCase(Case):
    name = "sketch"
    lacks = EVERYTHING
    unknown_ref = "not-a-sketch"
    unknown_output = "1024x1024_x_0_0_digest"

    def start(self) -> None:
        pass

    def stop(self) -> None:
        pass

    def environment(self) -> dict[str, str]:
        return {}


class GeminiCase(FileHostCase):
    """Its pictures, which are in the answers themselves."""

    name = "gemini"
    lacks = WITHOUT_JOBS
    submit_path = ":generateContent"
    unknown_output = "file-unknown"

    def start(self) -> None:
        self._emulator = gemini.Gemini().start()

    @property
    def emulator(self) -> gemini.Gemini:
        return self._emulator

    def seen(self, provider: MediaProvider) -> MediaProvider:
        return Pictures(provider)

    def environment_with_wrong_credentials(self) -> dict[str, str]:
        return {**self.environment(), "GEMINI_API_KEY": "nobody"}

    def taken(self) -> int:
        return len(self.emulator.submits)

    def next_prompt_is_refused(self) -> None:
        self.emulator.next_fate(gemini.Fate.UNSAFE)


class GeminiFilmsCase(GeminiCase):
    """Its videos, as interactions in the background."""

    lacks = frozenset({"inputs"})
    submit_path = "/v1beta/interactions"
    poll_path = "/v1beta/interactions/"
    file_path = "/download/"
    media_type = "video/mp4"

    def seen(self, provider: MediaProvider) -> MediaProvider:
        return Films(provider)

    def is_result(self, data: bytes, size: Size) -> bool:
        return data.startswith(ark.CLIP)

    def taken(self) -> int:
        return len(self.emulator.films)

    def next_job_fails(self) -> None:
        self.emulator.next_fate(gemini.FilmFate.FAILS)

    def next_prompt_is_refused(self) -> None:
        self.emulator.next_fate(gemini.FilmFate.UNSAFE)

    def next_job_is_in_an_unknown_state(self, word: str) -> None:
        self.emulator.state_words = itertools.repeat(word)

    def next_job_never_ends(self) -> None:
        self.emulator.next_fate(gemini.FilmFate.NEVER_ENDS)


class GeminiOperationsCase(GeminiFilmsCase):
    """Its videos by the older way, whose only state is to be done."""

    lacks = frozenset({"inputs", "states"})
    statuses = (Running, Running, Succeeded)
    submit_path = ":predictLongRunning"
    poll_path = "/operations/"
    unknown_ref = f"{gemini.VEO}~unknown"

    def start(self) -> None:
        self._emulator = gemini.Gemini(live=(gemini.VEO,), shut=()).start()

    def seen(self, provider: MediaProvider) -> MediaProvider:
        return Films(provider, veo_model(gemini.VEO))


class ZImageCase(FileHostCase):
    name = "zimage"
    lacks = frozenset({"inputs"})
    submit_path = "/api/z-image/generate"
    poll_path = "/api/z-image/task"
    file_path = "/output/"
    unknown_ref = "t00000000-0000-4000-8000-000000000000"
    unknown_output = "/output/00000000-0000-4000-8000-000000000000_0.png"

    def start(self) -> None:
        self._emulator = ZImage(auth="cookie").start()

    @property
    def emulator(self) -> ZImage:
        return self._emulator

    def environment_with_wrong_credentials(self) -> dict[str, str]:
        return {**self.environment(), "ZIMAGE_COOKIE": "zi_visitor=nobody"}

    def taken(self) -> int:
        return len(self.emulator.submits)

    def next_job_fails(self) -> None:
        self.emulator.next_fate(Fate.FAILS)

    def next_prompt_is_refused(self) -> None:
        self.emulator.next_fate(Fate.REFUSED)

    def next_job_is_in_an_unknown_state(self, word: str) -> None:
        self.emulator.state_words = itertools.repeat(word)

    def next_job_never_ends(self) -> None:
        self.emulator.next_fate(Fate.NEVER_ENDS)


class PiclumenCase(FileHostCase):
    name = "piclumen"
    lacks = frozenset({"inputs"})
    submit_path = "/api/gen/create"
    poll_path = "/api/task/batch-process-task"
    file_path = "/normal/"
    unknown_ref = "1-0-00000000-0000-4000-8000-000000000000"
    unknown_output = "/normal/20251231/14/00000000000000000000000000000000.webp"

    def start(self) -> None:
        self._emulator = piclumen.Piclumen().start()

    @property
    def emulator(self) -> piclumen.Piclumen:
        return self._emulator

    def environment_with_wrong_credentials(self) -> dict[str, str]:
        return {**self.environment(), "PICLUMEN_TOKEN": "nobody"}

    def taken(self) -> int:
        return len(self.emulator.tasks)

    def next_job_fails(self) -> None:
        self.emulator.next_fate(piclumen.Fate.FAILS)

    def next_prompt_is_refused(self) -> None:
        self.emulator.next_fate(piclumen.Fate.REFUSED)

    def next_job_is_in_an_unknown_state(self, word: str) -> None:
        self.emulator.state_words = itertools.repeat(word)

    def next_job_never_ends(self) -> None:
        self.emulator.next_fate(piclumen.Fate.NEVER_ENDS)


class GeminiWebCase(FileHostCase):
    name = "gemini_web"
    lacks = frozenset({"states", "looks"})
    submit_path = "/StreamGenerate"
    file_path = "/gg-dl/"
    unknown_output = "gg-dl/unknown|img-id-unknown|c_0|r_0|rc_0"

    def start(self) -> None:
        self._emulator = GeminiWeb().start()

    @property
    def emulator(self) -> GeminiWeb:
        return self._emulator

    def environment_with_wrong_credentials(self) -> dict[str, str]:
        return {**self.environment(), "GOOGLE_COOKIES": "__Secure-1PSID=nobody"}

    def taken(self) -> int:
        return len(self.emulator.asks)

    def next_prompt_is_refused(self) -> None:
        self.emulator.outcomes = ["I'm not able to depict that."]


class ModelScopeCase(FileHostCase):
    name = "modelscope"
    lacks = frozenset({"inputs"})
    submit_path = "/v1/images/generations"
    poll_path = "/v1/tasks/"
    file_path = "/img/"
    unknown_ref = "00000000-0000-4000-8000-000000000000"
    unknown_output = "/img/00000000-0000-4000-8000-000000000000.png"

    def start(self) -> None:
        self._emulator = modelscope.ModelScope().start()

    @property
    def emulator(self) -> modelscope.ModelScope:
        return self._emulator

    def environment_with_wrong_credentials(self) -> dict[str, str]:
        return {**self.environment(), "MODELSCOPE_API_KEY": "nobody"}

    def taken(self) -> int:
        return len(self.emulator.tasks)

    def next_job_fails(self) -> None:
        self.emulator.next_fate(modelscope.Fate.FAILS)

    def next_prompt_is_refused(self) -> None:
        self.emulator.next_fate(modelscope.Fate.REFUSED)

    def next_job_is_in_an_unknown_state(self, word: str) -> None:
        self.emulator.state_words = itertools.repeat(word)

    def next_job_never_ends(self) -> None:
        self.emulator.next_fate(modelscope.Fate.NEVER_ENDS)


class OpenAICompatibleCase(FileHostCase):
    name = "openai_compatible"
    lacks = frozenset({"states", "looks"})
    submit_path = "/v1/images/"
    file_path = "/files/"
    talk_path = "/v1/chat/completions"
    unknown_ref = "nowhere"
    unknown_output = "/files/999_0.png"

    def start(self) -> None:
        self._emulator = OpenAICompatible().start()

    @property
    def emulator(self) -> OpenAICompatible:
        return self._emulator

    def environment(self) -> dict[str, str]:
        models = '{"flux-emulated": {"max_inputs": 2}, "parrot": {}}'
        return {**self.emulator.environment(), "OPENAI_COMPATIBLE_MODELS": models}

    def environment_with_wrong_credentials(self) -> dict[str, str]:
        return {**self.environment(), "OPENAI_COMPATIBLE_API_KEY": "nobody"}

    def taken(self) -> int:
        return len(self.emulator.orders)

    def endless_answer(self) -> Fault:
        return Endless(b'data: {"choices": [{"index": 0, "delta": {"content": "Well"}}]}\n\n', "text/event-stream")

    def next_prompt_is_refused(self) -> None:
        self.emulator.refuses = True


class ArkCase(FileHostCase):
    """Its videos: of its pictures there is no job to look at."""

    name = "ark"
    lacks = frozenset({"inputs"})
    submit_path = "/contents/generations/tasks"
    poll_path = "/contents/generations/tasks/"
    file_path = "/tos/"
    unknown_ref = "cgt-20261120000000-never"
    media_type = "video/mp4"

    def start(self) -> None:
        self._emulator = ark.Ark().start()

    @property
    def emulator(self) -> ark.Ark:
        return self._emulator

    @property
    def unknown_output(self) -> str:  # type: ignore[override]  # where it is, is known only when the emulator runs
        return packed(self.emulator.link("model", f"{self.unknown_ref}.mp4"))

    def seen(self, provider: MediaProvider) -> MediaProvider:
        return Films(provider)

    def is_result(self, data: bytes, size: Size) -> bool:
        return data.startswith(ark.CLIP)

    def environment_with_wrong_credentials(self) -> dict[str, str]:
        return {**self.environment(), "ARK_API_KEY": "ark-nobody"}

    def taken(self) -> int:
        return len(self.emulator.tasks)

    def next_job_fails(self) -> None:
        self.emulator.next_fate(ark.Fate.FAILS)

    def next_prompt_is_refused(self) -> None:
        self.emulator.next_fate(ark.Fate.REFUSED)

    def next_job_is_in_an_unknown_state(self, word: str) -> None:
        self.emulator.state_words = itertools.repeat(word)

    def next_job_never_ends(self) -> None:
        self.emulator.next_fate(ark.Fate.NEVER_ENDS)


class JimengCase(FileHostCase):
    """Its pictures: the jobs of its videos are of the same kind."""

    name = "jimeng"
    submit_path = "/mweb/v1/aigc_draft/generate"
    poll_path = "/mweb/v1/get_history_by_ids"
    file_path = "/tos-cn-i-tb4s082cfz/"

    def start(self) -> None:
        self._emulator = jimeng.Jimeng().start()

    @property
    def emulator(self) -> jimeng.Jimeng:
        return self._emulator

    @property
    def unknown_output(self) -> str:  # type: ignore[override]  # where it is, is known only when the emulator runs
        return self.emulator.link("7000000000000000000", "large.png")

    def seen(self, provider: MediaProvider) -> MediaProvider:
        return Pictures(provider)

    def environment_with_wrong_credentials(self) -> dict[str, str]:
        return {**self.environment(), "JIMENG_SESSIONID": "nobody"}

    def taken(self) -> int:
        return len(self.emulator.runs)

    def next_job_fails(self) -> None:
        self.emulator.next_fate(jimeng.Fate.FAILS)

    def next_prompt_is_refused(self) -> None:
        self.emulator.next_fate(jimeng.Fate.FAILS_AS_UNSAFE)

    def next_job_is_in_an_unknown_state(self, word: str) -> None:
        self.emulator.state_words = itertools.repeat(word)

    def next_job_never_ends(self) -> None:
        self.emulator.next_fate(jimeng.Fate.NEVER_ENDS)


CASES: dict[str, type[Case]] = {
    "akashchat": AkashChatCase,
    "akashchat, middle": AkashChatMiddleCase,
    "akashchat, legacy": AkashChatLegacyCase,
    "ark": ArkCase,
    "gemini": GeminiCase,
    "gemini, videos": GeminiFilmsCase,
    "gemini, operations": GeminiOperationsCase,
    "gemini_web": GeminiWebCase,
    "jimeng": JimengCase,
    "modelscope": ModelScopeCase,
    "openai_compatible": OpenAICompatibleCase,
    "piclumen": PiclumenCase,
    "sketch": SketchCase,
    "zimage": ZImageCase,
}
"""By the provider's name; those of them that speak several dialects have a case for each."""
