"""What every provider promises, each promise written once."""

from __future__ import annotations

import asyncio
import base64
import itertools
import logging
import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from shared.errors import (
    AccountError,
    AccountLimited,
    ContentRefused,
    EaselError,
    GenerationFailed,
    NotFound,
    RangeInvalid,
    Unavailable,
    Uncertain,
)
from shared.job import Job
from shared.jobs.ids import JobIds
from shared.jobs.wait import Waiter
from shared.media import ByteRange
from shared.models import Model
from shared.providers import MediaProvider
from shared.requests import ImageRequest, InputImage
from shared.results import Failed, Finished, Output, Queued, Ref, Running, Status, Submitted, Succeeded
from tests.conformance.cases import Case
from tests.conformance.conftest import Build
from tests.emulators.faults import Cut, Drop, Reply
from tests.emulators.png import png
from tests.emulators.server import Server

MANY_LOOKS = 10
PROMPTS = (f"lighthouse number {number}" for number in itertools.count())


async def pictures(provider: MediaProvider, request: ImageRequest) -> list[bytes]:
    """What comes of a request, in whatever manner it is answered; no submit asks for more than it may."""
    contents: list[bytes] = []
    for done in range(0, request.n, request.model.batch):
        part = request._replace(n=min(request.model.batch, request.n - done))
        match await provider.submit(part):
            case Finished(results):
                contents += [base64.b64decode(made.base64, validate=True) for made in results]
            case Submitted(refs):
                ends = [await ended(provider, ref) for ref in refs]
                outputs = [output for status in ends if isinstance(status, Succeeded) for output in status.outputs]
                contents += [await content(provider, output) for output in outputs]
    return contents


async def a_request(provider: MediaProvider, n: int = 1, prompt: str = "a lighthouse at dusk") -> ImageRequest:
    model = next(model for model in await provider.models() if model.kind != "chat")
    return ImageRequest(model, prompt, model.default_size, n)


async def all_submitted(provider: MediaProvider, n: int = 1) -> tuple[Ref, ...]:
    answer = await provider.submit(await a_request(provider, n, prompt=next(PROMPTS)))
    assert isinstance(answer, Submitted)
    return answer.refs


async def submitted(provider: MediaProvider) -> Ref:
    [ref] = await all_submitted(provider)
    return ref


async def ended(provider: MediaProvider, ref: Ref) -> Status:
    for _ in range(MANY_LOOKS):
        status = await provider.poll(ref)
        if isinstance(status, Succeeded | Failed):
            return status
    raise AssertionError(f"still {status} after {MANY_LOOKS} looks")


async def outputs_of(provider: MediaProvider, n: int = 1) -> tuple[Output, ...]:
    statuses = [await ended(provider, ref) for ref in await all_submitted(provider, n)]
    assert all(isinstance(status, Succeeded) for status in statuses)
    return tuple(output for status in statuses if isinstance(status, Succeeded) for output in status.outputs)


async def content(provider: MediaProvider, output: Output, byte_range: ByteRange | None = None) -> bytes:
    async with provider.open(output.ref, byte_range) as media:
        return b"".join([chunk async for chunk in media.chunks])


@pytest.mark.needs("jobs")
async def test_a_job_goes_from_submit_by_looks_to_its_bytes(case: Case, provider: MediaProvider) -> None:
    request = await a_request(provider)
    [output] = await outputs_of(provider)
    async with provider.open(output.ref) as media:
        data = b"".join([chunk async for chunk in media.chunks])
        assert (media.media_type, media.start) == (case.media_type, 0)
        assert media.length in (None, len(data))
        assert media.total in (None, len(data))
    assert case.is_result(data, request.size)


async def test_n_pictures_are_n_and_differ(provider: MediaProvider) -> None:
    contents = await pictures(provider, await a_request(provider, 3))
    assert len(contents) == len(set(contents)) == 3


async def test_a_picture_has_the_size_that_was_asked_for(case: Case, provider: MediaProvider) -> None:
    for model in (each for each in await provider.models() if each.kind != "chat"):
        for size in (model.default_size, *model.sizes[1::7]):
            [data] = await pictures(provider, ImageRequest(model, "a lighthouse", size))
            assert case.is_result(data, size)


