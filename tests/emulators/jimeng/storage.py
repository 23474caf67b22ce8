"""A fake ImageX: pictures come in by three calls, two of them signed as AWS has it."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.emulators.base import Refused
from tests.emulators.png import SIGNATURE

SERVICE_ID = "tb4s082cfz"

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/cn-north-1/imagex/aws4_request, "
    r"SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)


@dataclass
class Place:
    """Where one picture may be put, and what was put there."""

    uri: str = field(default_factory=lambda: f"tos-cn-i-{SERVICE_ID}/{secrets.token_hex(16)}")
    auth: str = field(default_factory=lambda: f"SpaceKey/{secrets.token_hex(20)}")
    session_key: str = field(default_factory=lambda: secrets.token_hex(30))
    size: int = 0
    data: bytes | None = None
    committed: bool = False


class Storage:
    """The pictures, by the key of the session that brought each."""

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        self._secrets: dict[str, tuple[str, str]] = {}

    def grant(self) -> dict[str, str]:
        access, secret, token = (prefix + secrets.token_hex(20) for prefix in ("AKTP", "", "STS2"))
        self._secrets[access] = secret, token
        names = {"access_key_id": access, "secret_access_key": secret, "session_token": token}
        return {**names, "service_id": SERVICE_ID}

    def holds(self, uri: str) -> bool:
        return any(place.uri == uri and place.committed for place in self.places.values())

    async def call(self, request: Request) -> Response:
        """`GET /?Action=ApplyImageUpload` and `POST /?Action=CommitImageUpload`."""
        body = await request.body()
        self._admit(request, body)
        query = request.query_params
        if query.get("Version") != "2018-08-01" or query.get("ServiceId") != SERVICE_ID:
            raise _refused("InvalidParameter", "The version or the service is wrong", 400)
        match request.method, query.get("Action"):
            case "GET", "ApplyImageUpload":
                return self._apply(request)
            case "POST", "CommitImageUpload":
                return await self._commit(request)
        raise _refused("InvalidAction", "There is no such action", 404)

    def _apply(self, request: Request) -> Response:
        place = Place(size=int(request.query_params["FileSize"]))
        if not re.fullmatch(r"[a-z0-9]{10}", request.query_params.get("s", "")):
            raise _refused("InvalidParameter", "The nonce is missing", 400)
        self.places[place.session_key] = place
        stores = [{"StoreUri": place.uri, "Auth": place.auth}]
        address = {"StoreInfos": stores, "UploadHosts": [request.url.netloc], "SessionKey": place.session_key}
        return JSONResponse({"ResponseMetadata": {"RequestId": "2026"}, "Result": {"UploadAddress": address}})

    async def put(self, request: Request) -> Response:
        """`POST /upload/v1/{uri}`"""
        data = await request.body()
        place = next((place for place in self.places.values() if place.uri == request.path_params["uri"]), None)
        if not place or request.headers.get("authorization") != place.auth or request.headers.get("cookie"):
            return JSONResponse({"code": 4003, "message": "not authorized"}, 403)
        if request.headers.get("content-crc32") != f"{zlib.crc32(data):08x}" or len(data) != place.size:
            return JSONResponse({"code": 4008, "message": "crc32 mismatch"}, 400)
        place.data = data
        return JSONResponse({"code": 2000, "message": "Success", "data": {"crc32": f"{zlib.crc32(data):08x}"}})

    async def _commit(self, request: Request) -> Response:
        body = await request.json()
        place = self.places.get(body.get("SessionKey"))
        if body.keys() != {"SessionKey"} or not place:
            raise _refused("InvalidSessionKey", "There is no such session", 400)
        if place.data is None:
            return _committed({"Uri": place.uri, "UriStatus": 2001}, {})
        place.committed = True
        sides: dict[str, int | str] = {}
        if place.data.startswith(SIGNATURE):
            width, height = int.from_bytes(place.data[16:20]), int.from_bytes(place.data[20:24])
            sides = {"ImageWidth": width, "ImageHeight": height, "ImageFormat": "png"}
        return _committed({"Uri": place.uri, "UriStatus": 2000}, sides)

    def _admit(self, request: Request, body: bytes) -> None:
        match = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if not match:
            raise _refused("MissingAuthenticationToken", "The request is not signed")
        access, day, names, signature = match.groups()
        secret, token = self._secrets.get(access, ("", ""))
        moment = request.headers.get("x-amz-date", "")
        expected = ["x-amz-date", "x-amz-security-token"]
        if request.method == "POST":
            expected = ["x-amz-content-sha256", *expected]
        if names.split(";") != expected or request.headers.get("x-amz-security-token") != token or moment[:8] != day:
            raise _refused("InvalidSecurityToken", "The token or the date is wrong")
        digest = hashlib.sha256(body).hexdigest()
        if request.headers.get("x-amz-content-sha256", digest) != digest:
            raise _refused("ContentMismatch", "The body has another digest")
        query = "&".join(f"{name}={value}" for name, value in sorted(request.query_params.items()))
        lines = [f"{name}:{request.headers[name]}" for name in expected]
        canonical = "\n".join([request.method, "/", query, *lines, "", names, digest])
        scope = f"{day}/cn-north-1/imagex/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = _hmac(_hmac(_hmac(_hmac(f"AWS4{secret}".encode(), day), "cn-north-1"), "imagex"), "aws4_request")
        if not hmac.compare_digest(_hmac(key, text).hex(), signature):
            raise _refused("SignatureDoesNotMatch", "The signature does not match")


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def _committed(result: dict[str, str | int], plugin: dict[str, int | str]) -> Response:
    return JSONResponse({"Result": {"Results": [result], "PluginResult": [plugin]}})


def _refused(code: str, message: str, status: int = 403) -> Refused:
    return Refused(JSONResponse({"ResponseMetadata": {"Error": {"Code": code, "Message": message}}}, status))
