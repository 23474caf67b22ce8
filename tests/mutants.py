"""Seeded bugs: each is put into a copy of the project, and the tests named with it must fail there.

`python -m tests.mutants` tries them all, `python -m tests.mutants range` those with the word in their name. When a
bug escapes the tests, it gets a line here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
CONFORMANCE = "tests/conformance"
JIMENG = "tests/providers/test_jimeng.py"
JIMENG_OVER_HTTP = "tests/functions/test_jimeng.py"
ARK = "tests/providers/test_ark.py"
GEMINI_VIDEOS = "tests/providers/test_gemini_videos.py"
ZIMAGE = "tests/providers/test_zimage.py"
VIDEOS = "tests/functions/test_videos.py"
TRIALS = "tests/test_trials.py"
EDITS = "tests/functions/test_images_edits.py"
DOCUMENTS = "tests/documents/test_tables.py"
COPIED = (
    *("functions", "shared", "tests", "tools", "docs", "README.md", "README.zh-CN.md"),
    *("Makefile", "serverless.yml", "pytest.ini"),
)


class Mutant(NamedTuple):
    """A bug: in `file`, `old` becomes `new`, and `tests` must notice."""

    name: str
    file: str
    old: str
    new: str
    tests: str = CONFORMANCE


MUTANTS = (
    Mutant("range not asked for, nor cut", "shared/providers/zimage.py", "byte_range=byte_range", "byte_range=None"),
    Mutant(
        "range of a sketch ignored",
        "shared/providers/sketch/__init__.py",
        "(byte_range or ByteRange(0))",
        "ByteRange(0)",
    ),
    Mutant("origin of a result not checked", "shared/http/source.py", "origin not in self._origins", "False"),
    Mutant("n ignored on submit", "shared/providers/zimage.py", '"batchSize": request.n', '"batchSize": 1'),
    Mutant("all pictures of a sketch the same", "shared/providers/sketch/__init__.py", "if index:", "if False:"),
    Mutant("submit repeated", "shared/providers/zimage.py", "self._http.send(", "self._http.read("),
    Mutant(
        "submit's server error taken for a refusal",
        "shared/http/answer.py",
        "if self.sent and not refused:",
        "if False:",
    ),
    Mutant(
        "garbage after a submit taken for nothing", "shared/http/faults.py", "return Uncertain(", "return Unavailable("
    ),
    Mutant(
        "state kept on the instance",
        "shared/providers/zimage.py",
        "        if ref.startswith(_BATCH):",
        "        ref = self.__dict__.setdefault('_seen', ref)\n        if ref.startswith(_BATCH):",
    ),
    Mutant(
        "job known to the instance alone",
        "shared/providers/sketch/__init__.py",
        "work = _Work.parse(ref)\n        done",
        "work = _Work.parse(self.__dict__.get('mine', ''))\n        done",
    ),
    Mutant(
        "secret in a ref",
        "shared/providers/zimage.py",
        'Submitted((f"{_TASK}{uuid}",))',
        "Submitted((f\"{_TASK}{uuid}{self._headers.get('Cookie', '')}\",))",
    ),
    Mutant(
        "unknown field sent upstream",
        "shared/providers/zimage.py",
        '"prompt": request.prompt,',
        '"prompt": request.prompt, "n": 1,',
    ),
    Mutant(
        "field in the wrong type", "shared/providers/zimage.py", '{"seed": str(request.seed)}', '{"seed": request.seed}'
    ),
    Mutant("answer not validated", "shared/providers/zimage.py", "case True:", "case True | None:"),
    Mutant("unknown state unlogged", "shared/providers/zimage.py", '_log.warning("zimage', '_log.debug("zimage'),
    Mutant(
        "unknown state fails the job",
        "shared/providers/zimage.py",
        "return Running(_whole(task",
        "return Failed(_failure(task",
    ),
    Mutant("failed job taken for a running one", "shared/providers/zimage.py", 'case "failed":', 'case "broken":'),
    Mutant(
        "refused prompt taken for a failure",
        "shared/providers/zimage.py",
        "if says_unsafe(said)",
        "if False",
    ),
    Mutant(
        "credential not sent",
        "shared/providers/zimage.py",
        '**({"Cookie": account.key} if account.key else {})',
        "**{}",
    ),
    Mutant(
        "wrong credentials blamed on the caller", "shared/http/answer.py", "return AccountRejected", "return BadRequest"
    ),
    Mutant(
        "limit without its end",
        "shared/http/answer.py",
        "details=details, retry_after=wait)\n        refused",
        "details=details)\n        refused",
    ),
    Mutant("lost job taken for a broken upstream", "shared/http/answer.py", "return NotFound", "return None"),
    Mutant(
        "network error leaks",
        "shared/http/faults.py",
        "BROKEN = (httpx.HTTPError,",
        "BROKEN = (httpx.TimeoutException,",
    ),
    Mutant("looks not repeated", "shared/http/retry.py", "attempts: int = 3", "attempts: int = 1"),
    Mutant(
        "anything served as a picture",
        "shared/http/sniff.py",
        "    return _video(head)",
        '    return _video(head) or "image/png"',
    ),
    Mutant("broken result handed out short", "shared/http/download.py", "await self._resume(cause)", "return b''"),
    Mutant(
        "upstream read on after the client left",
        "shared/http/client.py",
        "            await download.aclose()",
        "            pass",
    ),
    Mutant(
        "model listed that cannot be asked for",
        "shared/providers/zimage.py",
        '_model("redcraft", "redcraft")',
        '_model("redcraft", "red")',
    ),
    Mutant(
        "odd answer to a submit taken for a refusal",
        "shared/providers/zimage.py",
        'raise answer.error("it says neither success nor failure")',
        'raise UpstreamError("nothing")',
    ),
    Mutant(
        "job of another key shown",
        "shared/service.py",
        "job.owner not in caller.owners",
        "False",
        "tests/test_service.py",
    ),
    Mutant(
        "id that is not the one we gave",
        "shared/tickets.py",
        "unparse(ticket) != fields",
        "False",
        "tests/test_tickets.py",
    ),
    Mutant(
        "expired id", "shared/tickets.py", "self._clock() - self.ttl >= job.created", "False", "tests/test_tickets.py"
    ),
    Mutant(
        "answer that did not arrive not owed",
        "shared/repeats.py",
        "while job not in (",
        "while job in (",
        "tests/test_repeats.py",
    ),
    Mutant(
        "repetition not joined",
        "shared/repeats.py",
        "if not (repeat.key or repeat.again):",
        "if True:",
        "tests/test_repeats.py",
    ),
    Mutant(
        "repetition begun while the state is out of reach",
        "shared/repeats.py",
        "while not await self._state.add(name, pending, JOIN_SECONDS):",
        "while False:",
        "tests/test_repeats.py",
    ),
    Mutant(
        "job lost with the state",
        "shared/repeats.py",
        '        with if_possible(EaselError):\n            await self._state.put(name, f"{repeat.body} {job or',
        '        if True:\n            await self._state.put(name, f"{repeat.body} {job or',
        "tests/test_repeats.py",
    ),
    Mutant(
        "expired item of a table in the way",
        "shared/state/dynamodb.py",
        " OR expires <= :now",
        " OR expires < pk",
        "tests/aws/test_dynamodb.py",
    ),
    Mutant(
        "own write taken for another's",
        "shared/state/dynamodb.py",
        " OR writer = :writer",
        " AND NOT writer = :writer",
        "tests/aws/test_dynamodb.py",
    ),
    Mutant(
        "new credential rests for the old one",
        "shared/accounts/standings.py",
        "{account.id} {login_of(account)}",
        "{account.id}",
        "tests/aws/test_secret.py",
    ),
    Mutant(
        "renewed credential forgets what became of it",
        "shared/accounts/__init__.py",
        "login=login_of(account))",
        'login="")',
        TRIALS,
    ),
    Mutant(
        "renewal undoes what somebody brought",
        "shared/accounts/credentials.py",
        "swapped = await self._state.swap(name, _record(old), _record(newest), KEPT_SECONDS)",
        "swapped = await self._state.put(name, _record(newest), KEPT_SECONDS) or True",
        TRIALS,
    ),
    Mutant(
        "first of two cookies sent",
        "shared/accounts/cookies.py",
        "sorted(own, key=lambda cookie: cookie.expires)",
        "own[::-1]",
        "tests/test_cookies.py",
    ),
    Mutant(
        "video without the frames it needs",
        "shared/api/video_wire.py",
        "sum(map(bool, frames)) < 2",
        "False",
        VIDEOS,
    ),
    Mutant(
        "dead account tried by all at once",
        "shared/accounts/standings.py",
        "        if standing.record:\n            return standing",
        "        if True:\n            return standing",
        "tests/functions/test_pool.py",
    ),
    Mutant(
        "trial not told to others",
        "shared/accounts/standings.py",
        "return Standing(record, on_trial=left + TRIAL_SECONDS > 0)",
        "return Standing(record)",
        "tests/functions/test_pool.py",
    ),
    Mutant(
        "trial without end",
        "shared/accounts/standings.py",
        "on_trial=left + TRIAL_SECONDS > 0",
        "on_trial=True",
        TRIALS,
    ),
    Mutant(
        "wait for a trial without end",
        "shared/accounts/__init__.py",
        "patient = waited < TRIAL_SECONDS",
        "patient = True",
        TRIALS,
    ),
    Mutant(
        "accepted account not believed",
        "shared/accounts/standings.py",
        "standing.record, _ACCEPTED, KEPT_SECONDS",
        'standing.record, "", KEPT_SECONDS',
        TRIALS,
    ),
    Mutant(
        "dead account believed for an order from before its refusal",
        "shared/accounts/standings.py",
        "await self._state.swap(_name(account), standing.record, _ACCEPTED, KEPT_SECONDS)",
        "await self._state.put(_name(account), _ACCEPTED, KEPT_SECONDS)",
        TRIALS,
    ),
    Mutant(
        "trial lost with who held it",
        "shared/accounts/__init__.py",
        "            except BaseException:\n",
        "            except Exception:\n",
        TRIALS,
    ),
    Mutant(
        "single account on trial",
        "shared/accounts/__init__.py",
        "self._only if len(left) == 1 else self._next",
        "self._next",
        TRIALS,
    ),
    Mutant(
        "trial that others hold as well",
        "shared/accounts/standings.py",
        "return Standing(record, on_trial=True) if ours else None",
        "return Standing(record, on_trial=True)",
        TRIALS,
    ),
    Mutant(
        "status that clients retry after the work was taken",
        "shared/api/errors.py",
        "errors.TakenError: Meaning(424",
        "errors.TakenError: Meaning(502",
        "tests/test_errors.py",
    ),
    Mutant(
        "any account asked after a doubtful submit",
        "shared/accounts/__init__.py",
        "            except AccountError as error:",
        "            except Exception as error:",
        "tests/test_service.py",
    ),
    Mutant(
        "open mode for everybody",
        "shared/api/app.py",
        "guard_open_mode(Request(scope))",
        "pass",
        "tests/functions/test_access.py",
    ),
    Mutant(
        "any key will do", "shared/api/access.py", "return any([", "return bool([", "tests/functions/test_access.py"
    ),
    Mutant(
        "session fetched by each caller",
        "shared/providers/_kept.py",
        "is not None:\n                return value\n            value, seconds",
        "is Ellipsis:\n                return value\n            value, seconds",
        "tests/functions/akashchat",
    ),
    Mutant(
        "ended session not renewed",
        "shared/providers/akashchat/site.py",
        "for _ in range(2):",
        "for _ in range(1):",
        "tests/functions/akashchat",
    ),
    Mutant(
        "session kept until it ends",
        "shared/providers/akashchat/site.py",
        "_SHARE_OF_LIFE = 0.8",
        "_SHARE_OF_LIFE = 1.2",
        "tests/functions/akashchat",
    ),
    Mutant(
        "first cookie taken for the session",
        "shared/providers/akashchat/site.py",
        "\\bsession_token=([\\w.~-]",
        "^\\w+=([\\w.~-]",
        "tests/functions/akashchat",
    ),
    Mutant(
        "session handed to strangers",
        "shared/providers/akashchat/site.py",
        "if origin_of(target) != origin_of(self._base):",
        "if False:",
        "tests/functions/akashchat",
    ),
    Mutant(
        "redirect of a conversation not repeated",
        "shared/providers/akashchat/site.py",
        "if answer.status not in _REDIRECTS:\n                    yield",
        "if True:\n                    yield",
        "tests/functions/akashchat",
    ),
    Mutant(
        "browser check rests the account",
        "shared/providers/akashchat/failures.py",
        "if answer.status == 403 and not content:",
        "if False:",
        "tests/functions/akashchat",
    ),
    Mutant(
        "quota without its end",
        "shared/providers/akashchat/failures.py",
        "details=details, retry_after=wait)",
        "details=details)",
        "tests/functions/akashchat",
    ),
    Mutant(
        "error line taken for text",
        "shared/providers/akashchat/parts.py",
        "raise error_line(_value(content))",
        "yield ChatDelta(str(_value(content)))",
        "tests/functions/akashchat",
    ),
    Mutant(
        "line without an end taken for nothing",
        "shared/providers/akashchat/parts.py",
        "        raise _nonsense() from None",
        '        return ""',
        "tests/functions/akashchat",
    ),
    Mutant(
        "end without a reason",
        "shared/providers/akashchat/parts.py",
        '_REASONS.get(reason, "stop")',
        "_REASONS.get(reason)",
        "tests/functions/akashchat",
    ),
    Mutant(
        "zero sent as a temperature",
        "shared/providers/akashchat/conversation.py",
        '"temperature": max(temperature, _LEAST)',
        '"temperature": temperature',
        "tests/functions/akashchat",
    ),
    Mutant(
        "order without the words in front",
        "shared/providers/akashchat/conversation.py",
        'f"Generate an image: {request.prompt}"',
        "request.prompt",
        "tests/functions/akashchat",
    ),
    Mutant(
        "failure that speaks of an address taken for a picture",
        "shared/providers/akashchat/__init__.py",
        "_LINK.match(",
        "_LINK.search(",
        "tests/functions/akashchat",
    ),
    Mutant(
        "session renewed for one sentence alone",
        "shared/providers/akashchat/failures.py",
        '_content(answer).get("success") is False',
        'b"Invalid session" in answer.body',
        "tests/functions/akashchat",
    ),
    Mutant(
        "job called undefined",
        "shared/providers/akashchat/pictures.py",
        '_NO_NAMES = ("undefined", "null")',
        '_NO_NAMES = ("null",)',
        "tests/functions/akashchat",
    ),
    Mutant(
        "prompt ends at its first quote",
        "shared/providers/akashchat/pictures.py",
        "prompt='(.*?)'\\s*negative='",
        "prompt='([^']*)'",
        "tests/functions/akashchat",
    ),
    Mutant(
        "text taken for a picture's order",
        "shared/providers/akashchat/pictures.py",
        "raise await _no_order(answer.body)",
        'return Submitted(("job",))',
        "tests/functions/akashchat",
    ),
    Mutant(
        "range of an inline picture off by a digit",
        "shared/providers/_inline.py",
        "first = start // 3 * 4",
        "first = start // 2 * 4",
        "tests/functions/akashchat",
    ),
    Mutant(
        "failed list takes models away",
        "shared/providers/akashchat/__init__.py",
        "return self._models, _UNLISTED_SECONDS",
        "return (), _UNLISTED_SECONDS",
        "tests/functions/akashchat",
    ),
    Mutant(
        "failure in disguise taken for a picture",
        "shared/providers/akashchat/__init__.py",
        "if not _LINK.match(seen.result):",
        "if not seen.result:",
        "tests/functions/akashchat",
    ),
    Mutant(
        "unknown state of AkashGen unlogged",
        "shared/providers/akashchat/__init__.py",
        '_log.warning("akashchat: unknown',
        '_log.debug("akashchat: unknown',
    ),
    Mutant(
        "legacy word for done unknown",
        "shared/providers/akashchat/__init__.py",
        'case "succeeded" | "completed":',
        'case "succeeded":',
    ),
    Mutant(
        "answer that breaks off taken for its end",
        "shared/http/listening.py",
        'raise ResultLost("The upstream broke its answer off.") from error',
        "return",
        "tests/http/test_listen.py",
    ),
    Mutant(
        "connection kept open after the listener left",
        "shared/http/client.py",
        "            await response.aclose()",
        "            pass",
        "tests/http/test_listen.py",
    ),
    Mutant(
        "operator's account used with a caller's token",
        "shared/service.py",
        "lent._serve_with(self._adapters.over(pool), pool)",
        "lent.pool = self.pool",
        "tests/functions/test_piclumen.py",
    ),
    Mutant(
        "callers' tokens own each other's pictures",
        "shared/api/piclumen.py",
        'owners(f"{PROVIDER}:{token}")',
        "owners(PROVIDER)",
        "tests/functions/test_piclumen.py",
    ),
    Mutant(
        "a caller's adapter kept for the next one",
        "shared/adapters.py",
        "return Adapters(self._class_of, pool, self._http, self.kept)",
        "self._pool = pool\n        return self",
        "tests/functions/test_piclumen.py",
    ),
    Mutant(
        "token sent along to the host of the results",
        "shared/providers/piclumen/__init__.py",
        "origins=self._links.origins, byte_range=byte_range",
        "origins=self._links.origins, byte_range=byte_range, headers=self._headers",
        "tests/providers/test_piclumen.py",
    ),
    Mutant(
        "flagged pictures handed out",
        "shared/providers/piclumen/__init__.py",
        'image.get("sensitive") != "NSFW"',
        "True",
        "tests/providers/test_piclumen.py",
    ),
    Mutant(
        "word for failure forgotten",
        "shared/providers/piclumen/__init__.py",
        'case "failed" | "failure":',
        'case "failed":',
        "tests/providers/test_piclumen.py",
    ),
    Mutant(
        "task taken by its place and not by its mark",
        "shared/providers/piclumen/__init__.py",
        'task.get("markId") == mark',
        "True",
        "tests/providers/test_piclumen.py",
    ),
    Mutant(
        "the same picture without a seed",
        "shared/providers/piclumen/__init__.py",
        "random.randint(10**9, 10**11)",
        "9896923949",
        "tests/functions/test_piclumen.py",
    ),
    Mutant(
        "link that runs out kept",
        "shared/providers/modelscope.py",
        'lasting="?" not in link',
        "lasting=True",
        "tests/providers/test_modelscope.py",
    ),
    Mutant("deadline ignored", "shared/waiter.py", "if left <= 0:", "if False:", "tests/test_waiter.py"),
    Mutant(
        "young job taken for a lost one",
        "shared/looker.py",
        "if ref not in self._seen and self._is_young():",
        "if False:",
        "tests/test_service.py",
    ),
    Mutant(
        "lost job waited for to the end",
        "shared/looker.py",
        "if ref not in self._seen and self._is_young():",
        "if ref not in self._seen:",
        "tests/test_service.py",
    ),
    Mutant(
        "Z-Image's words unread under a bad status",
        "shared/providers/zimage.py",
        "answer.status in (400, 403, 422)",
        "answer.status in ()",
        ZIMAGE,
    ),
    Mutant(
        "Z-Image's missing token blamed on the prompt",
        "shared/providers/zimage.py",
        'if "moderation" in lowered and "token" in lowered:',
        "if False:",
        ZIMAGE,
    ),
    Mutant(
        "Z-Image is not sent the pictures",
        "shared/providers/zimage.py",
        "if request.inputs else {}",
        "if False else {}",
        ZIMAGE,
    ),
    Mutant(
        "Z-Image's result without a host lost",
        "shared/providers/_links.py",
        'if link.startswith("/"):',
        "if False:",
        ZIMAGE,
    ),
    Mutant("task ordered twice", "shared/providers/ark/__init__.py", "self._http.send(", "self._http.read("),
    Mutant("octets refused in mid-file", "shared/http/download.py", "else self._expected_type", 'else ""', VIDEOS),
    Mutant("watermark drawn", "shared/providers/ark/__init__.py", '"watermark": False,', '"watermark": True,', ARK),
    Mutant("picture without its role", "shared/providers/ark/__init__.py", ', "role": role}', "}", VIDEOS),
    Mutant(
        "cancelling deletes what has ended",
        "shared/providers/ark/__init__.py",
        "isinstance(await self.poll(ref), Queued) and await self.delete(ref)",
        "await self.delete(ref)",
        VIDEOS,
    ),
    Mutant("running task called deleted", "shared/providers/ark/__init__.py", "in (400, 409)", "in ()", ARK),
    Mutant("half a link taken for one", "shared/providers/ark/links.py", " or not decompressor.eof", "", ARK),
    Mutant(
        "model not open blamed on the account",
        "shared/providers/ark/refusals.py",
        "retry_after=0",
        "retry_after=600",
        ARK,
    ),
    Mutant("id too long to be read", "shared/tickets.py", " and job.refs:", " and not job.refs:", ARK),
    Mutant("seconds and size forgotten", "shared/starter.py", "note=request.note", 'note="5-auto"', VIDEOS),
    Mutant("job of pictures shown as a video", "shared/api/videos.py", 'if job.kind != "video":', "if False:", VIDEOS),
    Mutant(
        "failed video without its error", "shared/api/videos.py", "return error_object(", "return None and (", VIDEOS
    ),
    Mutant("video cut to the model's longest", "shared/api/clips.py", "wanted > max(model.seconds)", "False", VIDEOS),
    Mutant("what was left aside not said", "shared/api/video_wire.py", "(knobs - known)", "()", VIDEOS),
    Mutant(
        "frames under another name left out",
        "shared/api/video_wire.py",
        "        self.refuse_other_pictures()\n",
        "",
        VIDEOS,
    ),
    Mutant("form that was cut off taken for whole", "shared/api/form.py", "if not self._whole:", "if False:", EDITS),
    Mutant("data URL in a form held to a megabyte", "shared/api/form.py", "LARGEST_PICTURE,  #", "1 << 20,  #", EDITS),
    Mutant(
        "sharpness of an edit changes its shape", "shared/api/wire.py", "side and not self.takes_inputs", "side", EDITS
    ),
    Mutant(
        "sharpness that was not had not said",
        "shared/api/wire.py",
        "fit(within(wanted, model)",
        "fit(wanted := within(wanted, model)",
        "tests/functions/test_images_generations.py",
    ),
    Mutant(
        "part that cannot be drawn by left out",
        "shared/api/conversation.py",
        'not in ("text", "image_url")',
        "is None",
        "tests/functions/test_chat_pictures.py",
    ),
    Mutant("unfinished video lost for good", "shared/service.py", 'code=f"{asset.job.kind}_not_ready", ', "", VIDEOS),
    Mutant(
        "silent end of an answer taken for a good one",
        "shared/providers/openai_compatible/chunks.py",
        '    raise ResultLost("The upstream\'s answer ended before it was finished.")',
        '    yield ChatDelta(finish_reason="stop")',
        "tests/functions/test_chat.py",
    ),
    Mutant(
        "empty answer handed out",
        "shared/talker.py",
        "if delta.finish_reason and not said:",
        "if False:",
        "tests/functions/test_chat.py",
    ),
    Mutant(
        "refusal in the midst of an answer taken for one before it",
        "shared/talker.py",
        "raise _taken(error) from error",
        "raise",
        "tests/functions/test_chat.py",
    ),
    Mutant(
        "model asked for where it is not",
        "shared/talker.py",
        "offer.provider, request.model.accounts",
        "offer.provider",
        "tests/functions/test_chat.py",
    ),
    Mutant(
        "DONE after an error",
        "shared/api/chat.py",
        'yield event({"error": error_object(error)})',
        'yield event({"error": error_object(error)}) + b"data: [DONE]\\n\\n"',
        "tests/functions/test_chat.py",
    ),
    Mutant(
        "usage for everybody",
        "shared/api/completion.py",
        "    if completion.include_usage:\n",
        "    if True:\n",
        "tests/functions/test_chat.py",
    ),
    Mutant(
        "words held back",
        "shared/http/listening.py",
        "for end in ended:",
        "for end in [b''.join(ended)] if ended else []:",
        "tests/http/test_listen.py",
    ),
    Mutant(
        "upstream talks on when nobody listens",
        "shared/http/client.py",
        "            await response.aclose()",
        "            pass",
        "tests/http/test_listen.py",
    ),
    Mutant(
        "time-out taken for a refusal",
        "shared/providers/openai_compatible/failures.py",
        "if answer.status in (408, 504):",
        "if False:",
        "tests/functions/test_chat.py",
    ),
    Mutant(
        "failing list removes configured models",
        "shared/providers/openai_compatible/listed.py",
        "return self._configured + tuple(",
        "return tuple(",
        "tests/functions/test_chat.py",
    ),
    Mutant(
        "pictures at a service's word",
        "shared/providers/openai_compatible/__init__.py",
        "if not all(map(self._expects, links)):",
        "if False:",
        "tests/functions/test_chat_pictures.py",
    ),
    Mutant(
        "mask dropped on its way",
        "shared/providers/openai_compatible/form.py",
        ' + ([("mask", mask)] if mask else [])',
        "",
        "tests/functions/test_edits_passed_on.py",
    ),
    Mutant(
        "several pictures under the name of one",
        "shared/providers/openai_compatible/form.py",
        '"image" if len(inputs) == 1 else "image[]"',
        '"image"',
        "tests/functions/test_edits_passed_on.py",
    ),
    Mutant(
        "length of a form told short",
        "shared/providers/openai_compatible/form.py",
        'length += len(head) + picture.size + len(b"\\r\\n")',
        "length += len(head) + picture.size",
        "tests/functions/test_edits_passed_on.py",
    ),
    Mutant(
        "size of an edit told that nobody asked for",
        "shared/providers/openai_compatible/__init__.py",
        "bool(request.inputs) and not request.size_asked",
        "False",
        "tests/functions/test_edits_passed_on.py",
    ),
    Mutant(
        "pictures for a model that is said to take none",
        "shared/providers/openai_compatible/listed.py",
        "takes = not modalities and ",
        "takes = ",
        "tests/functions/test_edits_passed_on.py",
    ),
    Mutant(
        "masks promised for a provider that drops them",
        "shared/settings.py",
        "if not upstream.masks and any(",
        "if False and any(",
        "tests/test_settings.py",
    ),
    Mutant(
        "job of a chat hidden from its client",
        "shared/service.py",
        'mark if owned else ""',
        "mark",
        "tests/functions/test_chat_pictures.py",
    ),
    Mutant(
        "order waits for its picture",
        "shared/api/drawing.py",
        "if work.name and (order or not body.wait_for_image):",
        "if False:",
        "tests/functions/test_chat_pictures.py",
    ),
    Mutant(
        "system text drawn",
        "shared/api/conversation.py",
        'if message["role"] == "user"), None)',
        "if message), None)",
        "tests/functions/test_chat_pictures.py",
    ),
    Mutant(
        "address inside of another not seen",
        "shared/http/addresses.py",
        "return address.ipv4_mapped or address.sixtofour",
        "return None",
        "tests/http/test_addresses.py",
    ),
    Mutant(
        "one public address is enough",
        "shared/http/fetcher.py",
        "all(map(is_public, addresses))",
        "any(map(is_public, addresses))",
        "tests/http/test_fetcher.py",
    ),
    Mutant(
        "name looked up again",
        "shared/http/client.py",
        "url.copy_with(host=address)",
        "url.copy_with()",
        "tests/http/test_fetcher.py",
    ),
    Mutant(
        "certificate of the address instead of the name",
        "shared/http/network.py",
        "server_hostname=name if tls else None",
        "server_hostname=None",
        "tests/http/test_ways.py",
    ),
    Mutant(
        "redirect of a caller's picture not looked at",
        "shared/http/fetcher.py",
        "known = origin_of(url) in self._origins",
        "known = bool(self._origins)",
        "tests/http/test_fetcher.py",
    ),
    Mutant(
        "caller's picture without an end",
        "shared/http/fetcher.py",
        "if spool.size > LARGEST_PICTURE:",
        "if False:",
        "tests/http/test_fetcher.py",
    ),
    Mutant(
        "what was fetched not looked at",
        "shared/http/fetcher.py",
        'if not (sniff(spool.head) or "").startswith("image/"):',
        "if False:",
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "picture fetched for each call",
        "shared/api/inputs.py",
        "self._spool = self._spool or await",
        "self._spool = await",
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "upload known by its boundary",
        "shared/api/call.py",
        'f"{name}\\0{value.size',
        'f"{self.request.headers}{name}\\0{value.size',
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "upload known without its bytes",
        "shared/api/call.py",
        "                    self._digest.update(piece)",
        "                    pass",
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "null taken for no picture",
        "shared/api/edits.py",
        'if picture != ""]',
        'if picture not in (None, "")]',
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "length of a key counted without its blanks",
        "shared/api/call.py",
        "if len(key) > _LONGEST_KEY:",
        "if len(key.strip()) > _LONGEST_KEY:",
        "tests/test_wire.py",
    ),
    Mutant(
        "mask dropped silently",
        "shared/api/edits.py",
        "if self._mask and not model.masks:",
        "if False:",
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "too many inputs sent",
        "shared/api/edits.py",
        "if len(self._inputs) > model.max_inputs:",
        "if False:",
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "part of a form missed",
        "shared/api/edits.py",
        r"images?(\[\d*\])?",
        r"images?(\[\])?",
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "default model that takes no pictures",
        "shared/catalog.py",
        "if inputs and offer.model.max_inputs",
        "if False",
        "tests/test_catalog.py",
    ),
    Mutant(
        "upload held in memory",
        "shared/http/body.py",
        "        async for piece in base64_of(picture.read()):\n            yield piece",
        '        yield b"".join([piece async for piece in base64_of(picture.read())])',
        "tests/functions/test_big_upload.py",
    ),
    Mutant(
        "draft taken for the picture",
        "shared/providers/gemini/answer.py",
        'if not part.get("thought")',
        "if part",
        "tests/providers/test_gemini.py",
    ),
    Mutant(
        "block taken for a failure",
        "shared/providers/gemini/answer.py",
        "if blocked := _BLOCKED.intersection(reasons):",
        "if blocked := set[str]():",
    ),
    Mutant(
        "day's quota taken for a minute's",
        "shared/providers/gemini/errors.py",
        'if any("PerDay" in',
        'if any("PerCentury" in',
        "tests/providers/test_gemini.py",
    ),
    Mutant(
        "bad key of ours blamed on the caller",
        "shared/providers/gemini/errors.py",
        "case 400 if _blames_account(error, said):",
        "case 400 if False:",
    ),
    Mutant(
        "overload taken for started work",
        "shared/providers/gemini/errors.py",
        "case 500 | 503:",
        "case 599:",
        "tests/providers/test_gemini.py",
    ),
    Mutant(
        "failing list takes models away",
        "shared/providers/gemini/models.py",
        "    if not known:\n        return built_in\n",
        "",
        "tests/providers/test_gemini.py",
    ),
    Mutant(
        "Gemini's submit repeated",
        "shared/providers/gemini/__init__.py",
        "answer = await self._http.send(",
        "answer = await self._http.read(",
    ),
    Mutant(
        "ratio forced on an edit",
        "shared/providers/gemini/__init__.py",
        "with_ratio=not keeps_ratio",
        "with_ratio=True",
        "tests/functions/test_images_edits.py",
    ),
    Mutant(
        "Gemini's key sent wherever a video lies",
        "shared/providers/gemini/__init__.py",
        "headers_for=places.key_for,",
        "headers_for=None,",
        GEMINI_VIDEOS,
    ),
    Mutant(
        "Gemini's videos fetched from anywhere",
        "shared/providers/gemini/results.py",
        "self.origins = {self.key_for, *account.origins}",
        "self.origins = type('Any', (set,), {'__contains__': lambda *_: True})()",
    ),
    Mutant(
        "range of Gemini's video not asked for",
        "shared/providers/gemini/__init__.py",
        "byte_range=byte_range,",
        "byte_range=None,",
    ),
    Mutant(
        "range of Gemini's inline video ignored",
        "shared/providers/gemini/__init__.py",
        "return media(video, byte_range)",
        "return media(video, None)",
        GEMINI_VIDEOS,
    ),
    Mutant(
        "file of anybody's taken for Gemini's",
        "shared/providers/gemini/results.py",
        r'r"(?:[\w/-]*/)?files/',
        r'r"(?:.*/)?files/',
        GEMINI_VIDEOS,
    ),
    Mutant(
        "Gemini's file called after Google's host where the API is elsewhere",
        "shared/providers/gemini/results.py",
        'f"{_GOOGLE}/")',
        '"https://nowhere.example/")',
        GEMINI_VIDEOS,
    ),
    Mutant(
        "Gemini's video called done before its file is there",
        "shared/providers/gemini/__init__.py",
        "return unready(answer) or status",
        "return status",
        GEMINI_VIDEOS,
    ),
    Mutant(
        "unknown state of Gemini's video unlogged",
        "shared/providers/gemini/interactions.py",
        '_log.warning("gemini',
        '_log.debug("gemini',
    ),
    Mutant(
        "Gemini's video waits for what nobody gives",
        "shared/providers/gemini/interactions.py",
        '"requires_action", "requires_continuation"}',
        '"requires_continuation"}',
        GEMINI_VIDEOS,
    ),
    Mutant(
        "region taken for a fault of the video",
        "shared/providers/gemini/interactions.py",
        'code="region_restricted"',
        "code=None",
        GEMINI_VIDEOS,
    ),
    Mutant(
        "refused look blamed on the caller",
        "shared/providers/gemini/errors.py",
        "return Failed(failed(said))",
        "raise error",
        GEMINI_VIDEOS,
    ),
    Mutant(
        "lost video taken for a lost model",
        "shared/providers/gemini/errors.py",
        'return NotFound("Gemini does not have this video any more.", param="id", details=error.details)',
        "return error",
        GEMINI_VIDEOS,
    ),
    Mutant(
        "last frame of Gemini's video not said to be one",
        "shared/providers/gemini/interactions.py",
        'return f"<FIRST_FRAME> <LAST_FRAME> {request.prompt}"',
        "return request.prompt",
        GEMINI_VIDEOS,
    ),
    Mutant(
        "Gemini's video in the answer, where it may be too large",
        "shared/providers/gemini/interactions.py",
        '"delivery": "uri"',
        '"delivery": "inline"',
        GEMINI_VIDEOS,
    ),
    Mutant(
        "filtered video taken for none",
        "shared/providers/gemini/operations.py",
        'list_at(made, "raiMediaFilteredReasons")',
        'list_at(made, "reasons")',
        GEMINI_VIDEOS,
    ),
    Mutant(
        "cancellation that came too late taken for one",
        "shared/providers/gemini/interactions.py",
        'return lifted(answer).payload.get("status") in _ENDED',
        "return False",
        GEMINI_VIDEOS,
    ),
    Mutant(
        "omni models gone with a list that knows none",
        "shared/providers/gemini/models.py",
        "    if not known:\n        return built_in\n",
        "",
        GEMINI_VIDEOS,
    ),
    Mutant(
        "new cookies not tried first",
        "shared/logins.py",
        "                await self._check(account._replace(key=header))\n",
        "",
        "tests/providers/test_gemini_web.py",
    ),
    Mutant(
        "operators' address for every caller",
        "shared/api/access.py",
        "if not is_operator(request, settings):",
        "if False:",
        "tests/functions/test_operators.py",
    ),
    Mutant(
        "cookies renewed by everybody",
        "shared/adapters.py",
        "if not await self._pool.claim_renewal(account, adapter.renew_seconds):",
        "if False:",
        "tests/test_service.py",
    ),
    Mutant(
        "frames counted in bytes",
        "shared/providers/gemini_web/frames.py",
        "place = length.end() + 2 * int(",
        "place = length.end() + int(",
        "tests/providers/test_gemini_web.py",
    ),
    Mutant(
        "use that is exhausted taken for a failure",
        "shared/providers/gemini_web/__init__.py",
        "        case 1037:\n",
        "        case -1037:\n",
        "tests/providers/test_gemini_web.py",
    ),
    Mutant(
        "all cookies sent to be rotated",
        "shared/providers/gemini_web/__init__.py",
        '"cookie": _lasting_cookies(self._cookies)',
        '"cookie": self._cookies',
        "tests/providers/test_gemini_web.py",
    ),
    Mutant(
        "name of the inside visited on Workers",
        "shared/http/addresses.py",
        " and not text.lower().endswith(_INSIDE)",
        "",
        "tests/http/test_addresses.py",
    ),
    Mutant(
        "provider not in the table",
        "shared/providers/__init__.py",
        '    Upstream("ark", "Ark", base_url="https://ark.cn-beijing.volces.com/api/v3", credential="ARK_API_KEY"),\n',
        "",
    ),
    Mutant(
        "Jimeng's order sent again in doubt", "shared/providers/jimeng/site.py", "self._http.send(", "self._http.read("
    ),
    Mutant(
        "Jimeng's order repeated without new credits",
        "shared/providers/jimeng/__init__.py",
        "if not await self._has_new_credits():",
        "if False:",
        JIMENG,
    ),
    Mutant(
        "Jimeng's credits of the day not fetched",
        "shared/providers/jimeng/__init__.py",
        'return bool(at(gift, "receive_quota"))',
        "return False",
        JIMENG,
    ),
    Mutant(
        "Jimeng's newest run called broken",
        "shared/providers/jimeng/__init__.py",
        "if run not in records:",
        "if False:",
        JIMENG,
    ),
    Mutant("Jimeng's four pictures given for one", "shared/providers/jimeng/__init__.py", "[:number]", ""),
    Mutant(
        "Jimeng's preview taken for the video",
        "shared/providers/jimeng/__init__.py",
        "item_ids(items), is_for",
        "[], is_for",
        JIMENG,
    ),
    Mutant(
        "Jimeng's edit in another shape than its picture",
        "shared/providers/jimeng/__init__.py",
        "not request.size_asked",
        "request.size_asked",
        JIMENG,
    ),
    Mutant(
        "Jimeng's uploads sent anywhere",
        "shared/providers/jimeng/uploads.py",
        "if place not in self._origins:",
        "if False:",
        JIMENG,
    ),
    Mutant(
        "Jimeng's upload signed without its content",
        "shared/providers/jimeng/uploads.py",
        "hashlib.sha256(content)",
        'hashlib.sha256(b"")',
        JIMENG,
    ),
    Mutant(
        "Jimeng's upload with the checksum of its end",
        "shared/providers/jimeng/uploads.py",
        "zlib.crc32(piece, checksum)",
        "zlib.crc32(piece)",
        JIMENG,
    ),
    Mutant(
        "Jimeng's broken upload taken for an order",
        "shared/providers/jimeng/uploads.py",
        "raise Unavailable(\"Jimeng's storage broke",
        "raise Uncertain(\"Jimeng's storage broke",
        JIMENG,
    ),
    Mutant(
        "Jimeng's look blamed on the caller",
        "shared/providers/jimeng/refusals.py",
        "if not ordered:",
        "if False:",
        JIMENG,
    ),
    Mutant("Jimeng's dead session not noticed", "shared/providers/jimeng/refusals.py", '("1015", ', '("9015", '),
    Mutant(
        "Jimeng's browser given other cookies",
        "shared/providers/jimeng/site.py",
        " if self._is_bare else self._key",
        "",
        JIMENG,
    ),
    Mutant(
        "Jimeng's seed of an edit dropped",
        "shared/providers/jimeng/drafts.py",
        "if request.seed is not None:",
        "if False:",
        JIMENG,
    ),
    Mutant(
        "Jimeng's last frame dropped",
        "shared/providers/jimeng/drafts.py",
        '"end_frame_image": last_frame',
        '"end_frame_image": ""',
        JIMENG,
    ),
    Mutant(
        "Jimeng's results fetched from anywhere",
        "shared/providers/jimeng/results.py",
        "bool(_STORAGE.fullmatch(origin))",
        "True",
    ),
    Mutant(
        "Jimeng's reason not told",
        "shared/catalog.py",
        "self._declined.get(name, unknown)",
        "unknown",
        JIMENG_OVER_HTTP,
    ),
    Mutant(
        "a variable that nobody describes",
        "shared/settings.py",
        "keys = tuple(words(API_KEYS.of(environment)))",
        'keys = tuple(words(environment.get("NEW_KEYS") or API_KEYS.of(environment)))',
        DOCUMENTS,
    ),
    Mutant(
        "a default that is not told",
        "shared/settings.py",
        '("ACCOUNT_COOLDOWN_SECONDS", "600")',
        '("ACCOUNT_COOLDOWN_SECONDS", "60")',
        DOCUMENTS,
    ),
    Mutant("an endpoint that needs another key", "functions/accounts.py", "            Access.ADMIN,\n", "", DOCUMENTS),
    Mutant(
        "a model that is not listed",
        "shared/providers/zimage.py",
        '_model("redcraft", "redcraft")',
        '_model("redcraft-2", "redcraft")',
        DOCUMENTS,
    ),
)


def main(words: Sequence[str]) -> int:
    """0 when every mutant was caught."""
    chosen = [mutant for mutant in MUTANTS if all(word in mutant.name for word in words)]
    if stale := [mutant.name for mutant in chosen if _text(mutant, ROOT).count(mutant.old) != 1]:
        raise SystemExit(f"the lines of these do not stand once in their files: {', '.join(stale)}")
    if fallen := sorted({mutant.tests for mutant in chosen if _fails(mutant.tests, None)}):
        raise SystemExit(f"these tests fail without any mutant: {', '.join(fallen)}")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        verdicts = list(pool.map(_caught, chosen))
    for mutant, caught in zip(chosen, verdicts, strict=True):
        print(f"{'caught ' if caught else 'ESCAPED'}  {mutant.name}  ({mutant.file})")
    print(f"{sum(verdicts)} passed, {len(verdicts) - sum(verdicts)} failed")
    return 0 if all(verdicts) else 1


def _caught(mutant: Mutant) -> bool:
    return _fails(mutant.tests, mutant)


def _fails(tests: str, mutant: Mutant | None) -> bool:
    with tempfile.TemporaryDirectory(prefix="easel-mutant-") as folder:
        copy = Path(folder)
        _copy_project(copy)
        if mutant:
            _apply(mutant, copy)
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", tests]
        done = subprocess.run(command, cwd=copy, capture_output=True, check=False, timeout=300)
        # Pytest's 1 says that tests failed; anything else, that they did not run.
        if done.returncode not in (0, 1):
            raise SystemExit(f"{mutant}: the tests did not run\n{done.stdout.decode()[-2000:]}")
        return done.returncode == 1


def _copy_project(copy: Path) -> None:
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
        elif (ROOT / name).exists():
            shutil.copy(ROOT / name, copy / name)


def _apply(mutant: Mutant, root: Path) -> None:
    (root / mutant.file).write_text(_text(mutant, root).replace(mutant.old, mutant.new), encoding="utf-8")


def _text(mutant: Mutant, root: Path) -> str:
    return (root / mutant.file).read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
