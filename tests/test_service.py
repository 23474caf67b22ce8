"""The use cases over a scripted provider: several submits, accounts and upstream jobs, and who may cancel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest

from shared.accounts import Pool, fingerprint
from shared.adapters import Adapters
from shared.catalog import Catalog, Offer
from shared.errors import (
    AccountError,
    AccountExhausted,
    AccountLimited,
    AccountRejected,
    BadRequest,
    ContentRefused,
    EaselError,
    GenerationFailed,
    GenerationPending,
    NoAccount,
    NotFound,
    Overloaded,
    ResultLost,
    TakenError,
    Unavailable,
    Uncertain,
    UpstreamError,
)
from shared.http import Http
from shared.providers import MediaProvider
from shared.repeats import Repeat, Repeats
from shared.service import Caller, Service
from shared.state import MemoryState
from shared.tickets import Tickets
from shared.values import (
    Account,
    Asset,
    ByteRange,
    Failed,
    ImageRequest,
    Job,
    Media,
    Model,
    Output,
    Queued,
    Running,
    Size,
    Status,
    Submitted,
    Succeeded,
)
from shared.waiter import Waiter
from tests.clock import Clock

ME, YOU = Caller(("me",)), Caller(("you",))
ONCE = Repeat("body")
REFUSED = GenerationFailed("no picture")


class Script:
    """What the upstream is asked, and what it answers: `submits` one after the other, `looks` for each ref."""

    def __init__(self) -> None:
        self.model = Model("model", batch=2)
        self.asked: list[tuple[str, ImageRequest]] = []
        self.submits: list[Submitted | Exception] = []
        self.looks: dict[str, list[Status | Exception]] = {}
        self.looked: list[str] = []
        self.cancelled: list[str] = []
        self.keys: list[str] = []
        self.renewed: list[str] = []
        self.refuses_renewal = False
        self.may_answer = asyncio.Event()
        self.may_answer.set()


class Scripted:
    """A provider that does as its script says."""

    script: ClassVar[Script]

    def __init__(self, http: Http, account: Account) -> None:
        self.account = account

    async def models(self) -> tuple[Model, ...]:
        return (self.script.model,)

    async def submit(self, request: ImageRequest) -> Submitted:
        self.script.asked.append((self.account.id, request))
        self.script.keys.append(self.account.key)
        number = len(self.script.asked)
        await self.script.may_answer.wait()
        answer = self.script.submits.pop(0) if self.script.submits else Submitted((f"ref{number}",))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def poll(self, ref: str) -> Status:
        self.script.looked.append(ref)
        answer = self.script.looks[ref].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @asynccontextmanager
    async def open(self, output: str, byte_range: ByteRange | None = None) -> AsyncIterator[Media]:
        async def chunks() -> AsyncIterator[bytes]:
            yield f"{output} {byte_range}".encode()

        yield Media("image/png", chunks())


class Cancelling(Scripted):
    async def cancel(self, ref: str) -> bool:
        self.script.cancelled.append(ref)
        return ref != "past stopping"


class Renewing(Scripted):
    """Its credential is the last one with a prime more."""

    renew_seconds: ClassVar[float] = 600.0

    async def renew(self) -> str:
        self.script.renewed.append(self.account.key)
        await asyncio.sleep(0)
        if self.script.refuses_renewal:
            raise AccountRejected("no more of these")
        return f"{self.account.key}'"


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def build(script: Script, clock: Clock) -> Callable[..., Service]:
    """A service over the script, with accounts of these names."""

    def build(*names: str, provider: type[Scripted] = Scripted, limit: int = 0, max_tasks: int = 0) -> Service:
        bound: type[MediaProvider] = type("Bound", (provider,), {"script": script})
        state = MemoryState(clock)
        accounts = [
            Account(name, "scripted", "", key="key", max_concurrent=limit, cookie_domain="x.org")
            for name in names or ("a",)
        ]
        order = iter(range(1_000_000))
        pool = Pool(accounts, state, choice=lambda: float(next(order)))
        adapters = Adapters({"scripted": bound}.__getitem__, pool, Http())
        catalog = Catalog({"scripted": adapters.of(accounts[0]).models}, {}, {})
        waiter = Waiter(clock, clock.sleep)
        return Service(adapters, catalog, pool, Tickets(["key"], 86_400), Repeats(state), waiter, max_tasks)

    return build


def request(script: Script, **changes: Any) -> ImageRequest:
    return ImageRequest(script.model, "a lighthouse", Size(64, 64))._replace(**changes)


async def started(service: Service, script: Script, *, repeat: Repeat = ONCE, **changes: Any) -> Job:
    async with service.start(Offer("scripted", script.model), request(script, **changes), ME, repeat) as begun:
        return begun.job


async def awake(service: Service) -> set[str]:
    """The accounts that can take an order."""
    return {condition.account.id for condition in await service.pool.conditions() if condition.available}


async def until(condition: Callable[[], bool]) -> None:
    """Let the others run until it is so."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


