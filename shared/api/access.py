"""Who may do what: callers' keys, what a route asks for, and what the open mode of a laptop refuses."""

from __future__ import annotations

import hmac
import re
from enum import Enum
from urllib.parse import urlsplit

from starlette.requests import Request

from shared.errors import Forbidden, NotFound, Unauthenticated
from shared.service import Caller
from shared.settings import Settings
from shared.tickets import Tickets

_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
_PROXY_HEADER = re.compile(
    r"forwarded|via|cdn-loop|true-client-ip|x-real-ip|(x|x-cluster|fly|fastly)-client-ip"
    r"|x-forwarded(-.*)?|(cf|x-original|x-envoy)-.*"
)


class Access(Enum):
    """What a route asks of its caller."""

    ANYONE = "nothing"
    ID = "an id that is its own permission, or else its owner's key"
    CREDENTIAL = "the caller's own credential for the upstream, or else a caller's key"
    KEY = "a caller's key"
    ADMIN = "an operator's key"


def authorize(request: Request, access: Access, settings: Settings, tickets: Tickets) -> Caller | None:
    """The caller; None where the route does without one. Unauthenticated when it does not and no key fits.

    Without ADMIN_KEYS there are no operators, and what is theirs is not there.
    """
    if access is Access.ADMIN:
        _admit_operator(request, settings)
        return None
    if settings.open_mode:
        return Caller(tickets.owners(""))
    token = _token(request)
    if token and _is_known(token, settings.keys):
        return Caller(tickets.owners(token))
    if access is Access.KEY:
        raise Unauthenticated(
            "This API key is not known here." if token else "An API key is needed: Authorization: Bearer <key>."
        )
    return None


def is_operator(request: Request, settings: Settings) -> bool:
    token = _token(request)
    return bool(token) and _is_known(token, settings.admin_keys)


def _admit_operator(request: Request, settings: Settings) -> None:
    if not settings.admin_keys:
        raise NotFound("There is nothing at this address: no ADMIN_KEYS are configured.", code="unknown_url")
    if not is_operator(request, settings):
        raise Unauthenticated("This address needs a key from ADMIN_KEYS.")


def guard_open_mode(request: Request) -> None:
    """Without keys, only programs and pages of this very machine are served.

    A page on the internet can make a browser send requests here, under another name for this address or from
    another origin, and a proxy in front would let anybody in: none of these gets an answer.
    """
    host = _hostname(f"//{request.headers.get('host', '')}")
    origin = request.headers.get("origin")
    if host not in _LOCAL_HOSTS or (origin and _hostname(origin) not in _LOCAL_HOSTS):
        raise Forbidden("Without API_KEYS only this machine itself is served, under the name localhost or 127.0.0.1.")
    if any(map(_PROXY_HEADER.fullmatch, request.headers)):
        raise Forbidden("Without API_KEYS nothing is served through a proxy. Set API_KEYS to open this server up.")


def _hostname(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _token(request: Request) -> str:
    """The key, whatever word stands before it, or in one of the headers that Azure's clients use."""
    authorization = request.headers.get("authorization", "").split()
    if authorization:
        return authorization[-1]
    return request.headers.get("api-key") or request.headers.get("x-api-key") or ""


def _is_known(token: str, keys: tuple[str, ...]) -> bool:
    given = token.encode()
    return any([hmac.compare_digest(given, key.encode()) for key in keys])
