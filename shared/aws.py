"""AWS services for the settings that use them: boto3 is imported at the first call and runs in threads."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from threading import Lock
from typing import Any

from shared.errors import EaselError, Misconfigured, ResultLost, StoreUnavailable

# Calls rejected with these codes may succeed a little later.
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
    """AWS rejected the call, and would again. `reason` is its error code, `said` its whole error."""

    def __init__(self, setting: str, reason: str, said: Mapping[str, Any]) -> None:
        super().__init__(f"{setting}: AWS refuses, with {reason}.")
        self.reason = reason
        self.said = said


class AwsService:
    """One service, such as `dynamodb`; errors name `setting`. The client is created at the first call.

    `seconds` is the read timeout.
    """

    def __init__(self, name: str, setting: str, seconds: float = _SECONDS) -> None:
        self._name = name
        self._setting = setting
        self._seconds = seconds
        self._client: Any = None
        self._making = Lock()

    async def call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """Return the response. Raises StoreUnavailable for temporary failures, Misconfigured for permanent ones."""
        return await asyncio.to_thread(self._call, operation, arguments)

    @asynccontextmanager
    async def reading(self, body: Any) -> AsyncIterator[AsyncIterator[bytes]]:
        """Stream the chunks of a file in a response. Raises ResultLost if it breaks off."""
        try:
            yield self._pieces(body)
        finally:  # in a thread too: it waits for a read in progress
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
        """Map an AWS error. Only its code is quoted: the message names accounts and roles."""
        code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status >= 500 or code in _LATER:
            return StoreUnavailable(f"{self._setting}: AWS is too busy, with {code}.")
        return Refused(self._setting, code, error.response["Error"])

    def _failure(self, error: Exception) -> EaselError:
        from botocore.exceptions import NoCredentialsError, ParamValidationError, PartialCredentialsError

        hopeless = isinstance(error, NoCredentialsError | PartialCredentialsError | ParamValidationError)
        kind = Misconfigured if hopeless else StoreUnavailable
        return kind(f"{self._setting}: AWS is out of reach ({type(error).__name__}).")
