"""Send a conversation to a text model, and require a complete response."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from shared.account import Account
from shared.accounts import AccountPool
from shared.catalog import ResolvedModel
from shared.errors import AccountError, EaselError, Misconfigured, ResultLost, TakenError
from shared.provider_factory import ProviderFactory
from shared.providers import ChatProvider
from shared.requests import ChatRequest
from shared.results import ChatDelta

_log = logging.getLogger(__name__)
_EMPTY = ChatDelta()


class ChatSender:
    """Sends once, and tries the next account only if one refuses before its first delta."""

    def __init__(self, providers: ProviderFactory, accounts: AccountPool) -> None:
        self._providers = providers
        self._accounts = accounts

    async def send(self, resolved: ResolvedModel, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Yield the response's deltas. Raises ResultLost if it ends without a finish reason.

        Before the first delta, errors keep their meaning; after it, the upstream has accepted the request.
        """
        account, deltas, delta = await self._first(resolved, request)
        async with aclosing(deltas):
            with self._accounts.busy(account):
                try:
                    yield delta
                    async for delta in deltas:
                        yield delta
                    if not delta.finish_reason:
                        raise _cut_off()
                except AccountError as error:
                    await self._accounts.cool_down(account, error)
                    raise _accepted(error) from error
                except EaselError as error:
                    raise _accepted(error) from error
                except Exception as error:
                    raise _unexpected(error, account) from error

    async def _first(
        self, resolved: ResolvedModel, request: ChatRequest
    ) -> tuple[Account, AsyncGenerator[ChatDelta, None], ChatDelta]:
        lease = self._accounts.lease(resolved.provider, resolved.model.accounts)
        while True:
            async with lease as account:
                provider = await self._providers.for_submit(account)
                if not isinstance(provider, ChatProvider):
                    message = f"'{request.model.id}' is configured as a text model, but '{account.provider}' has none."
                    raise Misconfigured(message)
                deltas = provider.chat(request)
                try:
                    while (delta := await anext(deltas)) == _EMPTY:
                        pass
                except StopAsyncIteration:
                    raise _cut_off() from None
                except EaselError:
                    raise
                except Exception as error:
                    raise _unexpected(error, account) from error
                return account, deltas, delta


def _cut_off() -> ResultLost:
    return ResultLost("The upstream's response ended before it was complete.")


def _accepted(error: EaselError) -> TakenError:
    """Return the error as one raised after the upstream accepted the request, so that nothing retries it."""
    return error if isinstance(error, TakenError) else ResultLost(error.message, code=error.code, details=error.details)


def _unexpected(error: Exception, account: Account) -> ResultLost:
    """Log a bug. It must not look retryable, because the upstream may have accepted the request."""
    _log.error("unexpected error in a chat response of '%s'", account.provider, exc_info=error)
    return ResultLost("Internal error in the response.", code=EaselError.code)
