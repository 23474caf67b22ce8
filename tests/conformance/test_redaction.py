"""No provider repeats its credential, whatever the upstream says and whatever the credential looks like."""

from __future__ import annotations

import itertools
import logging
from contextlib import aclosing
from typing import Any

import pytest

from shared.errors import EaselError
from shared.providers import PROVIDERS, ChatProvider, MediaProvider
from shared.values import ChatDelta, ChatRequest, Failed, Submitted, Upstream
from tests.conformance.cases import Case
from tests.conformance.conftest import Build
from tests.conformance.test_promises import a_request, ended, submitted
from tests.emulators.faults import Blame, Echo

KEYS = ("swordfish", "correct horse battery staple", "open.sesame/of+the=operator", "sk-a-key")
COOKIES = "sessionid=open.sesame/of+the%3Doperator; __Secure-1PSID=swordfish; __Secure-1PSIDTS=an-open-door; a=xyzzy"

STATUSES = (200, 400, 401, 403, 404, 429, 500)
ENVELOPES: list[Any] = [
    {"error": {"message": "SAID", "code": "KEY", "param": "KEY", "status": "KEY"}, "message": "SAID", "status": 7},
    {"error": "SAID", "message": "SAID", "success": False, "ret": "1000", "errmsg": "SAID", "detail": "SAID"},
    {"errors": {"message": "SAID"}, "ret": "SAID", "status": 1, "promptFeedback": {"blockReason": "SAID"}},
    {"candidates": [{"finishReason": "KEY", "content": {"parts": [{"text": "SAID"}]}}]},
    {
        "detail": [{"msg": "SAID"}],
        "ResponseMetadata": {"Error": {"Message": "SAID"}},
        "message": "SAID",
        "code": "SAID",
    },
    {"status": "KEY", "task_status": "KEY", "name": "KEY", "ret": "KEY", "code": "KEY"},
    ["SAID"],
    "SAID",
]


def upstream_of(case: Case) -> Upstream:
    return next(upstream for upstream in PROVIDERS if upstream.name == case.name)


def pieces_of(credential: str) -> list[str]:
    """What may not be seen of it: all of a key, and each of several cookies."""
    cookies = [cookie.partition("=")[2] for cookie in credential.split("; ")] if "; " in credential else [credential]
    return [*cookies, *(cookie.replace("%3D", "=") for cookie in cookies)]


def assert_unseen(credentials: list[str], error: EaselError, log: str) -> None:
    told = repr(error.__dict__) + str(error) + log
    assert [each for each in credentials if each in told] == []


async def failure_of(provider: MediaProvider) -> EaselError:
    """What comes of a request for an image that cannot succeed."""
    try:
        answer = await provider.submit(await a_request(provider))
        assert isinstance(answer, Submitted)
        status = await ended(provider, answer.refs[0])
    except EaselError as error:
        return error
    assert isinstance(status, Failed)
    return status.error


@pytest.fixture(params=[*KEYS, COOKIES], ids=["short", "spaced", "signs", "sk", "cookies"])
def credential(request: pytest.FixtureRequest, case: Case) -> str:
    upstream = upstream_of(case)
    if not upstream.credential:
        pytest.skip(f"{case.name} has no credential")
    if bool(upstream.cookie_domain) != (request.param == COOKIES):
        pytest.skip(f"a credential of {case.name} has another form")
    return str(request.param)


@pytest.fixture
def strange(case: Case, build: Build, credential: str) -> MediaProvider:
    """The provider with a credential that does not look like one."""
    return build({**case.environment(), str(upstream_of(case).credential): credential})


@pytest.mark.needs("network")
async def test_an_error_does_not_quote_the_credential(
    case: Case, strange: MediaProvider, credential: str, caplog: pytest.LogCaptureFixture
) -> None:
    request = await a_request(strange)
    for status, envelope in itertools.product(STATUSES, ENVELOPES):
        case.emulator.plan("", *[Echo(status, envelope)] * 4)
        with caplog.at_level(logging.DEBUG, "shared"), pytest.raises(EaselError) as caught:
            await strange.submit(request)
        assert_unseen(pieces_of(credential), caught.value, caplog.text)
        case.emulator.reset()


