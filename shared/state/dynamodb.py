"""State in a DynamoDB table, which all instances share."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, ClassVar
from uuid import uuid4

from shared.aws import AwsService, Refused

_LIVING = "expires > :now"
_FREE = "attribute_not_exists(pk) OR expires <= :now"


class DynamoState:
    """One item for each text: its name is `pk`, and `expires` is the Unix time after which the table drops it.

    The table takes its time with that, so what has expired counts as gone. An entry lives up to a second longer than
    it was meant to, for the table wants whole ones.
    """

    shared: ClassVar[bool] = True

    def __init__(self, table: str, clock: Callable[[], float] = time.time) -> None:
        self._table = table
        self._clock = clock
        self._dynamodb = AwsService("dynamodb", "STATE")

    async def get(self, key: str) -> str | None:
        answer = await self._call("get_item", Key={"pk": {"S": key}}, ConsistentRead=True)
        item = answer.get("Item")
        if item is None or float(item["expires"]["N"]) <= self._clock():
            return None
        text: str = item["content"]["S"]
        return text

    async def put(self, key: str, value: str, ttl: float) -> None:
        await self._call("put_item", Item=self._item(key, value, ttl))

    async def add(self, key: str, value: str, ttl: float) -> bool:
        return await self._put_if(_FREE, self._item(key, value, ttl))

    async def swap(self, key: str, old: str, new: str, ttl: float) -> bool:
        return await self._put_if(f"content = :old AND {_LIVING}", self._item(key, new, ttl), {":old": {"S": old}})

    async def remove(self, key: str, value: str) -> None:
        # boto3 repeats a delete whose response was lost; by then another writer may have put a text of its own.
        values = {":old": {"S": value}}
        await self._call_if("delete_item", "content = :old", Key={"pk": {"S": key}}, ExpressionAttributeValues=values)

    async def _put_if(self, condition: str, item: dict[str, Any], values: dict[str, Any] | None = None) -> bool:
        # The writer's mark: a call that was carried out, but whose answer broke off, is repeated by boto3 and must
        # not be refused for what it has itself written.
        mark = {"S": uuid4().hex}
        return await self._call_if(
            "put_item",
            f"({condition}) OR writer = :writer",
            Item={**item, "writer": mark},
            ExpressionAttributeValues={":now": {"N": f"{self._clock():.3f}"}, ":writer": mark, **(values or {})},
        )

    async def _call_if(self, operation: str, condition: str, **arguments: Any) -> bool:
        """Return False if the condition does not hold."""
        try:
            await self._call(operation, ConditionExpression=condition, **arguments)
        except Refused as error:
            if error.reason != "ConditionalCheckFailedException":
                raise
            return False
        return True

    async def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        return await self._dynamodb.call(operation, TableName=self._table, **arguments)

    def _item(self, key: str, value: str, ttl: float) -> dict[str, Any]:
        expires = math.ceil(self._clock() + ttl)
        return {"pk": {"S": key}, "content": {"S": value}, "expires": {"N": str(expires)}}
