"""The local server: all functions in one process, `python -m shared.hosts.local`."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Mapping

import uvicorn

from shared.api import Misconfigured
from shared.hosts.bundle import whole_app
from shared.hosts.local_protocol import LocalProtocol

_LAST_PORT = 65535
_KEY = "<one of API_KEYS>"
_WELCOME = """
Easel listens on {base}. Generate an image with curl:

  curl -s {base}/images/generations{header} \\
    -d '{{"prompt": "a lighthouse at dusk", "response_format": "url"}}'

and with openai-python:

  from openai import OpenAI
  client = OpenAI(base_url="{base}", api_key="{key}")
  print(client.images.generate(model="sketch", prompt="a lighthouse at dusk", size="1024x1024").data[0].url)
"""


def main() -> None:
    host, port = address(os.environ)
    app = whole_app(open_mode=_is_loopback(host))
    try:
        settings = app.settings()
    except Misconfigured as error:
        sys.exit(f"easel: {error.message}")
    key, header = ("anything", "") if settings.open_mode else (_KEY, f" -H 'Authorization: Bearer {_KEY}'")
    base = f"http://{f'[{host}]' if ':' in host else host}:{port}{settings.prefix}/v1"
    print(_WELCOME.format(base=base, key=key, header=header), flush=True)
    uvicorn.run(
        app,
        host=host,
        port=port,
        http=LocalProtocol,
        ws="none",
        proxy_headers=not settings.open_mode,
        log_level="warning",
        access_log=False,  # uvicorn would format each line even if the level discards it
    )


def address(environment: Mapping[str, str]) -> tuple[str, int]:
    """Return HOST and PORT; SERVER_ADDRESS as `host:port` is the default of both."""
    host, _, port = environment.get("SERVER_ADDRESS", "").rpartition(":")
    host = environment.get("HOST", "").strip() or host.strip("[]") or "127.0.0.1"
    port = environment.get("PORT", "").strip() or port or "8000"
    if not port.isdecimal() or len(port) > 5 or int(port) > _LAST_PORT:
        sys.exit(f"easel: PORT: '{port[:20]}' is not a port number.")
    return host, int(port)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


if __name__ == "__main__":
    main()