@pytest.mark.needs("inputs")
async def test_a_picture_can_be_made_from_pictures(provider: MediaProvider) -> None:
    request = await a_request(provider)

    def brought(data: bytes, size: int | None) -> InputImage:
        async def read() -> AsyncIterator[bytes]:
            yield data[:10]
            yield data[10:]

        return InputImage(read, "image/png" if size else "", size, "" if size else "https://example.com/picture")

    first, second = png(64, 32), png(32, 64, (9, 9, 9))
    inputs = (brought(first, len(first)), brought(second, None))
    [data] = await pictures(provider, request._replace(inputs=inputs))
    assert data.startswith(b"\x89PNG")


@pytest.mark.needs("jobs", "ranges")
async def test_a_range_gives_just_its_bytes(provider: MediaProvider) -> None:
    [output] = await outputs_of(provider)
    whole = await content(provider, output)
    total = len(whole)
    for byte_range, expected in [
        (ByteRange(0, 9), whole[:10]),
        (ByteRange(5, 20), whole[5:21]),
        (ByteRange(total - 7), whole[-7:]),
        (ByteRange(-4), whole[-4:]),
        (ByteRange(total - 3, total + 50), whole[-3:]),
    ]:
        async with provider.open(output.ref, byte_range) as media:
            data = b"".join([chunk async for chunk in media.chunks])
            assert (data, media.start, media.length, media.total) == (expected, whole.rindex(data), len(data), total)
    with pytest.raises(RangeInvalid):
        await content(provider, output, ByteRange(total + 1))


@pytest.mark.needs("network", "jobs", "ranges")
async def test_a_range_holds_where_the_upstream_ignores_it(case: Case, provider: MediaProvider) -> None:
    [output] = await outputs_of(provider)
    whole = await content(provider, output)
    case.ignore_ranges()
    assert await content(provider, output, ByteRange(5, 20)) == whole[5:21]


@pytest.mark.needs("jobs")
async def test_refs_outlive_the_instance_that_made_them(build: Build) -> None:
    ref = await submitted(build())
    status = await ended(build(), ref)
    assert isinstance(status, Succeeded)
    assert await content(build(), status.outputs[0])


@pytest.mark.needs("jobs")
async def test_an_instance_keeps_its_jobs_apart(provider: MediaProvider) -> None:
    first, second = await submitted(provider), await submitted(provider)
    statuses = [await ended(provider, ref) for ref in (first, second, first)]
    links = [status.outputs for status in statuses if isinstance(status, Succeeded)]
    assert links[0] == links[2]
    assert links[0] != links[1]


@pytest.mark.needs("jobs")
async def test_refs_are_short_and_survive_the_id(case: Case, provider: MediaProvider) -> None:
    tickets = JobIds(["key"], 3600)
    ref = await submitted(provider)
    job = Job(case.name, "account", "model", "image", tickets.now(), "owner", 1, (ref,))
    issued = tickets.issue(job)
    assert tickets.job(issued.id) == issued
    assert issued._replace(id="") == job
    assert len(issued.id) <= 200


@pytest.mark.needs("credentials", "jobs")
async def test_refs_hold_no_secret(case: Case, provider: MediaProvider) -> None:
    ref = await submitted(provider)
    status = await ended(provider, ref)
    assert isinstance(status, Succeeded)
    secrets = [value for name, value in case.environment().items() if not name.endswith("_URL")]
    for secret in secrets:
        for part in secret.replace("=", "; ").split("; "):
            assert len(part) < 4 or not any(part in text for text in (ref, *(output.ref for output in status.outputs)))


async def test_an_unknown_ref_is_not_found(case: Case, provider: MediaProvider) -> None:
    with pytest.raises(NotFound):
        await provider.poll(case.unknown_ref)


async def test_an_unknown_output_is_not_found(case: Case, provider: MediaProvider) -> None:
    with pytest.raises(NotFound):
        async with provider.open(case.unknown_output):
            pass


async def test_the_listed_models_can_all_be_asked_for(provider: MediaProvider) -> None:
    models = await provider.models()
    assert len({model.id for model in models}) == len(models) > 0
    for model in models:
        assert isinstance(model, Model)
        if model.kind == "image":
            answer = await provider.submit(ImageRequest(model, "a cat", model.default_size, seed=7))
            assert answer.refs if isinstance(answer, Submitted) else answer.results


