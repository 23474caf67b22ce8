"""The table of emulators: one fake upstream per provider, served over real HTTP."""

from tests.emulators.ark import Ark
from tests.emulators.base import Emulator
from tests.emulators.gemini import Gemini
from tests.emulators.jimeng import Jimeng
from tests.emulators.modelscope import ModelScope
from tests.emulators.piclumen import Piclumen
from tests.emulators.zimage import ZImage

EMULATORS: dict[str, type[Emulator]] = {
    "ark": Ark,
    "gemini": Gemini,
    "jimeng": Jimeng,
    "modelscope": ModelScope,
    "piclumen": Piclumen,
    "zimage": ZImage,
}
