"""Pictures on their way into the site's storage: leave to upload, an address, the bytes, and word that they are there.

The storage's own calls are signed as AWS signs them (Signature Version 4), but for the host, which is left out.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
import zlib
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from shared.errors import Unavailable, Uncertain
from shared.http import Answer, Body, Http, clean, origin_of
from shared.providers._reading import at, text_at
from shared.providers.jimeng.site import Site
from shared.values import Input, Size

STORAGE = "https://imagex.bytedanceapi.com"

_VERSION = "2018-08-01"
_REGION, _SERVICE = "cn-north-1", "imagex"
_OF_A_PICTURE = 2
_DONE = 2000
_SECONDS = 120.0


class Uploaded(NamedTuple):
    """`size` is what the storage has found it to be; None where it does not say."""

    uri: str
    size: Size | None


class Grant(NamedTuple):
    """Leave to upload for a while; `service` is whose storage it is in."""

    access_key: str
    secret_key: str
    token: str
    service: str


class Uploads:
    """`storage` is where the signed calls go; the bytes go where it says, which has to be one of `origins`."""

    def __init__(self, http: Http, site: Site, storage: str, origins: Collection[str]) -> None:
        self._http = http
        self._site = site
        self._storage = storage
        self._origins = origins

    async def upload(self, picture: Input) -> Uploaded:
        """Nothing is bought here: whatever goes wrong with the storage is Unavailable."""
        size, checksum = await _measured(picture)
        grant = _grant(await self._site.ask("/mweb/v1/get_upload_token", {"scene": _OF_A_PICTURE}))
        address = await self._address(grant, size)
        await self._put(address, picture, size, checksum)
        return await self._committed(grant, text_at(address, "SessionKey"))

    async def _address(self, grant: Grant, size: int) -> Any:
        query = {"Action": "ApplyImageUpload", "FileSize": str(size), "s": secrets.token_hex(5)}
        text = _query(grant, query)
        headers = signed_headers(grant, "GET", text)
        answer = await self._http.read("GET", f"{self._storage}/?{text}", headers=headers)
        return at(_result(answer), "UploadAddress")

    async def _put(self, address: Any, picture: Input, size: int, checksum: str) -> None:
        host, uri = text_at(address, "UploadHosts", 0), text_at(address, "StoreInfos", 0, "StoreUri")
        place = origin_of(f"{urlsplit(self._storage).scheme}://{host}")
        if place not in self._origins:
            raise Unavailable("Jimeng wants a picture sent to an address that was not expected.")
        headers = {
            "Authorization": text_at(address, "StoreInfos", 0, "Auth"),
            "Content-CRC32": checksum,
            "Content-Disposition": 'attachment; filename="undefined"',
        }
        body = Body(picture.read(), "application/octet-stream", size)
        answer = await self._sent(f"{place}/upload/v1/{quote(uri)}", headers, body)
        if at(_content(answer), "code") != _DONE:
            raise _refused(answer, text_at(_content(answer), "message"))

    async def _committed(self, grant: Grant, session_key: str) -> Uploaded:
        text = _query(grant, {"Action": "CommitImageUpload"})
        content = json.dumps({"SessionKey": session_key}).encode()
        headers = signed_headers(grant, "POST", text, content)
        body = Body(_once(content), "application/json", len(content))
        result = _result(answer := await self._sent(f"{self._storage}/?{text}", headers, body))
        uri = text_at(result, "Results", 0, "Uri")
        if not uri or at(result, "Results", 0, "UriStatus") != _DONE:
            raise _refused(answer, "it did not keep the picture")
        sides = [at(result, "PluginResult", 0, side) for side in ("ImageWidth", "ImageHeight")]
        return Uploaded(uri, Size(*sides) if all(isinstance(side, int) and side > 0 for side in sides) else None)

    async def _sent(self, url: str, headers: Mapping[str, str], body: Body) -> Answer:
        try:
            return await self._http.send("POST", url, headers=headers, body=body, timeout=_SECONDS)
        except Uncertain as error:  # a picture that may have arrived is no work that may have been taken
            raise Unavailable("Jimeng's storage broke off while a picture was sent to it.") from error


def signed_headers(grant: Grant, method: str, query: str, content: bytes = b"") -> dict[str, str]:
    """The headers that make a call to the storage good; `query` in the order of its names."""
    now = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    digest = hashlib.sha256(content).hexdigest()
    headers = {"x-amz-content-sha256": digest} if content else {}
    headers |= {"x-amz-date": now, "x-amz-security-token": grant.token}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = "\n".join([method, "/", query, lines, names, digest])
    scope = f"{now[:8]}/{_REGION}/{_SERVICE}/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{grant.secret_key}".encode()
    for part in (*scope.split("/"), text):
        key = hmac.digest(key, part.encode(), "sha256")
    credential = f"Credential={grant.access_key}/{scope}"
    return {**headers, "authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={key.hex()}"}


async def _measured(picture: Input) -> tuple[int, str]:
    """Its size in bytes and its CRC32 in hexadecimal digits, which have to be known before the first byte is sent."""
    size = checksum = 0
    async for piece in picture.read():
        size += len(piece)
        checksum = zlib.crc32(piece, checksum)
    return size, f"{checksum:08x}"


def _grant(data: dict[str, Any]) -> Grant:
    grant = Grant(
        access_key=text_at(data, "access_key_id"),
        secret_key=text_at(data, "secret_access_key"),
        token=text_at(data, "session_token"),
        service=text_at(data, "service_id"),
    )
    if not all(grant):
        raise Unavailable("Jimeng gave no leave to upload a picture.")
    return grant


def _query(grant: Grant, own: Mapping[str, str]) -> str:
    values = {**own, "Version": _VERSION, "ServiceId": grant.service}
    return "&".join(f"{name}={values[name]}" for name in sorted(values))


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _content(answer: Answer) -> Any:
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def _result(answer: Answer) -> Any:
    result = at(_content(answer), "Result")
    if answer.status != 200 or not result:
        raise _refused(answer, text_at(_content(answer), "ResponseMetadata", "Error", "Message"))
    return result


def _refused(answer: Answer, said: str) -> Unavailable:
    """The session is none of the storage's business: it never says anything about the account."""
    said = clean(said) or "no reason given"
    message = f"Jimeng's storage did not take a picture: {said}."
    return Unavailable(message, details={"upstream": said, "status": answer.status})
