"""Makes .venv and installs into it what the arguments of `pip install` name: `setup_venv.py -r requirements.txt`.

Debian and its kin may lack ensurepip, sometimes pip as well. So pip comes in by the first of three ways that works:
ensurepip, the machine's own pip, pip's wheel from the index that pip's own settings name.
"""

import base64
import configparser
import fcntl
import hashlib
import html
import os
import re
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv" / "bin" / "python"

PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_WHEEL_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"


def main(packages: list[str]) -> None:
    with open(__file__) as lock:  # of two makes at once, one waits for the other
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not succeeds(PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"):
            call(sys.executable, "-m", "venv", "--clear", "--without-pip", ROOT / ".venv")
        if not succeeds(PYTHON, "-m", "pip", "--version"):
            install_pip()
        call(PYTHON, "-m", "pip", "install", "-qq", *packages)


def install_pip() -> None:
    if succeeds(PYTHON, "-m", "ensurepip"):
        return
    if succeeds(sys.executable, "-m", "pip", "--python", PYTHON, "install", "pip"):
        return
    try:
        wheel = download_pip()
    except (OSError, ValueError) as error:
        sys.exit(f"No pip for .venv ({error}). The package python3-venv, or the like, would bring it.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, PIP_WHEEL)
        path.write_bytes(wheel)
        call(PYTHON, path / "pip", "install", "-qq", "--no-index", path)


def download_pip() -> bytes:
    index = pip_setting("index-url", "https://pypi.org/simple").rstrip("/") + "/pip/"
    page = download(index).decode()
    link = re.search(rf'href="([^"]*{re.escape(PIP_WHEEL)})[#"]', page)
    if not link:
        raise ValueError(f"{PIP_WHEEL} is not on the index")
    wheel = download(urljoin(index, html.unescape(link[1])))
    if hashlib.sha256(wheel).hexdigest() != PIP_WHEEL_SHA256:
        raise ValueError(f"{PIP_WHEEL} has another hash")
    return wheel


def download(url: str) -> bytes:
    """The bytes at `url`; a name and password in it go where HTTP wants them."""
    login, _, host = urlsplit(url).netloc.rpartition("@")
    request = urllib.request.Request(urlsplit(url)._replace(netloc=host).geturl(), headers={"Accept": "text/html, */*"})
    if login:
        request.add_header("Authorization", "Basic " + base64.b64encode(unquote(login).encode()).decode())
    context = ssl.create_default_context(cafile=pip_setting("cert", "") or None)
    with urllib.request.urlopen(request, timeout=60, context=context) as answer:
        return bytes(answer.read())


def pip_setting(name: str, default: str) -> str:
    """What pip takes `name` to be: from PIP_*, or else from the most personal of its files."""
    home = Path.home()
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(
        [
            "/etc/xdg/pip/pip.conf",
            "/etc/pip.conf",
            home / ".pip" / "pip.conf",
            home / "Library" / "Application Support" / "pip" / "pip.conf",
            Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config", "pip", "pip.conf"),
            os.environ.get("PIP_CONFIG_FILE", os.devnull),
        ]
    )
    from_files = settings.get("install", name, fallback=settings.get("global", name, fallback=default))
    return os.environ.get("PIP_" + name.upper().replace("-", "_")) or from_files


def call(*command: str | Path) -> None:
    """Run `command`, and end with its status when it fails: it has said why."""
    if status := subprocess.run(command).returncode:
        sys.exit(status)


def succeeds(*command: str | Path) -> bool:
    """Whether `command` runs here and ends well; it is only a try, so nobody hears what it says."""
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    main(sys.argv[1:])
