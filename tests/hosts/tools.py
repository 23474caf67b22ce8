"""Where the hosts' own tools are: `make tools` puts them there, apart from the clients that other tests need."""

from __future__ import annotations

from pathlib import Path

NODE_MODULES = Path(__file__).parent / "node_modules"
