"""Create .venv and install packages into it: `setup_venv.py -r requirements.txt`.

`python -m venv` does this where ensurepip is installed. Debian ships it apart (python3-venv), sometimes without pip as
well; pip's wheel then comes from the package index.
"""

import base64
import hashlib
import html
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
import venv
from http.client import HTTPException
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

VENV = Path(__file__).resolve().parents[1] / ".venv"
PYTHON = VENV / "bin" / "python"

INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_WHEEL_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"

ADVICE = "Install it with the system's package manager: apt-get install python3-venv"


def main(packages: list[str]) -> None:
    if not succeeds(PYTHON, "-c", "import pip, sys; sys.exit(sys.version_info < (3, 11))"):
        create()
    run(PYTHON, "-m", "pip", "install", "-qq", *packages)


def create() -> None:
    if find_spec("ensurepip"):
        venv.create(VENV, clear=True, with_pip=True)
    else:
        venv.create(VENV, clear=True)
        with tempfile.TemporaryDirectory() as folder:
            wheel = Path(folder, PIP_WHEEL)
            wheel.write_bytes(download_pip())
            run(PYTHON, wheel / "pip", "install", "-qq", "--no-index", wheel)


def download_pip() -> bytes:
    try:
        page = download(f"{INDEX}/pip/").decode()
        link = re.search(rf'href="([^"]*{re.escape(PIP_WHEEL)}[^"]*)"', page)
        wheel = download(urljoin(f"{INDEX}/pip/", html.unescape(link[1]))) if link else b""
    except (OSError, ValueError, HTTPException) as error:  # without its text: PIP_INDEX_URL may hold a password
        sys.exit(f"easel: pip cannot be downloaded ({getattr(error, 'reason', type(error).__name__)}). {ADVICE}")
    if hashlib.sha256(wheel).hexdigest() != PIP_WHEEL_SHA256:
        sys.exit(f"easel: the package index does not have the expected {PIP_WHEEL}. {ADVICE}")
    return wheel


def download(url: str) -> bytes:
    """Get a URL; a user and password in it are sent as HTTP basic authentication."""
    login, _, host = urlsplit(url).netloc.rpartition("@")
    request = urllib.request.Request(urlsplit(url)._replace(netloc=host).geturl())
    if login:
        request.add_header("Authorization", "Basic " + base64.b64encode(unquote(login).encode()).decode())
    with urllib.request.urlopen(request, timeout=60) as response:
        content: bytes = response.read()
        return content


def run(*command: str | Path) -> None:
    """Run a command; exit with its status if it fails."""
    if status := subprocess.run(command).returncode:
        sys.exit(status)


def succeeds(*command: str | Path) -> bool:
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    main(sys.argv[1:])
