"""All functions in one application, for the hosts that serve them together."""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from shared.api import App

FUNCTIONS = Path(__file__).parents[2] / "functions"

_LATE = ("shared.api", "shared.providers")
"""Packages with modules that are imported only when a request needs them."""


def whole_app(*, open_mode: bool = False, environment: Mapping[str, str] = os.environ) -> App:
    """Return one application with the routes of all functions, in the order of their files."""
    names = sorted(path.stem for path in FUNCTIONS.glob("[!_]*.py"))
    modules = [import_module(f"functions.{name}") for name in names]
    routes = [route for module in modules for route in module.app.routes]
    return App(routes, open_mode=open_mode, environment=environment)


def import_all() -> None:
    """Import what requests would import later. Costs nothing on hosts that start from a snapshot of the process."""
    for package in map(import_module, _LATE):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            import_module(module.name)