def a_job(service: Service, *refs: str, **changes: Any) -> Job:
    account = fingerprint(service.pool.of("scripted")[0])
    return Job("scripted", account, "model", "image", service.tickets.now(), "me", 1, refs)._replace(**changes)


# Starting


async def test_a_job_says_all_that_is_needed_to_go_on(build: Callable[..., Service], script: Script) -> None:
    service = build()
    job = await started(service, script)
    assert job == a_job(service, "ref1", created=job.created)
    assert service.job(service.tickets.job_id(job), ME) == job


async def test_what_one_submit_cannot_make_is_made_by_several(build: Callable[..., Service], script: Script) -> None:
    job = await started(build("a", "b"), script, n=5, seed=40)
    assert [(account, part.n, part.seed) for account, part in script.asked] == [
        ("a", 2, 40),
        ("a", 2, 42),
        ("a", 1, 44),
    ]
    assert (job.refs, job.asked) == (("ref1", "ref2", "ref3"), 5)


async def test_without_a_seed_the_parts_have_none(build: Callable[..., Service], script: Script) -> None:
    await started(build(), script, n=3)
    assert [part.seed for _, part in script.asked] == [None, None]


async def test_one_submit_may_give_several_refs(build: Callable[..., Service], script: Script) -> None:
    script.submits = [Submitted(("x", "y")), Submitted(("z",))]
    assert (await started(build(), script, n=3)).refs == ("x", "y", "z")


LATER_TROUBLE = [
    Unavailable("502"),
    Uncertain("broken"),
    ContentRefused("no"),
    AccountLimited("429"),
    KeyError("a bug"),
]


@pytest.mark.parametrize("error", LATER_TROUBLE, ids=repr)
async def test_a_later_part_that_fails_is_missing_and_no_more(
    build: Callable[..., Service], script: Script, error: Exception
) -> None:
    script.submits = [Submitted(("x",)), error, Submitted(("z",))]
    job = await started(build("a", "b"), script, n=6)
    assert (job.refs, job.asked) == (("x", "z"), 6)
    assert [account for account, _ in script.asked] == ["a", "a", "a"]


async def test_an_account_that_gives_out_in_a_later_part_rests(build: Callable[..., Service], script: Script) -> None:
    service = build("a", "b")
    script.submits = [Submitted(("x",)), AccountExhausted("402")]
    await started(service, script, n=4)
    assert await awake(service) == {"b"}


# Accounts


@pytest.mark.parametrize(
    "error", [AccountError("no"), AccountRejected("401"), AccountExhausted("402"), AccountLimited("429")]
)
async def test_an_account_that_refuses_rests_and_the_next_is_asked(
    build: Callable[..., Service], script: Script, error: AccountError
) -> None:
    service = build("a", "b", "c")
    script.submits = [error]
    job = await started(service, script)
    assert [account for account, _ in script.asked] == ["a", "b"]
    assert service.pool.find("scripted", job.account).id == "b"
    assert await awake(service) == {"b", "c"}


@pytest.mark.parametrize(
    "error",
    [
        Unavailable("502"),
        UpstreamError("no"),
        Uncertain("broken"),
        ContentRefused("no"),
        BadRequest("no"),
        NotFound("no"),
    ],
    ids=repr,
)
async def test_any_other_error_ends_it_there(build: Callable[..., Service], script: Script, error: EaselError) -> None:
    script.submits = [error]
    with pytest.raises(type(error)):
        await started(build("a", "b"), script)
    assert len(script.asked) == 1


async def test_when_all_of_them_refuse_the_last_refusal_is_told(build: Callable[..., Service], script: Script) -> None:
    service = build("a", "b")
    script.submits = [AccountLimited("429"), AccountExhausted("402")]
    with pytest.raises(AccountExhausted):
        await started(service, script)
    with pytest.raises(NoAccount):
        await started(service, script)
    assert len(script.asked) == 2


