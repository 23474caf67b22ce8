"""Send a conversation to a text model, and require content and one finish reason."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

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
    """Sends once, and tries the next account only if one refuses before its first delta."""

    def __init__(self, providers: ProviderFactory, accounts: AccountPool) -> None:
        self._providers = providers
        self._accounts = accounts

    async def send(self, resolved: ResolvedModel, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Stream the response. Raises unless it has content and exactly one finish reason, at its end.

        Before the first delta, errors keep their meaning; after it, the upstream has accepted the request.
        """
        account, answer, first = await self._first(resolved, request)
        async with aclosing(answer):
            with self._accounts.busy(account):
                yield first
                try:
                    async for delta in answer:
                        yield delta
                except EaselError as error:
                    if isinstance(error, AccountError):
                        await self._accounts.cool_down(account, error)
                    raise _accepted(error) from error

    async def _first(
        self, resolved: ResolvedModel, request: ChatRequest
    ) -> tuple[Account, AsyncGenerator[ChatDelta, None], ChatDelta]:
        lease = self._accounts.lease(resolved.provider, resolved.model.accounts)
        while True:
            async with lease as account:
                answer = self._answer(account, request)
                return account, answer, await anext(answer)

    async def _answer(self, account: Account, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Stream one account's response up to its finish reason, without leading empty deltas."""
        provider = await self._providers.for_submit(account)
        if not isinstance(provider, ChatProvider):
            message = f"'{request.model.id}' is configured as a text model, but '{account.provider}' has none."
            raise Misconfigured(message)
        started = False
        try:
            async with aclosing(provider.chat(request)) as deltas:
                async for delta in deltas:
                    started = started or bool(delta.text or delta.reasoning or delta.extra)
                    if delta.finish_reason and not started:
                        raise _empty(delta.finish_reason)
                    if started:
                        yield delta
                    if delta.finish_reason:
                        return
        except EaselError:
            raise
        except Exception as error:  # an unexpected error must not look retryable
            _log.exception("unexpected error in an answer of '%s'", account.provider)
            raise ResultLost("Internal error in the answer.", code=EaselError.code) from error
        raise ResultLost("The upstream's answer ended before it was finished.")


def _accepted(error: EaselError) -> TakenError:
    """Return the error as one raised after the upstream accepted the request, so that nothing retries it."""
    return error if isinstance(error, TakenError) else ResultLost(error.message, code=error.code, details=error.details)


def _empty(finish_reason: str) -> GenerationFailed:
    if finish_reason == "content_filter":
        return GenerationFailed("The upstream's filter blocked the whole answer.", code="moderation_blocked")
    return GenerationFailed(f"The upstream's answer is empty; it ended with '{finish_reason}'.")
