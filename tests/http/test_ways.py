"""The ways to an upstream other than plain TCP: TLS, and a proxy."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from shared.errors import Misconfigured, Unavailable, Uncertain
from shared.http import Http, Patience
from tests.http.upstream import Call, listening, serving

ROOT = Path(__file__).parents[2]

READ_TWICE = """
import asyncio, sys
from shared.http import Http, origin_of
http = Http()
async def main():
    for _ in range(2):
        print((await http.read("GET", sys.argv[1])).body.decode())
    async with http.stream(sys.argv[1] + "/a.png", origins={origin_of(sys.argv[1])}) as media:
        async for _ in media.chunks:
            break
asyncio.run(main())
"""

SEND_TWICE = """
import asyncio, sys
from shared.http import Http
upstream, proxy = sys.argv[1:]
http = Http(proxy=proxy)
async def main():
    for pause in (0, 0, 3.1):
        await asyncio.sleep(pause)
        print((await http.send("POST", upstream, json={})).body.decode())
asyncio.run(main())
"""

FETCH = """
import asyncio, sys
from shared.errors import BadRequest
from shared.http import Fetcher, Http
origin, address = sys.argv[1:]
async def resolve(host, port):
    return [address]
async def main():
    try:
        print((await Fetcher(Http(), {origin}, resolve).fetch(origin + "/a.png")).size)
    except BadRequest as error:
        print(error.message)
asyncio.run(main())
"""


async def answers(call: Call) -> None:
    await call.answer(200, b"\x89PNG\r\n\x1a\n" + bytes(1 << 20) if call.target.endswith("/a.png") else b"hello")


async def tunnels(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A proxy that connects its client to the host that a CONNECT names."""
    head = await reader.readuntil(b"\r\n\r\n")
    host, _, port = head.split(b" ")[1].decode().rpartition(":")
    upstream_reader, upstream_writer = await asyncio.open_connection(host, int(port))
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await asyncio.gather(_pipe(reader, upstream_writer), _pipe(upstream_reader, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For 127.0.0.1 and pictures.example, signed by itself; with its key."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl on this machine")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test"
    files = ["-addext", "subjectAltName=IP:127.0.0.1,DNS:pictures.example", "-keyout", str(path), "-out", f"{path}.crt"]
    subprocess.run([*request.split(), *files], check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


async def test_a_trusted_certificate_opens_the_way(certificate: Path, tls: ssl.SSLContext) -> None:
    async with serving(answers, tls=tls) as upstream:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-c", READ_TWICE, upstream.origin),
            cwd=ROOT,
            env=os.environ | {"SSL_CERT_FILE": str(certificate)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert await process.communicate() == (b"hello\nhello\n", b"")
    assert upstream.connections == 1


@pytest.mark.parametrize(
    ("name", "outcome"),
    [("pictures.example", b"1048584"), ("other.example", b"could not be fetched"), ("127.0.0.1", b"1048584")],
)
async def test_a_fetched_picture_comes_from_whom_the_url_names(
    certificate: Path, tls: ssl.SSLContext, name: str, outcome: bytes
) -> None:
    """The connection goes to an address, and the certificate has to be the name's all the same."""
    async with serving(answers, tls=tls) as upstream:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-c", FETCH),
            *(upstream.origin.replace("127.0.0.1", name), "127.0.0.1"),
            cwd=ROOT,
            env=os.environ | {"SSL_CERT_FILE": str(certificate)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, complaints = await process.communicate()
    assert outcome in output
    assert complaints == b""


async def test_an_unknown_certificate_is_unavailable_and_nothing_is_sent(http: Http, tls: ssl.SSLContext) -> None:
    async with serving(answers, tls=tls) as upstream:
        with pytest.raises(Unavailable, match="could not be reached"):
            await http.send("POST", upstream.url(), json={})
    assert not upstream.calls


async def test_no_tls_where_tls_is_expected_is_unavailable(http: Http) -> None:
    async with serving(answers) as upstream:
        with pytest.raises(Unavailable, match="could not be reached"):
            await http.send("POST", upstream.origin.replace("http", "https"), json={}, timeout=1)


async def test_a_proxy_is_used_and_closed(http: Http) -> None:
    async with serving(answers) as proxy:
        proxied = Http(proxy=proxy.origin, patience=Patience(pause=0))
        assert (await proxied.read("GET", "http://upstream.invalid/job")).body == b"hello"
        assert (await proxied.send("POST", "http://upstream.invalid/job", json={})).body == b"hello"
        url = "http://upstream.invalid/a.png"
        async with proxied.stream(url, origins={"http://upstream.invalid"}) as media:
            assert sum([len(chunk) async for chunk in media.chunks]) == (1 << 20) + 8
        await proxied.aclose()
    assert [call.target for call in proxy.calls] == [f"http://upstream.invalid/{x}" for x in ("job", "job", "a.png")]


async def test_a_connection_through_a_proxy_is_too_old_for_a_send_after_three_seconds() -> None:
    async with serving(answers) as proxy:
        proxied = Http(proxy=proxy.origin)
        await proxied.read("GET", "http://upstream.invalid/")
        await proxied.send("POST", "http://upstream.invalid/", json={})
        assert proxy.connections == 1
        await asyncio.sleep(3.1)
        await proxied.send("POST", "http://upstream.invalid/", json={})
        assert proxy.connections == 2
        await proxied.aclose()


async def test_a_tunnel_through_a_proxy_is_too_old_for_a_send_after_three_seconds(
    certificate: Path, tls: ssl.SSLContext
) -> None:
    async with serving(answers, tls=tls) as upstream, listening(tunnels) as proxy:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-c", SEND_TWICE, upstream.origin, proxy),
            cwd=ROOT,
            env=os.environ | {"SSL_CERT_FILE": str(certificate)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert await process.communicate() == (b"hello\n" * 3, b"")
    assert [call.connection for call in upstream.calls] == [1, 1, 2]


async def test_a_proxy_that_is_not_there_or_refuses_leaves_no_doubt(http: Http) -> None:
    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()

    async with listening(refuses) as origin:
        for address in (origin, "http://127.0.0.1:1"):
            proxied = Http(proxy=address)
            with pytest.raises(Unavailable):
                await proxied.send("POST", "https://upstream.invalid/", json={})
            await proxied.aclose()


async def test_a_proxy_that_breaks_off_leaves_doubt(http: Http) -> None:
    async def cuts(call: Call) -> None:
        call.cut()

    async with serving(cuts) as proxy:
        proxied = Http(proxy=proxy.origin)
        with pytest.raises(Uncertain):
            await proxied.send("POST", "http://upstream.invalid/", json={})
        await proxied.aclose()
    assert len(proxy.calls) == 1


@pytest.mark.parametrize("proxy", ["gopher://127.0.0.1", "127.0.0.1:8080", "socks5://127.0.0.1:1080", "x"])
async def test_a_proxy_that_cannot_be_one_is_named(proxy: str) -> None:
    with pytest.raises(Misconfigured, match="PROXY"):
        await Http(proxy=proxy).read("GET", "http://upstream.invalid/")
