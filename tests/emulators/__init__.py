"""The table of emulators: one fake upstream per provider, served over real HTTP."""

from tests.emulators.akashchat import AkashChat
from tests.emulators.ark import Ark
from tests.emulators.base import Emulator
from tests.emulators.gemini import Gemini
from tests.emulators.modelscope import ModelScope
from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.piclumen import Piclumen
from tests.emulators.zimage import ZImage

EMULATORS: dict[str, type[Emulator]] = {
    "akashchat": AkashChat,
    "ark": Ark,
    "gemini": Gemini,
    "modelscope": ModelScope,
    "openai_compatible": OpenAICompatible,
    "piclumen": Piclumen,
    "zimage": ZImage,
}