async def test_a_bug_in_a_submit_may_have_bought_something(build: Callable[..., Service], script: Script) -> None:
    service = build("a", "b")
    script.submits = [KeyError("uuid")]
    with pytest.raises(Uncertain):
        await started(service, script, repeat=Repeat("body", key="key"))
    with pytest.raises(TakenError):
        await started(service, script, repeat=Repeat("body", key="key"))
    assert len(script.asked) == 1


async def test_work_is_spread_over_the_accounts(build: Callable[..., Service], script: Script) -> None:
    service = build("a", "b")
    offer = Offer("scripted", script.model)
    async with service.start(offer, request(script), ME, ONCE), service.start(offer, request(script), ME, ONCE):
        assert [account for account, _ in script.asked] == ["a", "b"]


# Limits


async def test_an_account_at_its_limit_is_not_asked(build: Callable[..., Service], script: Script) -> None:
    service = build("a", limit=1)
    offer = Offer("scripted", script.model)
    async with service.start(offer, request(script, n=4), ME, ONCE):
        with pytest.raises(Overloaded):
            await started(service, script)
    await started(service, script)
    assert len(script.asked) == 3


async def test_an_account_counts_as_busy_until_its_last_submit(build: Callable[..., Service], script: Script) -> None:
    service = build("a", limit=1)
    script.may_answer.clear()
    first = asyncio.ensure_future(started(service, script, n=4))
    await until(lambda: bool(script.asked))
    for _ in range(2):
        with pytest.raises(Overloaded):
            await started(service, script)
        script.may_answer.set()
        script.may_answer.clear()
        await until(lambda: len(script.asked) >= 2)
    script.may_answer.set()
    await first


async def test_beyond_the_limit_of_tasks_nothing_is_submitted(build: Callable[..., Service], script: Script) -> None:
    service = build("a", "b", max_tasks=2)
    offer = Offer("scripted", script.model)
    async with service.start(offer, request(script), ME, ONCE), service.start(offer, request(script), ME, ONCE):
        with pytest.raises(Overloaded) as caught:
            await started(service, script)
        assert caught.value.retry_after
    assert len(script.asked) == 2
    await started(service, script)


async def test_what_breaks_frees_its_place(build: Callable[..., Service], script: Script) -> None:
    service = build("a", max_tasks=1, limit=1)
    for error in (Unavailable("502"), Uncertain("broken"), KeyError("a bug")):
        script.submits = [error]
        with pytest.raises(EaselError):
            await started(service, script)
    await started(service, script)


# A caller who leaves


async def test_a_caller_who_leaves_during_the_submit_does_not_lose_the_job(
    build: Callable[..., Service], script: Script
) -> None:
    service = build()
    script.may_answer.clear()
    repeat = Repeat("body", key="key")
    leaving = asyncio.ensure_future(started(service, script, repeat=repeat))
    await until(lambda: bool(script.asked))
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    script.may_answer.set()
    assert (await started(service, script, repeat=repeat)).refs == ("ref1",)
    assert len(script.asked) == 1


async def test_a_plain_request_that_comes_again_joins_the_job_of_the_one_that_left(
    build: Callable[..., Service], script: Script
) -> None:
    service = build()
    script.may_answer.clear()
    leaving = asyncio.ensure_future(started(service, script))
    await until(lambda: bool(script.asked))
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    script.may_answer.set()
    assert (await started(service, script, repeat=Repeat("body", again=True))).refs == ("ref1",)


# Looking


ONE, TWO = Output("one"), Output("two")


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ([Queued(3)], Queued(3)),
        ([Running(30, 4.0)], Running(30, 4.0)),
        ([Failed(REFUSED)], Failed(REFUSED)),
        ([Queued(1), Queued(5), Queued()], Queued(5)),
        ([Queued(2), Running(50)], Running(25)),
        ([Running(50), Succeeded((ONE,))], Running(75)),
        ([Queued(2), Failed(REFUSED)], Running(50)),
        ([Running(20, 3.0), Running(40, 7.0), Queued(1)], Running(20, 7.0)),
        ([Running(), Running()], Running(0)),
        ([Succeeded((ONE,)), Succeeded((TWO,))], Succeeded((ONE, TWO))),
        ([Succeeded((TWO, ONE)), Succeeded((ONE,))], Succeeded((TWO, ONE, ONE))),
        ([Failed(REFUSED), Succeeded((TWO,))], Succeeded((TWO,))),
        ([Failed(REFUSED), Failed(GenerationFailed("second"))], Failed(REFUSED)),
        ([Failed(REFUSED), Succeeded(())], Failed(REFUSED)),
        ([NotFound("lost"), Succeeded((TWO,))], Succeeded((TWO,))),
    ],
)
async def test_several_upstream_jobs_are_one_job(
    build: Callable[..., Service], script: Script, parts: list[Status], whole: Status
) -> None:
    script.looks = {f"r{index}": [status] for index, status in enumerate(parts)}
    assert await (service := build()).look(a_job(service, *script.looks)) == whole


