"""How clip.mp4 was made, with ffmpeg: `python -m tests.emulators.ark.make_clip`. Nothing else needs it."""

from __future__ import annotations

import subprocess
from pathlib import Path

CLIP = Path(__file__).parent / "clip.mp4"

_PICTURE = "gradients=size=320x180:rate=12:duration=3:speed=0.03:seed=7:c0=0x1b2a49:c1=0xf2b880:c2=0x465775:c3=0xe56b6f"
_ENCODING = ("-c:v", "libx264", "-profile:v", "baseline", "-preset", "veryslow", "-crf", "34", "-pix_fmt", "yuv420p")


def main() -> None:
    flags = ("-movflags", "+faststart", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact")
    subprocess.run(
        ["ffmpeg", "-loglevel", "error", "-y", "-f", "lavfi", "-i", _PICTURE, *_ENCODING, *flags, CLIP], check=True
    )


if __name__ == "__main__":
    main()