@pytest.mark.needs("looks")
async def test_a_look_does_not_quote_the_credential(
    case: Case, strange: MediaProvider, credential: str, caplog: pytest.LogCaptureFixture
) -> None:
    for status, envelope in itertools.product(STATUSES, ENVELOPES):
        case.emulator.plan("", *[Echo(status, envelope)] * 4)
        with caplog.at_level(logging.DEBUG, "shared"):
            try:
                seen = await strange.poll(case.unknown_ref)
                error = seen.error if isinstance(seen, Failed) else EaselError("")
            except EaselError as raised:
                error = raised
        assert_unseen(pieces_of(credential), error, caplog.text)
        case.emulator.reset()


@pytest.mark.needs("network")
async def test_a_list_of_models_does_not_quote_the_credential(
    case: Case, strange: MediaProvider, credential: str, caplog: pytest.LogCaptureFixture
) -> None:
    case.emulator.plan("", *[Echo(401, ENVELOPES[0])] * 4)
    with caplog.at_level(logging.DEBUG, "shared"):
        assert await strange.models()
    assert_unseen(pieces_of(credential), EaselError(""), caplog.text)


@pytest.mark.needs("states", "credentials")
async def test_a_failed_job_does_not_quote_the_credential(case: Case, provider: MediaProvider) -> None:
    case.next_job_fails()
    ref = await submitted(provider)
    case.emulator.plan(case.poll_path, *[Blame()] * 9)
    status = await ended(provider, ref)
    assert isinstance(status, Failed)
    assert "Incorrect credentials: …" in status.error.message
    assert_unseen(credentials_in(case), status.error, "")


@pytest.mark.needs("states", "credentials")
async def test_an_unknown_state_is_not_logged_with_the_credential(
    case: Case, provider: MediaProvider, caplog: pytest.LogCaptureFixture
) -> None:
    for credential in credentials_in(case):
        case.next_job_is_in_an_unknown_state(credential)
        with caplog.at_level(logging.DEBUG, "shared"):
            await provider.poll(await submitted(provider))
        assert "counts as running" in caplog.text
        assert_unseen([credential], EaselError(""), caplog.text)


@pytest.mark.needs("refusals", "jobs", "looks")
async def test_a_refused_prompt_does_not_quote_the_credential(case: Case, provider: MediaProvider) -> None:
    case.next_prompt_is_refused()
    case.emulator.plan(case.submit_path, Blame())
    case.emulator.plan(case.poll_path, *[Blame()] * 9)
    assert_unseen(credentials_in(case), await failure_of(provider), "")


async def told(provider: MediaProvider) -> list[ChatDelta]:
    assert isinstance(provider, ChatProvider)
    model = next(model for model in await provider.models() if model.kind == "chat")
    async with aclosing(provider.chat(ChatRequest(model, ({"role": "user", "content": "hello"},)))) as deltas:
        return [delta async for delta in deltas]


async def test_a_conversation_does_not_quote_the_credential(
    case: Case, build: Build, credential: str, caplog: pytest.LogCaptureFixture
) -> None:
    if not case.talk_path:
        pytest.skip(f"{case.name} has no text models")
    refusals = [Echo(status, envelope) for status in STATUSES for envelope in ENVELOPES]
    for fault in [*refusals, case.answer_failing(f"Incorrect credentials: {credential}")]:
        strange = build({**case.environment(), str(upstream_of(case).credential): credential})
        case.emulator.plan(case.talk_path, *[fault] * 2)
        with caplog.at_level(logging.DEBUG, "shared"):
            try:
                error = EaselError(
                    "".join(delta.text for delta in await told(strange)) if len(credential) >= 12 else ""
                )
            except EaselError as raised:
                error = raised
        assert_unseen([credential], error, caplog.text)
        case.emulator.reset()


async def test_a_conversation_does_not_contain_the_credential(
    case: Case, strange: MediaProvider, credential: str
) -> None:
    if not case.talk_path:
        pytest.skip(f"{case.name} has no text models")
    case.emulator.plan(case.talk_path, case.answer_saying(f"Incorrect credentials: {credential}"))
    deltas = await told(strange)
    assert "Incorrect credentials" in "".join(delta.text for delta in deltas)
    assert len(credential) < 12 or credential not in repr(deltas)


def credentials_in(case: Case) -> list[str]:
    """Those that the emulator accepts."""
    return [each for each in pieces_of(case.environment()[str(upstream_of(case).credential)]) if len(each) > 3]
