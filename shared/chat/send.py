"""How a conversation goes on: which account is asked, and what an answer has to be to pass for one."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager

from shared.account import Account
from shared.accounts import AccountPool
from shared.catalog import ResolvedModel
from shared.errors import AccountError, EaselError, GenerationFailed, Misconfigured, ResultLost, TakenError
from shared.provider_factory import ProviderFactory
from shared.providers import ChatProvider
from shared.requests import ChatRequest
from shared.results import ChatDelta

_log = logging.getLogger(__name__)


class ChatSender:
    """Asks once, and goes on to the next account only where one refused before it said a word."""

    def __init__(self, adapters: ProviderFactory, pool: AccountPool) -> None:
        self._adapters = adapters
        self._pool = pool

    async def talk(self, offer: ResolvedModel, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """The answer as it comes: something is in it, and one finish reason at its end, or this raises.

        Before the first delta errors are what the upstream meant them to be; after it, the work was taken.
        """

        async def order(account: Account) -> tuple[AsyncGenerator[ChatDelta, None], ChatDelta]:
            answer = self._answer(account, request)
            return answer, await anext(answer)

        account, (answer, first) = await self._pool.place(offer.provider, request.model.accounts, order)
        async with aclosing(answer):
            with self._pool.busy(account):
                yield first
                try:
                    async for delta in answer:
                        yield delta
                except EaselError as error:
                    if isinstance(error, AccountError):
                        await self._pool.cool_down(account, error)
                    raise _taken(error) from error

    async def _answer(self, account: Account, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """One account's answer, up to its finish reason, without the deltas that hold nothing."""
        adapter = await self._adapters.for_submit(account)
        if not isinstance(adapter, ChatProvider):
            raise Misconfigured(
                f"'{request.model.id}' is configured as a text model, and '{account.provider}' has none."
            )
        said = False
        with _no_surprises(account.provider):
            async with aclosing(adapter.chat(request)) as deltas:
                async for delta in deltas:
                    said = said or bool(delta.text or delta.reasoning or delta.extra)
                    if delta.finish_reason and not said:
                        raise _empty(delta.finish_reason)
                    if said:
                        yield delta
                    if delta.finish_reason:
                        return
        raise ResultLost("The upstream's answer ended before it was finished.")


@contextmanager
def _no_surprises(provider: str) -> Iterator[None]:
    """Nothing that goes wrong in an unexpected way may look like something to be tried again."""
    try:
        yield
    except EaselError:
        raise
    except Exception as error:
        _log.exception("unexpected error in an answer of '%s'", provider)
        raise ResultLost("Something went wrong here with the answer.", code=EaselError.code) from error


def _taken(error: EaselError) -> TakenError:
    """What went wrong in the midst of an answer, as an error after which nobody asks again by themselves."""
    return error if isinstance(error, TakenError) else ResultLost(error.message, code=error.code, details=error.details)


def _empty(finish_reason: str) -> GenerationFailed:
    if finish_reason == "content_filter":
        return GenerationFailed("The upstream's filter let nothing of the answer through.", code="moderation_blocked")
    return GenerationFailed(f"The upstream's answer is empty; it ended with '{finish_reason}'.")
