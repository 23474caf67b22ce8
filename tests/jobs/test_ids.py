"""Job and file ids: they decode to what was encoded, nothing else decodes, and they are short and hold no secrets."""

from __future__ import annotations

import contextlib
import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itsdangerous import Signer

from shared.account import Account
from shared.accounts import fingerprint
from shared.errors import NotFound
from shared.job import Job, ResultFile
from shared.jobs.ids import PREFIXES, JobIds

NOW = 1_700_000_000
DAY = 86_400.0
KEY = "the signing key"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_~-"
UUIDS = [str(UUID(int=0x123456789ABCDEF0FEDCBA9876543210 + step)) for step in range(4)]

examples = settings(derandomize=True, deadline=None, max_examples=150, database=None)


def tickets(*keys: str, ttl: float = DAY, now: float = NOW) -> JobIds:
    return JobIds(keys or (KEY,), ttl, clock=lambda: now)


def a_job(**changes: Any) -> Job:
    account = fingerprint(Account("mine", "zimage", "https://zimage.run"))
    owner = tickets().owners("a caller's key")[0]
    return Job("zimage", account, "zimage-turbo", "image", NOW, owner, 1, (f"t{UUIDS[0]}",))._replace(**changes)


uuids = st.uuids().map(str)
tagged_uuids = st.builds(str.__add__, st.sampled_from("abtz"), uuids)
tricky = st.sampled_from(
    ["", "~", ".", "/", "-", "_", "~~", "a.b~c/d", "-a", "_a", "0", "Ünïcödé", "图", "🎨", " ", "\0"]
)
texts = st.one_of(uuids, tagged_uuids, uuids.map(str.upper), tricky, st.text(st.characters(), max_size=40))
marks = st.text(ALPHABET.replace("~", ""), max_size=11)
jobs = st.builds(
    Job,
    provider=texts,
    account=marks,
    model=texts,
    kind=st.sampled_from(["image", "video", "chat"]),
    created=st.integers(NOW - 1000, NOW),
    owner=marks,
    requested=st.integers(1, 10),
    refs=st.lists(texts, max_size=4).map(tuple),
    id=st.just(""),
)
assets = st.builds(ResultFile, jobs, st.integers(0, 40), st.none() | texts)


def short(ticket: Job | ResultFile) -> bool:
    """Whether its id stays below the length at which ids are refused unread."""
    ours = tickets()
    return len(ours.issue(ticket).id if isinstance(ticket, Job) else ours.file_id(ticket)) <= 1000


@examples
@given(jobs.filter(short))
def test_a_job_comes_back_as_it_went_in(job: Job) -> None:
    issued = tickets().issue(job)
    assert tickets().job(issued.id) == issued
    assert issued._replace(id="") == job


@examples
@given(assets.filter(short))
def test_an_asset_comes_back_as_it_went_in(asset: ResultFile) -> None:
    assert tickets().file(tickets().file_id(asset)) == asset


@examples
@given(assets)
def test_ids_are_plain_text(asset: ResultFile) -> None:
    ours = tickets()
    assert set(ours.file_id(asset) + ours.issue(asset.job).id) <= set(ALPHABET)


@examples
@given(jobs.filter(short), st.integers(0, 3))
def test_no_job_is_an_asset_and_no_asset_a_job(job: Job, number: int) -> None:
    ours = tickets()
    with pytest.raises(NotFound):
        ours.file(ours.issue(job).id)
    with pytest.raises(NotFound):
        ours.job(ours.file_id(ResultFile(job, number)))


def decoders() -> list[Callable[[str], Job | ResultFile]]:
    return [tickets().job, tickets().file]


def encoded(ticket: Job | ResultFile) -> str:
    return tickets().issue(ticket).id if isinstance(ticket, Job) else tickets().file_id(ticket)


foreign = st.one_of(
    st.text(max_size=300),
    st.text(ALPHABET, max_size=300),
    st.builds("{}~{}".format, st.text(ALPHABET, max_size=60), st.text(ALPHABET, min_size=43, max_size=43)),
    jobs.map(lambda job: JobIds(["another key"], DAY).issue(job).id),
    assets.map(JobIds(["another key"], DAY).file_id),
)


@examples
@given(foreign)
def test_nothing_but_an_id_of_ours_decodes(text: str) -> None:
    for decode in decoders():
        with pytest.raises(NotFound):
            decode(text)


fields = st.one_of(st.text(ALPHABET.replace("~", ""), max_size=30), st.sampled_from(["i", "o", "0", "-1", "1_0", "01"]))
payloads = st.one_of(
    st.text(ALPHABET, max_size=80),
    st.lists(fields, max_size=12).map("~".join),
    st.builds("i~zimage~{}~m~{}~~1~{}".format, fields, st.sampled_from(["6553f100", "6553F100", "f" * 300]), fields),
)


@examples
@given(payloads, st.sampled_from(["easel.job", "easel.asset"]))
def test_whatever_our_keys_have_signed_decodes_only_from_its_one_text(payload: str, salt: str) -> None:
    signer = Signer([KEY], salt=salt, sep="~", digest_method=hashlib.sha256)
    text = signer.sign(payload).decode()
    for decode in decoders():
        with contextlib.suppress(NotFound):
            assert encoded(decode(text)) == text


@pytest.fixture(params=["job", "asset", "asset with its output"])
def known_id(request: pytest.FixtureRequest) -> str:
    asset = ResultFile(a_job(), 3, "f/2026/picture.png" if "output" in request.param else None)
    return tickets().issue(a_job()).id if request.param == "job" else tickets().file_id(asset)


