"""No client makes the upstream work twice for one call, whatever goes wrong; and its user learns what did."""

from __future__ import annotations

import re

import pytest

from tests.sdk.clients import CLIENTS
from tests.sdk.scenario import Reports
from tests.sdk.troubles import AT_THE_END, IN_A_BATCH, TROUBLES, WHILE_WAITING

LONGEST = 30.0
"""Seconds. The longest wait of all is that for an account to be free again, 10 s, and some clients add their own."""

WITH_A_JOB = (WHILE_WAITING | AT_THE_END | IN_A_BATCH).keys() - {"batch-submit-dropped-afterwards"}

# What the clients write in front of the sentence that they were given.
_PREFIX = re.compile(r"(Error code: \d{3} - |\d{3} |Failed after 3 attempts\. Last error: )?")
_SENTENCE = re.compile(r"([A-Z]|zimage\.run )[^<>{}]* [^<>{}]+\.")

pytestmark = [pytest.mark.parametrize("client", CLIENTS), pytest.mark.parametrize("trouble", TROUBLES)]


def test_one_call_is_one_order_at_most(client: str, trouble: str, reports: Reports) -> None:
    report, plan = reports(client, trouble), TROUBLES[trouble]
    # This one makes a call of its own for each picture.
    calls = plan.n if client == "ai-openai" else 1
    assert report.orders <= calls
    if client not in plan.own_words:
        assert report.orders == plan.orders * calls


def test_a_call_ends_as_it_has_to(client: str, trouble: str, reports: Reports) -> None:
    report, plan = reports(client, trouble), TROUBLES[trouble]
    outcome = report.outcome
    assert outcome.seconds < LONGEST
    if client in plan.own_words:
        assert outcome.error
    elif plan.codes:
        assert outcome.code in plan.codes
    else:
        assert outcome.error is None, outcome.message
        assert len(outcome.pictures) == plan.n
        assert sorted(filter(None, outcome.pictures)) == sorted(report.originals)


def test_the_user_reads_a_sentence(client: str, trouble: str, reports: Reports) -> None:
    outcome, plan = reports(client, trouble).outcome, TROUBLES[trouble]
    if not outcome.error or client in plan.own_words:
        assert not outcome.error or outcome.message
        return
    assert _SENTENCE.fullmatch(_PREFIX.sub("", outcome.message, count=1)), outcome.message
    assert "127.0.0.1" not in outcome.message
    if trouble in WITH_A_JOB:
        # An error in the midst of a stream has no status.
        assert outcome.status == (None if client.endswith("-stream") else 424)
        assert outcome.job
        assert outcome.job in outcome.message
