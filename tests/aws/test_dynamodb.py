"""State in a table: the promises of every state, and what becomes of a table that is not as it should be."""

from __future__ import annotations

import time
from typing import Any

import pytest

from shared.errors import Misconfigured, StoreUnavailable
from shared.state import DynamoState
from tests.aws.front import Front
from tests.clock import Clock
from tests.state.test_state import StatePromises

NOW = 1_800_000_000.0


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def state(table: str, clock: Clock) -> DynamoState:
    return DynamoState(table, clock)


class TestDynamo(StatePromises):
    pass


async def test_another_instance_sees_it(state: DynamoState, table: str, clock: Clock) -> None:
    other = DynamoState(table, clock)
    await state.put("a", "one", 10)
    assert await other.get("a") == "one"
    assert not await other.add("a", "two", 10)


async def test_the_table_is_told_when_an_entry_ends(state: DynamoState, table: str, dynamodb: Any) -> None:
    await state.put("a", "one", 0.5)
    [item] = dynamodb.scan(TableName=table)["Items"]
    assert (item["pk"], item["expires"]) == ({"S": "a"}, {"N": f"{NOW + 1:.0f}"})


async def test_a_write_whose_answer_broke_off_counts_as_done(state: DynamoState, front: Front) -> None:
    front.lose = 1
    assert await state.add("a", "one", 10)
    front.lose = 1
    assert await state.swap("a", "one", "two", 10)
    assert front.calls["PutItem"] == 4
    assert await state.get("a") == "two"
    assert not await state.add("a", "three", 10)


async def test_a_repeated_delete_leaves_another_writers_text(
    state: DynamoState, table: str, front: Front, dynamodb: Any
) -> None:
    def write_another() -> None:
        item = {"pk": {"S": "a"}, "content": {"S": "two"}, "expires": {"N": f"{NOW + 10:.0f}"}}
        dynamodb.put_item(TableName=table, Item=item)

    await state.put("a", "one", 10)
    front.lose, front.meanwhile = 1, write_another
    await state.remove("a", "one")
    assert front.calls["DeleteItem"] == 2
    assert await state.get("a") == "two"


async def test_out_of_reach_it_says_so_soon(state: DynamoState, front: Front) -> None:
    front.down = True
    began = time.monotonic()
    for call in (state.get("a"), state.put("a", "x", 1), state.add("a", "x", 1), state.remove("a", "x")):
        with pytest.raises(StoreUnavailable, match="^STATE: "):
            await call
    assert front.calls.total() == 8
    assert time.monotonic() - began < 10
    front.down = False
    assert await state.get("a") is None


async def test_a_table_that_is_not_there_is_a_matter_of_settings() -> None:
    with pytest.raises(Misconfigured, match="^STATE: .*ResourceNotFoundException"):
        await DynamoState("no-such-table").get("a")
    with pytest.raises(Misconfigured, match="^STATE: .*ResourceNotFoundException"):
        await DynamoState("no-such-table").add("a", "x", 1)


async def test_so_is_a_place_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "banana")
    with pytest.raises(Misconfigured, match="^STATE: "):
        await DynamoState("a-table").get("a")


async def test_without_credentials_there_is_no_way_to_aws(table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    with pytest.raises(Misconfigured, match="^STATE: "):
        await DynamoState(table).get("a")


async def test_without_boto3_the_message_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "boto3.session", None)
    with pytest.raises(Misconfigured, match="^STATE: .*boto3"):
        await DynamoState("a-table").get("a")
