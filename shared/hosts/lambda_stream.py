"""The entry point for streaming on AWS Lambda, started by the wrapper lambda-exec."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
from importlib import import_module
from typing import Any

from shared.hosts.runtime_api import RuntimeApi


def main() -> None:
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        # Imported here so that a module missing from the bundle is reported to Lambda.
        from shared.hosts.lambda_loop import Loop

        loop = Loop(api, _module(os.environ["_HANDLER"]).app)
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        asyncio.run(api.init_error(error))
        sys.exit(1)
    asyncio.run(loop.run())


def _module(handler: str) -> Any:
    """Import the module of a handler, such as functions.images for functions/images.handler."""
    return import_module(handler.rpartition(".")[0].replace("/", "."))


if __name__ == "__main__":
    main()
