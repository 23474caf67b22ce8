"""ARTIFACTS: a private place for results that came inside of an answer and have no address of their own."""

from __future__ import annotations

from shared.artifacts.base import Artifacts, Decoded
from shared.artifacts.jobs import StoredJobs
from shared.artifacts.r2 import R2Artifacts, r2_artifacts
from shared.artifacts.s3 import S3Artifacts, s3_artifacts

__all__ = ["Artifacts", "Decoded", "StoredJobs", "R2Artifacts", "S3Artifacts", "r2_artifacts", "s3_artifacts"]
