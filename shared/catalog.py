"""The available models, and how names resolve to them: model id, `provider/model`, alias or default name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from shared.errors import BadRequest, NotFound
from shared.models import Kind, Model

_DEFAULT_NAMES: Mapping[str, Kind] = {
    "gpt-image-2": "image",
    "gpt-image-1.5": "image",
    "gpt-image-1": "image",
    "gpt-image-1-mini": "image",
    "chatgpt-image-latest": "image",
    "dall-e-3": "image",
    "dall-e-2": "image",
    "sora-2": "video",
    "sora-2-pro": "video",
}
"""Names built into clients; they mean the default model of their kind, as does any name of a default family."""

_DEFAULT_FAMILIES: Mapping[str, Kind] = {
    "gpt-image": "image",
    "chatgpt-image": "image",
    "dall-e": "image",
    "sora": "video",
}

Listing = Callable[[], Awaitable[tuple[Model, ...]]]


class ResolvedModel(NamedTuple):
    """A model, and the provider that serves it."""

    provider: str
    model: Model


def together(listings: Mapping[str, Listing]) -> Listing:
    """Merge the lists of several accounts; a model that not all of them have names the `accounts` that do."""
    if len(listings) == 1:
        return next(iter(listings.values()))

    async def listing() -> tuple[Model, ...]:
        table: dict[str, Model] = {}
        has: dict[str, set[str]] = {}
        answers = await asyncio.gather(*(models() for models in listings.values()))
        for account, models in zip(listings, answers, strict=True):
            for model in models:
                table.setdefault(model.id, model)
                has.setdefault(model.id, set()).add(account)
        return tuple(
            model if len(has[name]) == len(listings) else model._replace(accounts=frozenset(has[name]))
            for name, model in table.items()
        )

    return listing


class Catalog:
    """Lists the models and resolves names to them.

    `listings` returns each configured provider's models; the first provider with a kind supplies its default.
    `extra` has model fields, by provider and name, that add or override models; `aliases` maps names to names.
    `declined` maps names that may be unavailable to the error message for that case.
    """

    def __init__(
        self,
        listings: Mapping[str, Listing],
        extra: Mapping[str, Mapping[str, Mapping[str, Any]]],
        aliases: Mapping[str, str],
        declined: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._listings = listings
        self._extra = extra
        self._aliases = aliases
        self._declined = declined
        self._listed: list[tuple[Model, ...]] = []
        self._offers: list[ResolvedModel] = []
        self._by_name: dict[str, ResolvedModel] = {}

    async def offers(self) -> list[ResolvedModel]:
        """Return all models, in each provider's order; configured fields override those of the built-in model."""
        listed = await asyncio.gather(*[listing() for listing in self._listings.values()])
        if listed != self._listed:
            self._index(listed)
        return self._offers

    def _index(self, listed: list[tuple[Model, ...]]) -> None:
        """Rebuild the tables, because a provider lists other models than before."""
        offers = [
            ResolvedModel(provider, model)
            for provider, models in zip(self._listings, listed, strict=True)
            for model in self._with_extra(provider, models)
        ]
        by_name: dict[str, ResolvedModel] = {}
        for offer in offers:
            by_name.setdefault(offer.model.id, offer)
            by_name.setdefault(f"{offer.provider}/{offer.model.id}", offer)
        self._listed, self._offers, self._by_name = listed, offers, by_name

    async def names(self) -> list[tuple[str, ResolvedModel]]:
        """Return every listed name once, aliases included, with the model it resolves to."""
        offers = await self.offers()
        listed: dict[str, ResolvedModel] = {}
        for offer in offers:
            name = f"{offer.provider}/{offer.model.id}" if offer.model.id in listed else offer.model.id
            listed[name] = offer
        for name in [*self._aliases, *_DEFAULT_NAMES]:
            if name not in listed and (meant := self._alias(name, offers)):
                listed[name] = meant
        return list(listed.items())

    async def resolve(self, name: str | None, kind: Kind, *, inputs: bool = False) -> ResolvedModel:
        """Return the model with this name, or the default of its kind; NotFound if there is none.

        With `inputs`, a default that accepts input images is preferred.
        """
        if name:
            offer = await self.named(name, inputs=inputs)
            if offer.model.kind != kind:
                raise BadRequest(f"'{name}' makes no {kind}: its kind is {offer.model.kind}.", param="model")
            return offer
        default = _default(kind, await self.offers(), inputs)
        if default is None:
            raise NotFound(f"No {kind} model is configured.", code="model_not_found", param="model")
        return default

    async def for_chat(self, name: str | None) -> ResolvedModel:
        """Return the model for a conversation: a text model, or an image model, which draws the last message.

        Without a name, returns the first text model, or else the first image model.
        """
        if not name:
            offers = await self.offers()
            default = _default("chat", offers) or _default("image", offers)
            if default is None:
                raise NotFound("No chat model is configured.", code="model_not_found", param="model")
            return default
        offer = await self.named(name)
        if offer.model.kind == "video":
            raise BadRequest(f"'{name}' makes no conversation: it is a video model.", param="model")
        return offer

    async def named(self, name: str, *, inputs: bool = False) -> ResolvedModel:
        """Return the model with this name; NotFound if it is unknown."""
        offers = await self.offers()
        offer = self._by_name.get(name) or self._alias(name, offers, inputs)
        if offer is None:
            unknown = f"There is no model called '{name[:100]}'; GET /v1/models lists what there is."
            raise NotFound(self._declined.get(name, unknown), code="model_not_found", param="model")
        return offer

    async def find(self, provider: str, name: str) -> Model:
        """Return the model of a job; one without metadata if it is no longer listed, because the job still runs."""
        if provider in self._listings:
            for model in self._with_extra(provider, await self._listings[provider]()):
                if model.id == name:
                    return model
        return Model(name)

    def _with_extra(self, provider: str, built_in: tuple[Model, ...]) -> Iterable[Model]:
        """Return the provider's models with the configured fields."""
        if provider not in self._extra:
            return built_in
        table = {model.id: model for model in built_in}
        for name, fields in self._extra[provider].items():
            model = table.get(name) or _like(built_in, fields.get("kind", "image"), name)
            table[name] = model._replace(**fields)
        return table.values()

    def _alias(self, name: str, offers: list[ResolvedModel], inputs: bool = False) -> ResolvedModel | None:
        if name in self._aliases:
            return self._by_name.get(self._aliases[name])
        family = next((kind for prefix, kind in _DEFAULT_FAMILIES.items() if name.startswith(prefix)), None)
        return _default(family, offers, inputs) if family else None


def _like(models: Iterable[Model], kind: Kind, name: str) -> Model:
    """Return a new model with the fields of the provider's first model of that kind."""
    first = next((model for model in models if model.kind == kind), Model(name, kind))
    return first._replace(id=name, upstream=name)


def _default(kind: Kind, offers: list[ResolvedModel], inputs: bool = False) -> ResolvedModel | None:
    fitting = [offer for offer in offers if offer.model.kind == kind]
    return next((offer for offer in fitting if inputs and offer.model.max_inputs), next(iter(fitting), None))