def refused(text: str) -> bool:
    for decode in decoders():
        with pytest.raises(NotFound):
            decode(text)
    return True


def test_every_other_character_in_any_place_is_refused(known_id: str) -> None:
    for place, character in enumerate(known_id):
        for other in {chr(ord(character) ^ 1 << bit) for bit in range(8)} | set("Aa0_~-.+/= \n"):
            assert other == character or refused(known_id[:place] + other + known_id[place + 1 :])


def test_the_spare_bits_of_base64_are_refused(known_id: str) -> None:
    twins = [known_id[:-1] + other for other in ALPHABET if other != known_id[-1]]
    assert all(map(refused, twins))


def test_every_character_dropped_doubled_or_added_is_refused(known_id: str) -> None:
    for place in range(len(known_id)):
        assert refused(known_id[:place] + known_id[place + 1 :])
        assert refused(known_id[: place + 1] + known_id[place:])
    assert all(refused(known_id + extra) for extra in ["=", "==", "A", "~", ".", " ", "\n", "%20", ".png", "é"])
    assert all(refused(extra + known_id) for extra in ["=", "A", "~", ".", " ", "\n", "é", "job_", "chatcmpl", "video"])


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_prefixes_of_other_apis_are_ignored_once(prefix: str) -> None:
    text = tickets().issue(a_job()).id
    assert tickets().job(prefix + text) == tickets().issue(a_job())
    assert all(refused(first + prefix + text) for first in PREFIXES)
    assert refused(prefix)
    assert refused(prefix.upper() + text)
    assert refused(text + prefix)


def test_the_newest_key_signs_older_ones_verify_and_removed_ones_refuse() -> None:
    old, both, new = tickets("old"), tickets("new", "old"), tickets("new")
    assert both.issue(a_job()).id == new.issue(a_job()).id != old.issue(a_job()).id
    assert both.job(old.issue(a_job()).id) == old.issue(a_job())
    with pytest.raises(NotFound):
        new.job(old.issue(a_job()).id)


@pytest.mark.parametrize(
    ("age", "alive"), [(0, True), (DAY - 1, True), (DAY - 0.001, True), (DAY, False), (1e9, False)]
)
def test_ids_live_as_long_as_they_should(age: float, alive: bool) -> None:
    job = a_job()
    asset = ResultFile(job, 0)
    later = tickets(now=NOW + age)
    if alive:
        assert later.job(tickets().issue(job).id) == tickets().issue(job)
        assert later.file(tickets().file_id(asset)) == asset
    else:
        with pytest.raises(NotFound):
            later.job(tickets().issue(job).id)
        with pytest.raises(NotFound):
            later.file(tickets().file_id(asset))


def test_all_that_can_be_wrong_with_an_id_sounds_the_same() -> None:
    text = tickets().issue(a_job()).id
    wrong = ["", "x", text + "x", tickets("another").issue(a_job()).id, tickets().file_id(ResultFile(a_job(), 0))]
    messages = set()
    for job_id in wrong:
        with pytest.raises(NotFound) as caught:
            tickets().job(job_id)
        messages.add((caught.value.message, caught.value.code))
    with pytest.raises(NotFound) as caught:
        tickets(now=NOW + 2 * DAY).job(text)
    assert messages == {(caught.value.message, caught.value.code)}


def test_an_owner_is_an_eight_byte_hash_under_each_key() -> None:
    owners = tickets("new", "old").owners("a caller's key")
    assert owners == tickets("new").owners("a caller's key") + tickets("old").owners("a caller's key")
    assert all(re.fullmatch(r"[\w-]{11}", owner) for owner in owners)
    assert not set(owners) & set(tickets("new", "old").owners("another caller's key"))


@pytest.mark.parametrize(("refs", "longest"), [(1, 200), (4, 300)])
def test_ids_are_short(refs: int, longest: int) -> None:
    job = a_job(refs=tuple(f"p{uuid}" for uuid in UUIDS[:refs]), model="ernie-image-turbo", requested=10)
    assert len(tickets().issue(job).id) <= longest
    assert len(tickets().file_id(ResultFile(job, 9))) <= longest


@pytest.mark.parametrize("letter", ["", "a", "p", "t", "z"])
def test_a_uuid_takes_less_than_its_own_length(letter: str) -> None:
    added = len(tickets().issue(a_job(refs=(letter + UUIDS[0],))).id) - len(tickets().issue(a_job(refs=())).id)
    assert added <= 25


def test_an_asset_that_carries_its_link_is_short() -> None:
    assert len(tickets().file_id(ResultFile(a_job(refs=()), 0, "f/" + "p" * 118))) <= 300


def test_no_secret_is_inside() -> None:
    key = "a caller's key with 24 characters"
    job = a_job(owner=tickets().owners(key)[0])
    text = tickets().issue(job).id + tickets().file_id(ResultFile(job, 0))
    for secret in (key, KEY, "mine"):
        digests = [hashlib.new(name, secret.encode()).digest()[:8] for name in ("md5", "sha1", "sha256")]
        shapes = [secret, secret.encode().hex(), *(digest.hex() for digest in digests)]
        shapes += [urlsafe_b64encode(raw).decode()[:10] for raw in (secret.encode(), *digests)]
        assert not [shape for shape in shapes if shape in text]


def test_an_id_that_was_seen_before_expires_all_the_same() -> None:
    times = iter([NOW, NOW + DAY])
    mine = JobIds((KEY,), DAY, clock=lambda: next(times))
    name = mine.issue(a_job()).id
    assert mine.job(name).created == NOW
    with pytest.raises(NotFound):
        mine.job(name)
