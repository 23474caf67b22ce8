"""ARTIFACTS: private storage for inline results, which have no URL of their own."""

from __future__ import annotations

from shared.artifacts.base import Artifacts, Decoded
from shared.artifacts.jobs import StoredJobs
from shared.artifacts.r2 import R2Artifacts, r2_artifacts
from shared.artifacts.s3 import S3Artifacts, s3_artifacts

__all__ = ["Artifacts", "Decoded", "StoredJobs", "R2Artifacts", "S3Artifacts", "r2_artifacts", "s3_artifacts"]
