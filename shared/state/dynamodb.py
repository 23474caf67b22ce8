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

    async def remove(self, key: str) -> None:
        await self._call("delete_item", Key={"pk": {"S": key}})

    async def _put_if(self, condition: str, item: dict[str, Any], values: dict[str, Any] | None = None) -> bool:
        # The writer's mark: a call that was carried out, but whose answer broke off, is repeated by boto3 and must
        # not be refused for what it has itself written.
        mark = {"S": uuid4().hex}
        try:
            await self._call(
                "put_item",
                Item={**item, "writer": mark},
                ConditionExpression=f"({condition}) OR writer = :writer",
                ExpressionAttributeValues={":now": {"N": f"{self._clock():.3f}"}, ":writer": mark, **(values or {})},
            )
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
