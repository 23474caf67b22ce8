"""AWS, for the settings that ask for it: boto3 is looked for at the first call, and works beside the event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from threading import Lock
from typing import Any

from shared.errors import EaselError, Misconfigured, ResultLost, StoreUnavailable

# What is refused under these codes now may be granted a little later.
_LATER = frozenset(
    {
        "ExpiredTokenException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_SECONDS = 2.0
_ATTEMPTS = 2
_PIECE = 64 << 10


class Refused(Misconfigured):
    """AWS says no, and would say so again. `reason` is its code for that, `said` all that it says of it."""

    def __init__(self, setting: str, reason: str, said: Mapping[str, Any]) -> None:
        super().__init__(f"{setting}: AWS refuses, with {reason}.")
        self.reason = reason
        self.said = said


class AwsService:
    """One service, such as `dynamodb`, on behalf of the setting that errors name. Its client is made when needed.

    `seconds` is how long each step of a call may take.
    """

    def __init__(self, name: str, setting: str, seconds: float = _SECONDS) -> None:
        self._name = name
        self._setting = setting
        self._seconds = seconds
        self._client: Any = None
        self._making = Lock()

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """The answer. StoreUnavailable where AWS is out of reach or busy, Misconfigured where it never will answer."""
        return await asyncio.to_thread(self._call, operation, arguments)

    @asynccontextmanager
    async def reading(self, body: Any) -> AsyncIterator[AsyncIterator[bytes]]:
        """The pieces of a file that came with an answer, as they arrive; ResultLost where it breaks off."""
        try:
            yield self._pieces(body)
        finally:  # not on the loop either: it waits for a read that is under way
            await asyncio.to_thread(body.close)

    async def _pieces(self, body: Any) -> AsyncIterator[bytes]:
        while piece := await asyncio.to_thread(self._read, body):
            yield piece

    def _read(self, body: Any) -> bytes:
        from botocore.exceptions import BotoCoreError

        try:
            piece: bytes = body.read(_PIECE)
        except BotoCoreError as error:
            raise ResultLost(f"{self._setting}: the file broke off ({type(error).__name__}).") from error
        return piece

    def _call(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        client = self._connected()
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(client, operation)(**arguments)
        except ClientError as error:
            raise self._refusal(error) from error
        except BotoCoreError as error:
            raise self._failure(error) from error
        return answer

    def _connected(self) -> Any:
        with self._making:
            if self._client is None:
                self._client = self._new_client()
            return self._client

    def _new_client(self) -> Any:
        try:
            from boto3.session import Session
            from botocore.config import Config
            from botocore.exceptions import BotoCoreError
        except ImportError:
            raise Misconfigured(f"{self._setting}: this needs the package boto3, which is not here.") from None
        config = Config(
            connect_timeout=_SECONDS,
            read_timeout=self._seconds,
            retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
        )
        try:
            return Session(region_name=os.environ.get("AWS_REGION")).client(self._name, config=config)
        except (BotoCoreError, ValueError) as error:
            raise Misconfigured(f"{self._setting}: no way to AWS ({type(error).__name__}).") from error

    def _refusal(self, error: Any) -> EaselError:
        """From AWS's own words only the code is passed on: the sentence names accounts and roles."""
        code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status >= 500 or code in _LATER:
            return StoreUnavailable(f"{self._setting}: AWS is too busy, with {code}.")
        return Refused(self._setting, code, error.response["Error"])

    def _failure(self, error: Exception) -> EaselError:
        from botocore.exceptions import NoCredentialsError, ParamValidationError, PartialCredentialsError

        hopeless = isinstance(error, NoCredentialsError | PartialCredentialsError | ParamValidationError)
        kind = Misconfigured if hopeless else StoreUnavailable
        return kind(f"{self._setting}: AWS is out of reach ({type(error).__name__}).")
