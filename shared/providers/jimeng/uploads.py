"""Upload input images to the site's storage: token, address, bytes, commit.

The storage's calls use AWS Signature Version 4 without the host header.
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
from shared.http import Http, RequestBody, Response, origin_of
from shared.models import Size
from shared.providers._json import at, text_at
from shared.providers.jimeng.errors import data_of
from shared.providers.jimeng.site import Site
from shared.requests import InputImage

STORAGE = "https://imagex.bytedanceapi.com"

_VERSION = "2018-08-01"
_REGION, _SERVICE = "cn-north-1", "imagex"
_IMAGE_SCENE = 2
_DONE = 2000
_SECONDS = 120.0


class Uploaded(NamedTuple):
    """An uploaded image; `size` is measured by the storage, None if it does not say."""

    uri: str
    size: Size | None


class Grant(NamedTuple):
    """Temporary upload credentials; `service` is the storage's service id."""

    access_key: str
    secret_key: str
    token: str
    service: str


class Uploads:
    """`storage` is the origin of signed calls; it names the upload host, which must be in `origins`."""

    def __init__(self, http: Http, site: Site, storage: str, origins: Collection[str]) -> None:
        self._http = http
        self._site = site
        self._storage = storage
        self._origins = origins

    async def upload(self, image: InputImage) -> Uploaded:
        """Upload an image; raise Unavailable if the storage fails, as an upload costs nothing."""
        size, checksum = await _measured(image)
        grant = _grant(data_of(await self._site.read("/mweb/v1/get_upload_token", {"scene": _IMAGE_SCENE})))
        address = await self._address(grant, size)
        await self._put(address, image, size, checksum)
        return await self._committed(grant, text_at(address, "SessionKey"))

    async def _address(self, grant: Grant, size: int) -> Any:
        query = {"Action": "ApplyImageUpload", "FileSize": str(size), "s": secrets.token_hex(5)}
        text = _query(grant, query)
        headers = signed_headers(grant, "GET", text)
        response = await self._http.read("GET", f"{self._storage}/?{text}", headers=headers)
        return at(_result(response), "UploadAddress")

    async def _put(self, address: Any, image: InputImage, size: int, checksum: str) -> None:
        host, uri = text_at(address, "UploadHosts", 0), text_at(address, "StoreInfos", 0, "StoreUri")
        origin = origin_of(f"{urlsplit(self._storage).scheme}://{host}")
        if origin not in self._origins:
            raise Unavailable("Jimeng named an unexpected upload host; no image was sent.")
        headers = {
            "Authorization": text_at(address, "StoreInfos", 0, "Auth"),
            "Content-CRC32": checksum,
            "Content-Disposition": 'attachment; filename="undefined"',
        }
        body = RequestBody(image.read(), "application/octet-stream", size)
        response = await self._send(f"{origin}/upload/v1/{quote(uri)}", headers, body)
        if at(content := response.json_or_none(), "code") != _DONE:
            raise _refused(response, text_at(content, "message"))

    async def _committed(self, grant: Grant, session_key: str) -> Uploaded:
        text = _query(grant, {"Action": "CommitImageUpload"})
        content = json.dumps({"SessionKey": session_key}).encode()
        headers = signed_headers(grant, "POST", text, content)
        body = RequestBody(_once(content), "application/json", len(content))
        result = _result(response := await self._send(f"{self._storage}/?{text}", headers, body))
        uri = text_at(result, "Results", 0, "Uri")
        if not uri or at(result, "Results", 0, "UriStatus") != _DONE:
            raise _refused(response, "it did not store the image")
        sides = [at(result, "PluginResult", 0, side) for side in ("ImageWidth", "ImageHeight")]
        return Uploaded(uri, Size(*sides) if all(isinstance(side, int) and side > 0 for side in sides) else None)

    async def _send(self, url: str, headers: Mapping[str, str], body: RequestBody) -> Response:
        try:
            return await self._http.send("POST", url, headers=headers, body=body, timeout=_SECONDS)
        except Uncertain as error:  # an upload is not a submit
            raise Unavailable("The connection to Jimeng's storage failed during an upload; try again.") from error


def signed_headers(grant: Grant, method: str, query: str, content: bytes = b"") -> dict[str, str]:
    """Return the headers that sign a call to the storage; `query` is sorted by name."""
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


async def _measured(image: InputImage) -> tuple[int, str]:
    """Return the image's size in bytes and its CRC32 in hexadecimal, both required before the upload."""
    size = checksum = 0
    async for chunk in image.read():
        size += len(chunk)
        checksum = zlib.crc32(chunk, checksum)
    return size, f"{checksum:08x}"


def _grant(data: dict[str, Any]) -> Grant:
    grant = Grant(
        access_key=text_at(data, "access_key_id"),
        secret_key=text_at(data, "secret_access_key"),
        token=text_at(data, "session_token"),
        service=text_at(data, "service_id"),
    )
    if not all(grant):
        raise Unavailable("Jimeng issued no upload token; try again later.")
    return grant


def _query(grant: Grant, own: Mapping[str, str]) -> str:
    values = {**own, "Version": _VERSION, "ServiceId": grant.service}
    return "&".join(f"{name}={values[name]}" for name in sorted(values))


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _result(response: Response) -> Any:
    content = response.json_or_none()
    result = at(content, "Result")
    if response.status != 200 or not result:
        raise _refused(response, text_at(content, "ResponseMetadata", "Error", "Message"))
    return result


def _refused(response: Response, reason: str) -> Unavailable:
    """Return the error of a storage response, which never concerns the account."""
    reason = response.quote(reason) or "no reason given"
    message = f"Jimeng's storage rejected an image: {reason}."
    return Unavailable(message, details={"upstream": reason, "status": response.status})
