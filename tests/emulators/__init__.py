"""The table of emulators: one fake upstream per provider, served over real HTTP."""

from tests.emulators.akashchat import AkashChat
from tests.emulators.base import Emulator
from tests.emulators.openai_compatible import OpenAICompatible
from tests.emulators.zimage import ZImage

EMULATORS: dict[str, type[Emulator]] = {
    "akashchat": AkashChat,
    "openai_compatible": OpenAICompatible,
    "zimage": ZImage,
}
