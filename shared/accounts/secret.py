"""ACCOUNTS_SECRET: read accounts from AWS Secrets Manager or an SSM parameter, and reread them when they change."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from shared.aws import AwsService
from shared.errors import EaselError, Misconfigured

_log = logging.getLogger(__name__)

MAX_AGE = 300.0
MIN_AGE = 30.0
"""Seconds until the text is read again: MAX_AGE normally, MIN_AGE once it is marked stale."""

_PARAMETER = "ssm:"


class Secret:
    """A secret, by its name or ARN, or an SSM parameter, by `ssm:` and its name; `text` is what was last read."""

    def __init__(self, name: str, clock: Callable[[], float] = time.time) -> None:
        self.name = name
        self.text = ""
        self._clock = clock
        self._aws = AwsService("ssm" if name.startswith(_PARAMETER) else "secretsmanager", "ACCOUNTS_SECRET")
        self._known = False
        self._tried_at = 0.0
        self._due = 0.0

    async def refresh(self) -> None:
        """Read the secret if it is due. Errors raise until the first success; after that the old text stays in use."""
        now = self._clock()
        if self._known and now < self._due:
            return
        self._tried_at = now
        self._due = now + MIN_AGE  # concurrent requests use the old text in the meantime
        try:
            self.text = await self._read()
        except EaselError as error:
            if not self._known:
                raise
            _log.warning("going on with the accounts as they were: %s", error.message)
        else:
            self._known, self._due = True, now + MAX_AGE

    def mark_stale(self) -> None:
        """Reread the secret early, because something in it does not work."""
        self._due = min(self._due, self._tried_at + MIN_AGE)

    async def _read(self) -> str:
        if self.name.startswith(_PARAMETER):
            name = self.name.removeprefix(_PARAMETER)
            answer = await self._aws.call("get_parameter", Name=name, WithDecryption=True)
            return str(answer["Parameter"]["Value"])
        answer = await self._aws.call("get_secret_value", SecretId=self.name)
        if "SecretString" not in answer:
            raise Misconfigured("ACCOUNTS_SECRET: there are bytes in this secret, where text should be.")
        return str(answer["SecretString"])