@pytest.mark.needs("network")
@pytest.mark.parametrize(
    "fault",
    [
        Reply(503),
        Reply(500, "<html>"),
        Reply(502, "<html>"),
        Reply(200, "<html>"),
        Reply(200, {"odd": "shape"}),
        Reply(200, "[]"),
        Drop(),
        Drop(after=True),
    ],
)
async def test_a_submit_is_sent_exactly_once(case: Case, provider: MediaProvider, fault: Reply | Drop) -> None:
    case.emulator.plan(case.submit_path, fault)
    with pytest.raises(Uncertain):
        await provider.submit(await a_request(provider))
    assert sum(case.submit_path in call.path for call in case.emulator.calls) == 1


@pytest.mark.needs("network")
async def test_an_upstream_that_cannot_be_reached_has_taken_nothing(case: Case, build: Build) -> None:
    with socket.socket() as unused:  # a port that nobody listens at, nor can be given meanwhile
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}"
        provider = build({**case.environment(), f"{case.name.upper()}_BASE_URL": nowhere})
        with pytest.raises(Unavailable):
            await provider.submit(await a_request(provider))


@pytest.mark.needs("network")
async def test_a_limit_says_how_long_it_lasts(case: Case, provider: MediaProvider) -> None:
    case.emulator.plan(case.submit_path, Reply(429, "slow down", {"retry-after": "7"}))
    with pytest.raises(AccountLimited) as caught:
        await provider.submit(await a_request(provider))
    assert caught.value.retry_after == 7
    assert case.taken() == 0


@pytest.mark.needs("credentials")
async def test_wrong_credentials_are_an_account_error(case: Case, build: Build) -> None:
    environment = case.environment_with_wrong_credentials()
    provider = build(environment)
    with pytest.raises(AccountError) as caught:
        await provider.submit(await a_request(provider))
    assert "nobody" not in repr(caught.value.__dict__)
    assert case.taken() == 0


@pytest.mark.needs("refusals")
async def test_a_refused_prompt_is_refused_content(case: Case, provider: MediaProvider) -> None:
    case.next_prompt_is_refused()
    try:
        answer = await provider.submit(await a_request(provider))
        assert isinstance(answer, Submitted)
        status = await ended(provider, answer.refs[0])
    except ContentRefused as refusal:
        error: EaselError = refusal
    else:
        assert isinstance(status, Failed)
        error = status.error
    assert error.code == "moderation_blocked"


@pytest.mark.needs("looks")
async def test_a_job_is_queued_until_the_upstream_works_on_it(case: Case, provider: MediaProvider) -> None:
    ref = await submitted(provider)
    assert tuple([type(await provider.poll(ref)) for _ in case.statuses]) == case.statuses


@pytest.mark.needs("states")
async def test_a_failed_job_is_news_and_not_an_exception(case: Case, provider: MediaProvider) -> None:
    case.next_job_fails()
    status = await ended(provider, await submitted(provider))
    assert isinstance(status, Failed)
    assert status.error.code == "generation_failed"
    assert status.error.message


@pytest.mark.needs("states")
async def test_an_unknown_state_is_running_and_ends_with_the_deadline(
    case: Case, provider: MediaProvider, caplog: pytest.LogCaptureFixture
) -> None:
    case.next_job_is_in_an_unknown_state("marinating")
    ref = await submitted(provider)
    with caplog.at_level(logging.WARNING):
        assert isinstance(await provider.poll(ref), Running)
    assert "marinating" in caplog.text
    waiter = Waiter()
    seen = [status async for status in waiter.watch(lambda: provider.poll(ref), waiter.clock() + 0.4)]
    assert seen
    assert all(isinstance(status, Running) for status in seen)


@pytest.mark.needs("states")
async def test_a_job_that_never_ends_stays_open(case: Case, provider: MediaProvider) -> None:
    case.next_job_never_ends()
    ref = await submitted(provider)
    for _ in range(MANY_LOOKS):
        assert isinstance(await provider.poll(ref), Queued | Running)


