"""One client, one trouble: a gateway and an upstream of their own, and what each side saw of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import httpx

from tests.conftest import QUICK_MODELS
from tests.emulators.zimage import ZImage
from tests.rig import Gateway
from tests.sdk.clients import Client, Outcome, Wish
from tests.sdk.troubles import Trouble


@dataclass(frozen=True)
class Report:
    """What the client's user has in the end; how many orders the upstream took, and its pictures of them."""

    outcome: Outcome
    orders: int
    originals: tuple[bytes, ...]


Reports = Callable[[str, str], Report]


def suffer(client: Client, trouble: Trouble) -> Report:
    with ZImage(steps=0) as zimage:
        trouble.arrange(zimage)
        with Gateway(
            PROVIDERS="zimage",
            ZIMAGE_BASE_URL=zimage.url,
            ZIMAGE_MODELS=QUICK_MODELS,
            MAX_WAIT_SECONDS=str(trouble.max_wait),
        ) as gateway:
            outcome = client(Wish(f"{gateway.url}/v1", n=trouble.n, timeout=trouble.timeout))
        return Report(outcome, len(zimage.submits), originals(zimage) if outcome.pictures else ())


def originals(zimage: ZImage) -> tuple[bytes, ...]:
    """The pictures as the upstream has them, in the order in which they were ordered."""
    files = [
        f"{zimage.url}/output/{task.uuid}_{index}.png"
        for job in zimage.submits
        for task in job.tasks
        for index in range(task.pictures)
    ]
    with httpx.Client(verify=False) as client:  # reading certificates takes longer than all the rest
        return tuple(client.get(file).raise_for_status().content for file in files)
