"""Output refs of finished videos.

`file-<name>` is a file at the API, which keeps it for two days; `inline-<interaction>` is in the poll response;
anything else is a URL.
"""

from __future__ import annotations

import re

from shared.account import Account
from shared.http import Response, origin_of
from shared.providers._json import as_dict
from shared.providers._links import is_usable, without_result
from shared.providers.gemini.errors import failure
from shared.results import Failed, Output, Ref, Running, Status, Succeeded

_GOOGLE = "https://generativelanguage.googleapis.com"

_FILE, _INLINE = "file-", "inline-"
_NAME = re.compile(r"(?:[\w/-]*/)?files/([\w-]{1,100})(?::download)?(?:\?.*)?", re.ASCII)


class FileLinks:
    """Map URLs to refs for one account. Google returns URLs on its own host even if the base URL is on another."""

    def __init__(self, account: Account) -> None:
        self.key_for = origin_of(account.base_url)
        self._api = f"{account.base_url}/v1beta"
        self._homes = (f"{self.key_for}/", f"{_GOOGLE}/")
        self.origins = {self.key_for, *account.origins}

    def ref(self, uri: str) -> Ref:
        """Return the output's ref for a URL from Google."""
        home = next((home for home in self._homes if uri.startswith(home)), "")
        match = _NAME.fullmatch(uri.removeprefix(home))
        return f"{_FILE}{match[1]}" if match else uri

    def file(self, output: Ref) -> str | None:
        """Return the URL of a file's metadata, or None if the output is not a file."""
        return f"{self._api}/files/{output.removeprefix(_FILE)}" if output.startswith(_FILE) else None

    def link(self, output: Ref) -> str:
        """Return the download URL."""
        file = self.file(output)
        return f"{file}:download?alt=media" if file else output

    def status(self, uri: str) -> Status:
        """Return the final status of a job whose video is at this URL from Google."""
        ref = self.ref(uri)
        return succeeded(ref) if ref.startswith(_FILE) or is_usable(ref) else Failed(without_result("Gemini"))


def succeeded(ref: Ref) -> Succeeded:
    return Succeeded((Output(ref, "video/mp4", lasting=ref.startswith((_FILE, _INLINE))),))


def inline_ref(interaction: Ref) -> Ref:
    return f"{_INLINE}{interaction}"


def interaction_of(output: Ref) -> Ref | None:
    """Return the interaction that contains the video, or None if the video is stored elsewhere."""
    return output.removeprefix(_INLINE) if output.startswith(_INLINE) else None


def unready_status(response: Response) -> Status | None:
    """Return the status of a file that is still processing or has failed; None if it is ready."""
    file = as_dict(response.json())
    match file.get("state"):
        case "PROCESSING":
            return Running()
        case "FAILED":
            return Failed(failure(response, str(as_dict(file.get("error")).get("message") or "")))
    return None