@pytest.mark.needs("looks")
@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Reply(429, "slow down", {"retry-after": "7"}), AccountLimited),
        (Reply(502, "<html>"), Unavailable),
        (Reply(200, "<html>"), Unavailable),
        (Reply(200, {"odd": "shape"}), Unavailable),
        (Reply(200, "[]"), Unavailable),
        (Reply(200, "null"), Unavailable),
        (Reply(418, "teapot"), Unavailable),
        (Reply(401, "who?"), AccountError),
        (Drop(), Unavailable),
    ],
)
async def test_a_look_that_goes_wrong_is_an_error_of_its_kind(
    case: Case, provider: MediaProvider, fault: Reply | Drop, expected: type[EaselError]
) -> None:
    ref = await submitted(provider)
    case.emulator.plan(case.poll_path, fault, fault, fault, fault)
    with pytest.raises(expected):
        await provider.poll(ref)


@pytest.mark.needs("looks")
async def test_a_look_survives_a_passing_fault(case: Case, provider: MediaProvider) -> None:
    ref = await submitted(provider)
    case.emulator.plan(case.poll_path, Reply(502, "<html>"), Drop())
    assert isinstance(await ended(provider, ref), Succeeded)


@pytest.fixture
def foreign_server() -> Iterator[tuple[str, list[str]]]:
    """A server that nobody named, and the paths it was asked for."""
    asked: list[str] = []

    async def app(scope: dict[str, object], receive: object, send: object) -> None:
        asked.append(str(scope["path"]))

    server = Server(app)  # type: ignore[arg-type]  # an app that never answers needs no more than this
    yield server.url, asked
    server.stop()


@pytest.mark.needs("network", "jobs", "links")
async def test_a_link_to_a_foreign_origin_is_not_followed(
    case: Case, provider: MediaProvider, foreign_server: tuple[str, list[str]]
) -> None:
    origin, asked = foreign_server
    for foreign in (origin, "http://169.254.169.254", "http://10.0.0.1", "http://[::1]:1"):
        case.results_lie_on(foreign)
        with pytest.raises(EaselError):
            await content(provider, (await outputs_of(provider))[0])
    assert asked == []


@pytest.mark.needs("network", "jobs", "links")
@pytest.mark.parametrize(
    "origin", ["ftp://files.example", "javascript:alert(1)", "file:///etc", "http://user:password@127.0.0.1", "http://"]
)
async def test_a_job_with_an_unusable_link_fails_at_once(case: Case, provider: MediaProvider, origin: str) -> None:
    case.results_lie_on(origin)
    try:
        status = await ended(provider, await submitted(provider))
    except GenerationFailed as failure:
        error: EaselError = failure
    else:
        assert isinstance(status, Failed)
        error = status.error
    assert error.code == "generation_failed"
    assert "password" not in repr(error.__dict__)


@pytest.mark.needs("network", "jobs", "links")
async def test_a_redirect_to_a_foreign_origin_is_not_followed(
    case: Case, provider: MediaProvider, foreign_server: tuple[str, list[str]]
) -> None:
    origin, asked = foreign_server
    [output] = await outputs_of(provider)
    redirect = Reply(302, "", {"location": f"{origin}/picture.png"})
    case.emulator.plan(case.file_path, redirect, redirect)  # an output may have two URLs, the second as a fallback
    with pytest.raises(Unavailable):
        await content(provider, output)
    assert asked == []


@pytest.mark.needs("network", "jobs")
async def test_only_pictures_are_handed_out(case: Case, provider: MediaProvider) -> None:
    [output] = await outputs_of(provider)
    case.result_is(b"<html><script>alert(1)</script></html>", "image/png")
    with pytest.raises(Unavailable):
        await content(provider, output)


@pytest.mark.needs("network", "jobs", "ranges")
async def test_a_result_that_breaks_once_is_whole_all_the_same(case: Case, provider: MediaProvider) -> None:
    [output] = await outputs_of(provider)
    case.result_is(png(64, 64) + bytes(200_000), "image/png")
    case.emulator.plan(case.file_path, Cut(100_000))
    assert await content(provider, output) == png(64, 64) + bytes(200_000)


@pytest.mark.needs("network", "jobs", "links")
async def test_leaving_early_closes_the_upstream(case: Case, provider: MediaProvider) -> None:
    [output] = await outputs_of(provider)
    case.result_is(png(64, 64) + bytes(50_000_000), "image/png")
    async with provider.open(output.ref) as media:
        await anext(media.chunks)
    for _ in range(100):
        if case.emulator.closed_early:
            break
        await asyncio.sleep(0.01)
    assert len(case.emulator.closed_early) == 1