async def test_what_has_ended_is_not_looked_at_again(build: Callable[..., Service], script: Script) -> None:
    script.looks = {
        "done": [Succeeded((ONE,))],
        "failed": [Failed(REFUSED)],
        "slow": [Queued(), Unavailable("502"), Running(10), Succeeded((TWO,))],
    }
    service = build()
    assert await service.last(a_job(service, *script.looks), 240) == Succeeded((ONE, TWO))
    assert script.looked.count("done") == script.looked.count("failed") == 1
    assert script.looked.count("slow") == 4


async def test_waiting_ends_with_the_time(build: Callable[..., Service], script: Script, clock: Clock) -> None:
    script.looks = {"r": [Running(10)] * 1000}
    service = build()
    assert await service.last(a_job(service, "r"), 30) == Running(10)
    assert clock.now == pytest.approx(30)


async def test_the_models_typical_time_says_when_to_look(
    build: Callable[..., Service], script: Script, clock: Clock
) -> None:
    script.model = Model("model", typical_seconds=0)
    script.looks = {"r": [Succeeded((ONE,))]}
    service = build()
    await service.last(a_job(service, "r"), 30)
    assert clock.now == 0


@pytest.mark.parametrize("refs", [("r",), ("r", "s")])
async def test_what_was_just_taken_may_take_a_moment_to_be_known(
    build: Callable[..., Service], script: Script, clock: Clock, refs: tuple[str, ...]
) -> None:
    script.looks = {
        "r": [NotFound("never heard of it"), NotFound("never heard of it"), Running(10), Succeeded((ONE,))],
        "s": [Running(10), Succeeded((TWO,))],
    }
    service = build()
    seen = [status async for status in service.watch(a_job(service, *refs), 240)]
    assert seen[0] == (Running(5) if "s" in refs else Queued())
    assert seen[-1] == Succeeded((ONE, TWO)[: len(refs)])
    assert clock.now < 15


@pytest.mark.parametrize("age", [0, 5, 60])
async def test_what_stays_unknown_is_lost(
    build: Callable[..., Service], script: Script, clock: Clock, age: int
) -> None:
    script.looks = {"r": [NotFound("never heard of it")] * 100, "s": [Running(10), Succeeded((TWO,))]}
    service = build()
    created = service.tickets.now() - age
    with pytest.raises(ResultLost):
        await service.last(a_job(service, "r", created=created), 240)
    assert max(0, 14 - age) <= clock.now < max(1, 20 - age)
    assert await service.last(a_job(service, "r", "s", created=created), 240) == Succeeded((TWO,))


async def test_who_looks_once_is_told_what_there_is(build: Callable[..., Service], script: Script) -> None:
    script.looks = {"r": [NotFound("never heard of it")]}
    with pytest.raises(NotFound):
        await (service := build()).look(a_job(service, "r"))


@pytest.mark.parametrize(
    "error", [NotFound("lost"), AccountRejected("401"), UpstreamError("no"), KeyError("a bug")], ids=repr
)
async def test_what_goes_wrong_while_waiting_went_wrong_after_the_work_was_taken(
    build: Callable[..., Service], script: Script, error: Exception
) -> None:
    script.looks = {"r": [Running(), error]}
    service = build()
    job = a_job(service, "r")
    with pytest.raises(ResultLost) as caught:
        await service.last(job, 30)
    assert caught.value.job == service.tickets.job_id(job)


def test_a_result_is_outputs_or_an_error_with_the_job(build: Callable[..., Service]) -> None:
    service = build()
    job = a_job(service, "r")
    assert service.outputs(job, Succeeded((ONE,))) == (ONE,)
    with pytest.raises(GenerationFailed) as failed:
        service.outputs(job, Failed(ContentRefused("no", details={"upstream": "nsfw"})))
    assert (failed.value.code, failed.value.details) == ("moderation_blocked", {"upstream": "nsfw"})
    for status in (Queued(), Running(90), None):
        with pytest.raises(GenerationPending) as pending:
            service.outputs(job, status)
        assert pending.value.job == failed.value.job == service.tickets.job_id(job)


# Ids


