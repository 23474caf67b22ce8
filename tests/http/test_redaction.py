"""A request's credentials are not quoted from its answer, whatever they look like."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from shared.http import Http, Redaction
from tests.http.upstream import Call, serving

BEARER = {"authorization": "Bearer correct horse battery"}
COOKIES = {"cookie": 'session=open%2Fsesame%3D1; theme=dark; lang=zh; token="a-quoted-token"; a=b=c-d-e-f; alone'}


@pytest.mark.parametrize(
    ("headers", "said", "quoted"),
    [
        ({}, "nothing to hide", "nothing to hide"),
        (BEARER, "wrong key correct horse battery", "wrong key …"),
        (BEARER, "wrong header Bearer correct horse battery!", "wrong header …!"),
        (BEARER, "correct horse", "correct horse"),
        ({"authorization": "swordfish"}, "the token swordfish has expired", "the token … has expired"),
        ({"authorization": "Bearer swordfish"}, "my_swordfish_key", "my_…_key"),
        ({"authorization": "Bearer none"}, "none of it, nonetheless: 'none'", "… of it, nonetheless: '…'"),
        ({"authorization": "Bearer a+b/c.*(d)=["}, "bad a+b/c.*(d)=[ here", "bad … here"),
        ({"authorization": "Bearer two  spaces-inside"}, "bad two  spaces-inside", "bad …"),
        ({"authorization": "Bearer key"}, "key\nkey", "… …"),
        ({"authorization": "Bearer "}, "no key", "no key"),
        ({"x-goog-api-key": "my-own-google-key"}, "API key my-own-google-key not valid.", "API key … not valid"),
        (COOKIES, "open%2Fsesame%3D1 and open/sesame=1", "… and …"),
        (COOKIES, "it is dark in zh", "it is … in zh"),
        (COOKIES, "a-quoted-token, b=c-d-e-f", "…, …"),
        (COOKIES, COOKIES["cookie"], "…"),
        ({"authorization": "Bearer abcdefghijkl", "cookie": "s=abcdefghijklmnop"}, "abcdefghijklmnop", "…"),
        ({"authorization": "Bearer " + "ab " * 100 + "c"}, "x" * 300 + " " + "ab " * 100 + "c", "x" * 300 + " …"),
    ],
)
def test_a_sentence_is_quoted_without_credentials(headers: Mapping[str, str], said: str, quoted: str) -> None:
    assert Redaction(headers).quote(said) == quoted


@pytest.mark.parametrize(
    ("key", "content", "redacted"),
    [
        ("my-own-passphrase", {"a": ["my-own-passphrase!", 1, None, {"b": "x my-own-passphrase"}]}, "…"),
        ("my-own-passphrase", "my-own-pass phrase", None),
        ("ollama", "ollama is a server", None),
        ("", "nothing", None),
    ],
)
def test_content_keeps_words_that_are_short_enough_to_be_ordinary(
    key: str, content: object, redacted: str | None
) -> None:
    found = Redaction({"authorization": f"Bearer {key}"}).redact(content)
    assert repr(found) == (repr(content).replace(key, redacted) if redacted else repr(content))


@pytest.mark.parametrize("data", [rb'["a/b-passphrase"]', rb'["a\/b-passphrase"]', rb'["\u0061/b-passphr\u0061se"]'])
def test_escape_sequences_hide_nothing(data: bytes) -> None:
    assert Redaction({"x-goog-api-key": "a/b-passphrase"}).parse_json(data) == ["…"]


async def test_every_answer_knows_the_credentials_of_its_request(http: Http) -> None:
    async def handler(call: Call) -> None:
        await call.answer(401, call.headers["authorization"].encode())

    headers = {"Authorization": "Bearer swordfish"}
    async with serving(handler) as upstream:
        read = await http.read("GET", upstream.url(), headers=headers)
        sent = await http.send("POST", upstream.url(), headers=headers)
        async with http.listen("POST", upstream.url(), headers=headers) as listening:
            heard = await listening.whole()
            assert listening.redaction.quote("swordfish") == "…"
    for answer in (read, sent, heard):
        assert answer.body == b"Bearer swordfish"
        assert answer.error(answer.body.decode()).message == "The upstream answered with status 401: …."
