"""A deployment with a table, LAMBDA_TABLE=on: what one environment knows, the others know."""

from __future__ import annotations

import pytest

from tests.emulators.zimage import ZImage
from tests.hosts.aws.rig import Deploy, Deployed

pytestmark = pytest.mark.hosts


@pytest.fixture(scope="module")
def sharing(deploy_to_aws: Deploy) -> Deployed:
    return deploy_to_aws("sharing", LAMBDA_TABLE="on")


@pytest.fixture
def deployed(sharing: Deployed, zimage: ZImage) -> Deployed:
    return sharing


@pytest.mark.parametrize(
    "headers",
    [{"idempotency-key": "one picture"}, {"x-stainless-retry-count": "1"}],
    ids=["with an Idempotency-Key", "by an SDK"],
)
def test_a_request_that_is_repeated_elsewhere_buys_nothing(
    deployed: Deployed, zimage: ZImage, headers: dict[str, str]
) -> None:
    order = {"prompt": f"a cat {headers}", "response_format": "url"}
    with deployed.client() as client:
        first = client.post("/v1/images/generations", json=order, headers=headers)
        assert first.status_code == 200, first.text
        deployed.environments.close()
        again = client.post("/v1/images/generations", json=order, headers=headers)
    assert again.json()["job"] == first.json()["job"]
    assert len(zimage.submits) == 1