def test_a_job_belongs_to_the_key_that_started_it(build: Callable[..., Service]) -> None:
    service = build()
    mine = service.tickets.job_id(a_job(service, "r"))
    anyones = service.tickets.job_id(a_job(service, "r", owner=""))
    assert service.job(mine, ME).owner == service.job(mine, Caller(("new mark", "me"))).owner == "me"
    assert service.job(anyones, None) == service.job(anyones, YOU)
    for caller in (YOU, None, Caller(())):
        with pytest.raises(NotFound) as foreign:
            service.job(mine, caller)
    with pytest.raises(NotFound) as unknown:
        service.job("unknown", ME)
    assert foreign.value.message == unknown.value.message


async def test_a_job_of_an_account_that_is_gone_is_not_found(build: Callable[..., Service]) -> None:
    service = build("a")
    job = a_job(service, "r", account="gone")
    for attempt in (service.look(job), service.cancel(job)):
        with pytest.raises(NotFound):
            await attempt


# Files


def test_only_what_lasts_and_is_short_goes_into_a_files_id(build: Callable[..., Service]) -> None:
    service = build()
    job = a_job(service, "r")
    outputs = (Output("x" * 120, lasting=True), Output("x" * 121, lasting=True), Output("x"))
    assert service.assets(job, outputs) == [Asset(job._replace(refs=()), 0, "x" * 120), Asset(job, 1), Asset(job, 2)]


async def content(service: Service, asset: Asset, byte_range: ByteRange | None = None) -> bytes:
    async with service.open(asset, byte_range) as media:
        return b"".join([chunk async for chunk in media.chunks])


async def test_a_file_that_lasts_is_opened_without_a_look(build: Callable[..., Service], script: Script) -> None:
    service = build()
    assert await content(service, Asset(a_job(service), 0, "path"), ByteRange(5)) == b"path bytes=5-"
    assert script.looked == []


async def test_other_files_take_one_look(build: Callable[..., Service], script: Script) -> None:
    service = build()
    script.looks = {"r": [Succeeded((ONE, TWO))]}
    assert await content(service, Asset(a_job(service, "r"), 1)) == b"two None"
    assert script.looked == ["r"]


@pytest.mark.parametrize("state", [Queued(), Running(99), Failed(REFUSED), Succeeded(()), Succeeded((ONE,))])
async def test_a_file_that_is_not_there_is_not_found(
    build: Callable[..., Service], script: Script, state: Status
) -> None:
    service = build()
    script.looks = {"r": [state]}
    with pytest.raises(NotFound):
        await content(service, Asset(a_job(service, "r"), 1))


# Cancelling


async def test_every_part_of_a_job_is_cancelled(build: Callable[..., Service], script: Script) -> None:
    service = build(provider=Cancelling)
    assert await service.cancel(a_job(service, "x", "y"))
    assert sorted(script.cancelled) == ["x", "y"]
    assert not await service.cancel(a_job(service, "past stopping", "z"))


async def test_a_provider_that_cannot_cancel_says_so(build: Callable[..., Service], script: Script) -> None:
    service = build()
    with pytest.raises(BadRequest) as caught:
        await service.cancel(a_job(service, "x"))
    assert caught.value.code == "not_cancellable"


# Credentials that wear out


async def test_a_credential_is_renewed_by_one_of_many_and_once_in_its_time(
    build: Callable[..., Service], script: Script, clock: Clock
) -> None:
    service = build(provider=Renewing)
    await asyncio.gather(*(started(service, script, repeat=Repeat(str(number))) for number in range(10)))
    assert script.renewed == ["key"]
    await started(service, script, repeat=Repeat("later"))
    assert script.keys[-1] == "key'"
    clock.now += 601
    await started(service, script, repeat=Repeat("later still"))
    assert script.renewed == ["key", "key'"]
    assert script.keys[-1] == "key''"


async def test_a_credential_that_is_not_renewed_serves_on(
    build: Callable[..., Service], script: Script, caplog: pytest.LogCaptureFixture
) -> None:
    service = build(provider=Renewing)
    script.refuses_renewal = True
    for number in range(3):
        await started(service, script, repeat=Repeat(str(number)))
    assert script.renewed == ["key"]
    assert script.keys == ["key"] * 3
    assert "was not renewed" in caplog.text


async def test_a_job_is_looked_at_with_the_newest_credential(build: Callable[..., Service], script: Script) -> None:
    service = build(provider=Renewing)
    job = await started(service, script)
    await service.pool.replace(service.pool.accounts[0], "another")
    script.looks["ref1"] = [Running()]
    await service.look(job)
    assert (await service.pool.newest(service.pool.accounts[0])).key == "another"
