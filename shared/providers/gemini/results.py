"""Where finished videos are, as the refs of outputs.

`file-<name>` is a file at the API, which keeps it for two days; `inline-<interaction>` is in what a look shows; all
else is an address.
"""

from __future__ import annotations

import re

from shared.http import Answer, origin_of
from shared.providers._links import is_usable, without_result
from shared.providers._reading import as_dict
from shared.providers.gemini.errors import failed
from shared.values import Account, Failed, Output, Ref, Running, Status, Succeeded

_GOOGLE = "https://generativelanguage.googleapis.com"

_FILE, _INLINE = "file-", "inline-"
_NAME = re.compile(r"(?:[\w/-]*/)?files/([\w-]{1,100})(?::download)?(?:\?.*)?", re.ASCII)


class Places:
    """Of one account. Google names its own host in addresses, also to a client that comes by another one."""

    def __init__(self, account: Account) -> None:
        self.key_for = origin_of(account.base_url)
        self._api = f"{account.base_url}/v1beta"
        self._homes = (f"{self.key_for}/", f"{_GOOGLE}/")
        self.origins = {self.key_for, *account.origins}

    def ref(self, uri: str) -> Ref:
        """The output's ref for an address that Google gave."""
        home = next((home for home in self._homes if uri.startswith(home)), "")
        match = _NAME.fullmatch(uri.removeprefix(home))
        return f"{_FILE}{match[1]}" if match else uri

    def file(self, output: Ref) -> str | None:
        """Where to look at a file; None where the output is none."""
        return f"{self._api}/files/{output.removeprefix(_FILE)}" if output.startswith(_FILE) else None

    def link(self, output: Ref) -> str:
        """Where the bytes are."""
        file = self.file(output)
        return f"{file}:download?alt=media" if file else output

    def end(self, uri: str) -> Status:
        """The end of a job whose video is at the address that Google gave."""
        ref = self.ref(uri)
        return finished(ref) if ref.startswith(_FILE) or is_usable(ref) else Failed(without_result("Gemini"))


def finished(ref: Ref) -> Succeeded:
    return Succeeded((Output(ref, "video/mp4", lasting=ref.startswith((_FILE, _INLINE))),))


def inline_ref(interaction: Ref) -> Ref:
    return f"{_INLINE}{interaction}"


def interaction_of(output: Ref) -> Ref | None:
    """The interaction that has the video in itself; None where it is elsewhere."""
    return output.removeprefix(_INLINE) if output.startswith(_INLINE) else None


def unready(answer: Answer) -> Status | None:
    """What a look at a file shows that is not there yet, or never will be; None where it is there."""
    file = as_dict(answer.json())
    match file.get("state"):
        case "PROCESSING":
            return Running()
        case "FAILED":
            return Failed(failed(answer, str(as_dict(file.get("error")).get("message") or "")))
    return None
