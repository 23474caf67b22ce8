"""The gateway under test: all functions behind one real server on a loopback port, with an environment of its own."""

from __future__ import annotations

from types import TracebackType

import httpx
import openai

from shared.hosts.bundle import whole_app
from tests.emulators.server import Server

API_KEY = "test-key-that-is-long-enough-to-derive-from"
OTHER_KEY = "another-test-key-that-is-long-enough-as-well"
SIGNING_KEY = "a signing key of the tests"


class Gateway:
    """Serves until it is closed. `environment` may be changed while it runs; open mode needs no keys."""

    def __init__(self, *, open_mode: bool = False, **environment: str) -> None:
        keys = {} if open_mode else {"API_KEYS": f"{API_KEY},{OTHER_KEY}", "SIGNING_KEYS": SIGNING_KEY}
        self.environment = keys | environment
        self._server = Server(whole_app(open_mode=open_mode, environment=self.environment))
        self.url = self._server.url

    def client(self, key: str = API_KEY) -> httpx.Client:
        """A plain HTTP client with a key, for what an SDK would hide."""
        headers = {"authorization": f"Bearer {key}"}
        # Nothing here is https: a client that reads no certificates is made ten times as fast.
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, verify=False)

    def openai(self, key: str = API_KEY, *, max_retries: int = 2, timeout: float = 60.0) -> openai.OpenAI:
        """The real SDK, with its retries on."""
        return openai.OpenAI(base_url=f"{self.url}/v1", api_key=key, max_retries=max_retries, timeout=timeout)

    def close(self) -> None:
        self._server.stop()

    def __enter__(self) -> Gateway:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
