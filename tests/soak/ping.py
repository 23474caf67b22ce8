"""Asks a server `GET /ping` again and again until its standard input ends; prints the longest wait in milliseconds."""

from __future__ import annotations

import http.client
import select
import sys
import time
from urllib.parse import urlsplit

_PAUSE_SECONDS = 0.002


def main() -> None:
    address = urlsplit(sys.argv[1])
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    _ping(connection)
    print("ready", flush=True)
    longest = 0.0
    while not select.select([sys.stdin], [], [], _PAUSE_SECONDS)[0]:
        begun = time.monotonic()
        _ping(connection)
        longest = max(longest, time.monotonic() - begun)
    print(1000 * longest)


def _ping(connection: http.client.HTTPConnection) -> None:
    """Ask until there is an answer: a server that was blocked closes its idle connections first."""
    while True:
        try:
            connection.request("GET", "/ping")
            connection.getresponse().read()
        except (OSError, http.client.HTTPException):
            connection.close()
            time.sleep(_PAUSE_SECONDS)
        else:
            return


if __name__ == "__main__":
    main()
