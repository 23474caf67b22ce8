"""The local server in a process of its own, under `sys.setprofile`: what a request calls of our own functions."""

from __future__ import annotations

import os
import runpy
import socket
import sys
import threading
import time
from asyncio import BaseEventLoop
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import FrameType
from typing import Any, NamedTuple

from tests.bench.processes import ROOT, free_port, wait_for

_OURS = tuple(f"{ROOT / name}{os.sep}" for name in ("functions", "shared"))
_HANDLERS = _OURS[0]
_START, _STOP = "start", "stop"
_QUIET_SECONDS = 0.05
"""A request is over when nothing of ours is called for so long: some work follows the response's last byte."""


class Profile(NamedTuple):
    """One request. `calls` includes each resumption of a coroutine or generator, `entered` does not.

    `deepest` is the longest stack of our frames, those of the local server's start included. `to_socket` counts our
    frames from the endpoint's handler to the first byte sent upstream, across the tasks between them; 0 if nothing was
    sent.
    """

    calls: int
    entered: int
    functions: int
    files: int
    deepest: int
    to_socket: int


class ProfiledServer:
    """A running local server."""

    def __init__(self, url: str, control: Connection) -> None:
        self.url = url
        self._control = control

    def profile(self, send: Callable[[], object]) -> Profile:
        """The profile of the one request that `send` makes."""
        self._control.send(_START)
        self._control.recv()
        send()
        self._control.send(_STOP)
        profile: Profile = self._control.recv()
        return profile


@contextmanager
def profiled_server(environment: Mapping[str, str]) -> Iterator[ProfiledServer]:
    """A local server in a process of its own, from when it listens until the block ends."""
    port = free_port()
    spawn = get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(theirs, {**environment, "PORT": str(port)}))
    process.start()
    try:
        wait_for(port, process.is_alive)
        yield ProfiledServer(f"http://127.0.0.1:{port}", ours)
    finally:
        process.terminate()
        process.join()


class _Profiler:
    """Records the calls of one thread while it is on."""

    def __init__(self) -> None:
        self._on = False
        self._clear()

    def start(self) -> None:
        self._clear()
        self._on = True

    def _clear(self) -> None:
        # Frames are kept, so that no two of them have the same identity.
        self._frames: dict[int, FrameType] = {}
        self._creators: dict[int, tuple[FrameType, list[str]]] = {}
        self._calls = self._deepest = self._to_socket = 0

    def stop(self) -> Profile:
        calls = -1
        while calls != self._calls:
            calls = self._calls
            time.sleep(_QUIET_SECONDS)
        self._on = False
        functions = {frame.f_code for frame in self._frames.values()}
        files = {function.co_filename for function in functions}
        return Profile(calls, len(self._frames), len(functions), len(files), self._deepest, self._to_socket)

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if not self._on:
            return
        if event == "call":
            self._called(frame)
        elif event == "c_call" and not self._to_socket and _sends(argument):
            self._to_socket = _from_handler(self._path(frame))

    def _called(self, frame: FrameType) -> None:
        if frame.f_code is BaseEventLoop.create_task.__code__:
            task = getattr(frame.f_locals["coro"], "cr_frame", None)
            if task:
                self._creators[id(task)] = task, self._path(frame)
        elif frame.f_code.co_filename.startswith(_OURS):
            self._calls += 1
            self._frames[id(frame)] = frame
            self._deepest = max(self._deepest, sum(_is_ours(each) for each in _stack(frame)))

    def _path(self, frame: FrameType) -> list[str]:
        """The files of our frames on the way here, innermost first; a task's way goes on where it was created."""
        path: list[str] = []
        for each in _stack(frame):
            if _is_ours(each):
                path.append(each.f_code.co_filename)
            if id(each) in self._creators:
                return path + self._creators[id(each)][1]
        return path


def _serve(control: Connection, environment: Mapping[str, str]) -> None:
    os.environ.update(environment)
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # the welcome; open until the process ends
    sys.modules["uvloop"] = None  # type: ignore[assignment]  # its transports do not show up in a profile; asyncio's do
    profiler = _Profiler()
    threading.Thread(target=_obey, args=(control, profiler), daemon=True).start()
    sys.setprofile(profiler)
    runpy.run_module("shared.hosts.local", run_name="__main__")


def _obey(control: Connection, profiler: _Profiler) -> None:
    while True:
        if control.recv() == _START:
            profiler.start()
            control.send(None)
        else:
            control.send(profiler.stop())


def _stack(frame: FrameType | None) -> Iterator[FrameType]:
    while frame:
        yield frame
        frame = frame.f_back


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_OURS)


def _sends(function: Any) -> bool:
    return function.__name__ in ("send", "sendmsg") and isinstance(getattr(function, "__self__", None), socket.socket)


def _from_handler(path: list[str]) -> int:
    """How many of these frames, innermost first, there are up to the endpoint's handler; 0 outside of one."""
    handlers = [depth for depth, file in enumerate(path, 1) if file.startswith(_HANDLERS)]
    return handlers[-1] if handlers else 0
