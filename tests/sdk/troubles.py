"""Everything that can go wrong upstream, as a table: how it is brought about, and how a client's call has to end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.emulators.faults import Cut, Drop, Fault, Reply, Slow
from tests.emulators.zimage import Fate, ZImage
from tests.sdk.clients import CLIENTS

SUBMIT, LOOK, FETCH = "POST /api/z-image/generate", "GET /api/z-image/task", "GET /output"
LOOK_AT_BATCH = "GET /api/z-image/batch-status"
ALWAYS = 60
PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"
BIG = 300_000

Arrange: TypeAlias = Callable[[ZImage], object]


@dataclass(frozen=True)
class Afterwards:
    """Takes the order, and then answers something else."""

    reply: Reply

    async def strike(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        async def discard(message: Message) -> None:
            pass

        await app(scope, receive, discard)
        await self.reply.strike(app, scope, receive, send)


@dataclass(frozen=True)
class Trouble:
    """`codes` are those that the final error may have; without any, the call has to end with a picture.

    `orders` is how many the upstream has taken in the end of one call. With `timeout` the client loses its patience
    after so many seconds, with `max_wait` the gateway does. `own_words` are the clients that break off by themselves,
    or cannot read the end of a broken answer: they have their own sentence for it.
    """

    arrange: Arrange
    codes: tuple[str, ...] = ()
    orders: int = 1
    n: int = 1
    timeout: float | None = None
    max_wait: int = 240
    own_words: tuple[str, ...] = ()


def always(place: str, fault: Fault) -> Arrange:
    return lambda zimage: zimage.plan(place, *[fault] * ALWAYS)


def first(place: str, *faults: Fault) -> Arrange:
    return lambda zimage: zimage.plan(place, *faults)


def fate(*fates: Fate) -> Arrange:
    return lambda zimage: zimage.next_fate(*fates)


def later(place: str, *faults: Fault) -> Arrange:
    """After one look that went well."""

    def arrange(zimage: ZImage) -> None:
        zimage.steps = 2
        zimage.plan(place, Slow(0), *faults)

    return arrange


def settings(then: Arrange | None = None, **values: Any) -> Arrange:
    def arrange(zimage: ZImage) -> None:
        for name, value in values.items():
            assert hasattr(zimage, name)
            setattr(zimage, name, value)
        if then:
            then(zimage)

    return arrange


def under_another_name(zimage: ZImage) -> None:
    """Results lie on an origin that nobody expects, and would be found there."""
    zimage.files_origin = zimage.url.replace("127.0.0.1", "localhost")


def said(error: str) -> dict[str, Any]:
    return {"success": False, "error": error}


def taken(data: Any) -> Afterwards:
    return Afterwards(Reply(200, json.dumps(data).encode(), {"content-type": "application/json"}))


def after(seconds: int) -> dict[str, str]:
    return {"retry-after": str(seconds)}


AI_SDK = ("ai-openai", "ai-compatible")

# When the only account was refused, later tries of a client find that nobody is left to serve.
REJECTED = ("upstream_account_rejected", "no_account_available")
LIMITED = ("rate_limit_exceeded", "no_account_available")
EXHAUSTED = ("upstream_out_of_credit",)
BAD, BLOCKED = ("invalid_value",), ("moderation_blocked",)
DOWN, REFUSED = ("upstream_unavailable",), ("upstream_failed",)
UNCERTAIN = ("upstream_failed",)
FAILED, PENDING = ("generation_failed",), ("generation_pending",)
LOST = ("upstream_failed", "upstream_unavailable", "not_found")

NOT_TAKEN = {
    "submit-400": Trouble(always(SUBMIT, Reply(400, said("Prompt is required and must be a string"))), BAD, 0),
    "submit-400-page": Trouble(always(SUBMIT, Reply(400, PAGE)), BAD, 0),
    "submit-401": Trouble(always(SUBMIT, Reply(401, said("Verification required"))), REJECTED, 0),
    "submit-403-page": Trouble(always(SUBMIT, Reply(403, PAGE)), REJECTED, 0),
    "submit-402": Trouble(always(SUBMIT, Reply(402, said("No credits left"))), EXHAUSTED, 0),
    "submit-429": Trouble(always(SUBMIT, Reply(429, said("Too many requests"))), LIMITED, 0),
    "submit-429-in-1s": Trouble(always(SUBMIT, Reply(429, said("Wait"), after(1))), LIMITED, 0),
    "submit-429-in-300s": Trouble(always(SUBMIT, Reply(429, said("Wait"), after(300))), LIMITED, 0),
    "submit-429-once": Trouble(first(SUBMIT, Reply(429, said("Wait"), after(1)))),
    "submit-500-in-words": Trouble(always(SUBMIT, Reply(500, said("Out of order"))), DOWN, 0),
    "submit-500-in-words-once": Trouble(first(SUBMIT, Reply(500, said("Out of order")))),
    "submit-503-in-1s": Trouble(always(SUBMIT, Reply(503, PAGE, after(1))), DOWN, 0),
    "submit-503-in-1s-once": Trouble(first(SUBMIT, Reply(503, PAGE, after(1)))),
    "submit-refused": Trouble(fate(*[Fate.REFUSED] * 3), BLOCKED, 0),
    "submit-refused-without-a-word": Trouble(always(SUBMIT, Reply(200, {"success": False})), REFUSED, 0),
}

MAYBE_ACCEPTED = {
    "submit-500-page": Trouble(always(SUBMIT, Reply(500, PAGE)), UNCERTAIN, 0),
    "submit-502-page": Trouble(always(SUBMIT, Reply(502, PAGE)), UNCERTAIN, 0),
    "submit-502-page-afterwards": Trouble(first(SUBMIT, Afterwards(Reply(502, PAGE))), UNCERTAIN),
    "submit-503-page": Trouble(always(SUBMIT, Reply(503, PAGE)), UNCERTAIN, 0),
    "submit-no-json": Trouble(always(SUBMIT, Reply(200, PAGE)), UNCERTAIN, 0),
    "submit-no-json-afterwards": Trouble(first(SUBMIT, Afterwards(Reply(200, PAGE))), UNCERTAIN),
    "submit-a-list": Trouble(first(SUBMIT, taken([1, 2])), UNCERTAIN),
    "submit-without-success": Trouble(first(SUBMIT, taken({"state": "fine"})), UNCERTAIN),
    "submit-data-of-no-shape": Trouble(first(SUBMIT, taken({"success": True, "data": "fine"})), UNCERTAIN),
    "submit-without-id": Trouble(fate(Fate.NO_UUID), UNCERTAIN),
    "submit-endless-id": Trouble(first(SUBMIT, taken({"success": True, "data": {"uuid": "x" * 3000}})), UNCERTAIN),
    "submit-dropped": Trouble(always(SUBMIT, Drop()), UNCERTAIN, 0),
    "submit-dropped-afterwards": Trouble(first(SUBMIT, Drop(after=True)), UNCERTAIN),
    "submit-slow": Trouble(first(SUBMIT, Slow(6.5)), timeout=6.0, own_words=AI_SDK),
}

WHILE_WAITING = {
    "look-502": Trouble(later(LOOK, *[Reply(502, PAGE)] * 4)),
    "look-429": Trouble(later(LOOK, Reply(429, said("Too many requests"), after(1)))),
    "look-no-json": Trouble(later(LOOK, Reply(200, PAGE))),
    "look-wrong-shape": Trouble(later(LOOK, Reply(200, {"success": True, "data": [1]}), Reply(200, {"data": 1}))),
    "look-refused": Trouble(later(LOOK, Reply(200, said("Not now")))),
    "look-dropped": Trouble(later(LOOK, Drop())),
    "look-never-json": Trouble(always(LOOK, Reply(200, PAGE)), PENDING, max_wait=1),
    "look-400": Trouble(always(LOOK, Reply(400, said("Bad id"))), (*BAD, *LOST)),
    "look-401": Trouble(always(LOOK, Reply(401, said("Verification required"))), REJECTED),
    "look-404": Trouble(always(LOOK, Reply(404, said("Task not found"))), LOST),
    "look-slow": Trouble(first(LOOK, Slow(8.0)), timeout=4.0, own_words=("python-stream", *AI_SDK)),
    "fails": Trouble(fate(Fate.FAILS), FAILED),
    "fails-silently": Trouble(fate(Fate.FAILS_SILENTLY), FAILED),
    "fails-as-unsafe": Trouble(fate(Fate.FAILS_AS_UNSAFE), BLOCKED),
    "never-ends": Trouble(fate(Fate.NEVER_ENDS), PENDING, max_wait=1),
    "never-ends-and-impatient": Trouble(
        fate(Fate.NEVER_ENDS), PENDING, timeout=2.5, max_wait=9, own_words=("js", "python-stream", *AI_SDK)
    ),
    "no-result": Trouble(fate(Fate.NO_RESULT), FAILED),
    "unknown-words": Trouble(settings(state_words=["dreaming", "folding"])),
}

AT_THE_END = {
    "result-404": Trouble(always(FETCH, Reply(404, PAGE)), LOST),
    "result-a-page": Trouble(always(FETCH, Reply(200, PAGE)), LOST),
    "result-416": Trouble(always(FETCH, Reply(416)), (*LOST, "range_not_satisfiable")),
    "result-502-twice": Trouble(first(FETCH, Reply(502, PAGE), Reply(502, PAGE))),
    "result-dropped": Trouble(always(FETCH, Drop()), LOST),
    "result-elsewhere": Trouble(under_another_name, LOST),
    "result-cut-once": Trouble(settings(first(FETCH, Cut(100_000)), payload=BIG)),
    "result-cut-for-a-whole-answer": Trouble(
        settings(first(FETCH, *[Cut(1000)] * 4), payload=BIG), own_words=("js", "js-stream", "python-stream")
    ),
    "result-always-cut": Trouble(settings(always(FETCH, Cut(1000)), payload=BIG), LOST, own_words=CLIENTS),
}

IN_A_BATCH = {
    "batch-502": Trouble(settings(later(LOOK_AT_BATCH, *[Reply(502, PAGE)] * 2), batch="parent"), n=4),
    "batch-no-list": Trouble(
        settings(later(LOOK_AT_BATCH, Reply(200, {"success": True, "data": {"tasks": 5}})), batch="parent"), n=4
    ),
    "batch-never-ends": Trouble(settings(fate(*[Fate.NEVER_ENDS] * 4), batch="parent"), PENDING, n=4, max_wait=1),
    "batch-fails": Trouble(fate(*[Fate.FAILS] * 4), FAILED, n=4),
    "batch-submit-dropped-afterwards": Trouble(always(SUBMIT, Drop(after=True)), UNCERTAIN, n=4),
    "batch-cut-once": Trouble(settings(first(FETCH, Cut(100_000)), payload=BIG), n=4),
    "batch-always-cut": Trouble(settings(always(FETCH, Cut(1000)), payload=BIG), LOST, n=4, own_words=CLIENTS),
}

TROUBLES = NOT_TAKEN | MAYBE_ACCEPTED | WHILE_WAITING | AT_THE_END | IN_A_BATCH
