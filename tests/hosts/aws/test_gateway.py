"""What is the gateway's own in front of the functions: its stages, its limits, and its answers."""

from __future__ import annotations

import httpx
import pytest

from tests.emulators.zimage import ZImage
from tests.functions.helpers import GENERATIONS
from tests.hosts.aws.rig import Deployed

pytestmark = pytest.mark.hosts


def test_health_is_there_without_the_prefix(deployed: Deployed) -> None:
    assert httpx.get(f"{deployed.gateway.url}/health", verify=False).json()["status"] == "healthy"


class TestRefusals:
    """Whoever refuses, the function or the gateway, says so in OpenAI's envelope."""

    def test_another_stage(self, deployed: Deployed, client: httpx.Client) -> None:
        other = f"{deployed.gateway.url.removesuffix(deployed.deployment.stage)}nothing/v1/models"
        answer = client.get(other)
        assert answer.status_code == 403
        assert answer.json()["error"] == {
            "message": "Forbidden",
            "type": "invalid_request_error",
            "param": None,
            "code": "refused_by_gateway",
        }

    @pytest.mark.parametrize("size", [5 << 20, 11 << 20], ids=["beyond Lambda", "beyond the gateway"])
    def test_a_body_that_is_too_large(self, client: httpx.Client, zimage: ZImage, size: int) -> None:
        answer = client.post(GENERATIONS, json={"prompt": "x" * size})
        assert answer.status_code == 413
        assert answer.json()["error"].keys() == {"message", "type", "param", "code"}
        assert not zimage.submits
