"""Issues ids as clients get them, from every provider and route, and prints issued_ids.json: `python -m tests.issued`

The file in the repository names the commit that its ids were issued at. They are never issued anew: whatever an id says
has to be readable for as long as the id lives.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import httpx

from shared.errors import NotFound
from shared.providers.ark.links import is_packed, unpacked
from shared.settings import configure
from shared.values import Account, Asset, Job
from tests.emulators.piclumen import ALICE
from tests.emulators.png import png
from tests.hosts.aws.moto import Moto
from tests.issued.gateways import GATEWAYS, new_upstreams, settings
from tests.issued.proxy import Proxy
from tests.issued.reading import Issued, asked, carries, forget, read
from tests.issued.requests import EDITS, REQUESTS, Request
from tests.rig import Gateway

_CANDIDATE = re.compile(r"[\w~-]{40,}", re.ASCII)
_BUCKET = "issued-ids"
_HOW = "Issued over HTTP, in front of emulators, by python -m tests.issued at this commit; see tests/issued/requests.py"


class _Issuer:
    """Issues ids at one gateway and reads them at another, whose upstreams do not know the jobs."""

    def __init__(self, gateway: str, stack: ExitStack, **more: str) -> None:
        self._name = gateway
        self._upstreams, self._others = new_upstreams(), new_upstreams()
        for upstream in (*self._upstreams.values(), *self._others.values()):
            stack.enter_context(upstream)
        environment = settings(gateway, self._upstreams, **more)
        self._issues = stack.enter_context(Gateway(open_mode=True, **environment))
        self._reads = stack.enter_context(Gateway(open_mode=True, **settings(gateway, self._others, **more)))
        self._proxy = stack.enter_context(Proxy())
        elsewhere = settings(gateway, self._others, PROXY=self._proxy.url, **more)
        self._reads_elsewhere = stack.enter_context(Gateway(open_mode=True, **elsewhere))
        self._service = configure(environment, open_mode=True).service

    def issue(self, request: Request) -> list[Issued]:
        """The ids that come of one request: all of its job, and those of its first and its last file."""
        with self._with(request):
            answer = self._sent(request)
            texts = [answer, *(self._finished(request, name) for name in self._ids(answer) if self._is_job(name))]
        every = list(dict.fromkeys(name for text in texts for name in self._ids(text)))
        files = [name for name in every if not self._is_job(name)]
        names = [name for name in every if name not in files[1:-1]]
        return [self._issued(request, name, "\n".join(texts)) for name in names]

    @contextmanager
    def _with(self, request: Request) -> Iterator[None]:
        """Set the request's options at its upstream for as long as the block lasts."""
        upstream = self._upstreams.get(request.what.partition(":")[0])
        before = {name: getattr(upstream, name) for name in request.options}
        for name, value in request.options.items():
            setattr(upstream, name, value)
        yield
        for name, value in before.items():
            setattr(upstream, name, value)

    def _sent(self, request: Request) -> str:
        key = self._key(request)
        headers = {"prefer": "respond-async"} | ({"authorization": f"Bearer {key}"} if key else {})
        content: dict[str, Any] = {"json": request.body}
        if request.path == EDITS:
            content = {"data": request.body, "files": {"image": ("otter.png", png(64, 48), "image/png")}}
        with httpx.Client(base_url=self._issues.url, headers=headers, timeout=60, trust_env=False) as client:
            answer = client.post(request.path, **content)
        assert answer.status_code in (200, 202), f"{request.what}: {answer.text}"
        return answer.text

    def _finished(self, request: Request, name: str) -> str:
        """What a poll of the job answers once it has files."""
        for _ in range(10):
            text = read(self._issues, request.poll.format(id=name), self._key(request)).text
            if not all(map(self._is_job, self._ids(text))):
                return text
        raise RuntimeError(f"{request.what}: {text}")

    def _key(self, request: Request) -> str:
        return "" if self._name == "open mode" else request.key

    def _ids(self, text: str) -> list[str]:
        return [name for name in _CANDIDATE.findall(text) if self._said(name)]

    def _is_job(self, name: str) -> bool:
        return isinstance(self._said(name), Job)

    def _said(self, name: str) -> Job | Asset | None:
        for decode in (self._service.tickets.job, self._service.tickets.asset):
            with suppress(NotFound):
                return decode(name)
        return None

    def _issued(self, request: Request, name: str, texts: str) -> Issued:
        said = self._said(name)
        file, job = (said, said.job) if isinstance(said, Asset) else (None, said)
        assert job
        account = self._account(job)
        reading = self._file_reading(request, file, name, texts) if file else request.poll.format(id=name)
        is_elsewhere = bool(file and "files_origin" in request.options)
        forget(self._others)
        self._proxy.asked.clear()
        if reading:
            read(self._reads_elsewhere if is_elsewhere else self._reads, reading, self._key(request))
        return Issued(
            what=request.what,
            gateway=self._name,
            id=name,
            reading=reading,
            key=self._key(request),
            account=account.id if account else "",
            job={**job._asdict(), "refs": list(job.refs)},
            number=file.number if file else None,
            output=file.output if file else None,
            asked=sorted(set(self._proxy.asked)) if is_elsewhere else asked(self._others),
            credential=self._credential(account),
            link=unpacked(file.output) if file and file.output and is_packed(file.output) else "",
        )

    def _account(self, job: Job) -> Account | None:
        return None if job.provider == "artifacts" else self._service.pool.find(job.provider, job.account)

    def _credential(self, account: Account | None) -> str:
        known = (account.key or ALICE) if account else ""
        return known if known and carries(self._others, known) else ""

    def _file_reading(self, request: Request, file: Asset, name: str, texts: str) -> str:
        """How the file is read; empty where a test cannot see what is asked for it."""
        if file.job.provider == "artifacts" or ("files_origin" in request.options and file.output is None):
            return ""
        [url] = set(re.findall(rf"http://[^\s\"()]*{re.escape(name)}\.\w+", texts))
        return f"GET {urlsplit(url).path}"


def main() -> None:
    moto = Moto()
    os.environ.update(moto.environment())
    moto.client("s3").create_bucket(Bucket=_BUCKET)
    issued: list[Issued] = []
    try:
        with ExitStack() as stack:
            issuers = {name: _Issuer(name, stack, ARTIFACTS=f"s3://{_BUCKET}/results") for name in GATEWAYS}
            for request in REQUESTS:
                issued += issuers[request.gateway].issue(request)
    finally:
        moto.stop()
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    made = {"how": _HOW, "commit": commit, "ids": [each._asdict() for each in issued]}
    print(json.dumps(made, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
