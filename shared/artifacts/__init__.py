"""ARTIFACTS: a private place for results that came inside of an answer and have no address of their own."""

from __future__ import annotations

from shared.artifacts.base import Artifacts, Decoded
from shared.artifacts.kept import Kept
from shared.artifacts.s3 import S3Artifacts, s3_artifacts

__all__ = ["Artifacts", "Decoded", "Kept", "S3Artifacts", "s3_artifacts"]
