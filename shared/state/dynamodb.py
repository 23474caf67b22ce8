"""State in a DynamoDB table that all instances share."""

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
    """One item per text: `pk` is its key, and `expires` the Unix time after which the table deletes it.

    Deletion is delayed, so expired items count as missing. An item may live up to a second longer than its TTL,
    because `expires` is in whole seconds.
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
        # boto3 retries a delete whose response was lost; by then another writer may have stored its own text.
        values = {":old": {"S": value}}
        await self._call_if("delete_item", "content = :old", Key={"pk": {"S": key}}, ExpressionAttributeValues=values)

    async def _put_if(self, condition: str, item: dict[str, Any], values: dict[str, Any] | None = None) -> bool:
        # boto3 retries a call that succeeded but whose response was lost: the writer id keeps the condition from
        # failing because of its own write.
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
