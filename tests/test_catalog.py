"""What a model's name means: itself, a provider's own, an alias, the default of its kind, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shared.catalog import Catalog, Listing
from shared.errors import BadRequest, NotFound
from shared.models import Kind, Model

FAST, SLOW = Model("fast"), Model("slow")
OTHER_FAST = Model("fast", batch=4)
CLIP = Model("clip", kind="video")
SKETCH = Model("sketch")


def listing(*models: Model) -> Listing:
    async def models_of_it() -> tuple[Model, ...]:
        return models

    return models_of_it


def catalog(
    extra: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None,
    aliases: Mapping[str, str] | None = None,
    **listings: Listing,
) -> Catalog:
    built_in = {"one": listing(FAST, SLOW), "two": listing(OTHER_FAST, CLIP), "sketch": listing(SKETCH)}
    return Catalog(listings or built_in, extra or {}, aliases or {})


@pytest.mark.parametrize(
    ("name", "kind", "provider", "model"),
    [
        ("fast", "image", "one", FAST),
        ("slow", "image", "one", SLOW),
        ("one/fast", "image", "one", FAST),
        ("two/fast", "image", "two", OTHER_FAST),
        ("sketch", "image", "sketch", SKETCH),
        ("clip", "video", "two", CLIP),
        (None, "image", "one", FAST),
        ("", "image", "one", FAST),
        (None, "video", "two", CLIP),
        ("gpt-image-1", "image", "one", FAST),
        ("gpt-image-7-turbo", "image", "one", FAST),
        ("chatgpt-image-latest", "image", "one", FAST),
        ("dall-e-3", "image", "one", FAST),
        ("sora-2-pro", "video", "two", CLIP),
        ("mine", "image", "one", SLOW),
        ("theirs", "image", "two", OTHER_FAST),
        ("dall-e-2", "image", "sketch", SKETCH),
    ],
)
async def test_what_a_name_means(name: str | None, kind: Kind, provider: str, model: Model) -> None:
    aliases = {"mine": "slow", "theirs": "two/fast", "dall-e-2": "sketch"}
    assert await catalog(aliases=aliases).resolve(name, kind) == (provider, model)


@pytest.mark.parametrize(
    ("name", "model"),
    [(None, "editor"), ("gpt-image-1", "editor"), ("dall-e-2", "editor"), ("fast", "fast"), ("mine", "fast")],
)
async def test_a_default_for_edits_takes_pictures(name: str | None, model: str) -> None:
    editor = listing(CLIP, SLOW, Model("editor", max_inputs=2))
    offered = catalog(aliases={"mine": "fast"}, one=listing(FAST), two=editor)
    chosen = await offered.resolve(name, "image", inputs=True)
    assert chosen.model.id == model


async def test_without_a_model_that_takes_pictures_the_default_is_the_usual_one() -> None:
    assert (await catalog().resolve(None, "image", inputs=True)).model == FAST


async def test_a_further_model_is_as_the_first_of_its_kind() -> None:
    extra: Mapping[str, Any] = {"two": {"new": {"batch": 2}, "film": {"kind": "video"}, "talk": {"kind": "chat"}}}
    edit, clip = Model("edit", max_inputs=2, asynchronous=False), CLIP._replace(typical_seconds=60.0)
    both = catalog(extra, two=listing(clip, edit))
    assert await both.find("two", "new") == edit._replace(id="new", upstream="new", batch=2)
    assert await both.find("two", "film") == clip._replace(id="film", upstream="film")
    assert await both.find("two", "talk") == Model("talk", "chat", "talk")


@pytest.mark.parametrize(
    "name", ["nothing", "one/clip", "three/fast", "Fast", "fas", "fast ", "gpt-5", "lost", "x" * 5000]
)
async def test_a_name_that_means_nothing(name: str) -> None:
    with pytest.raises(NotFound) as caught:
        await catalog(aliases={"lost": "gone"}).resolve(name, "image")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    assert len(caught.value.message) < 250


async def test_a_model_of_another_kind_is_a_bad_request() -> None:
    for name, kind in (("clip", "image"), ("fast", "video"), ("sora-2", "image")):
        with pytest.raises(BadRequest) as caught:
            await catalog().resolve(name, kind)  # type: ignore[arg-type]
        assert caught.value.param == "model"


async def test_a_kind_that_nobody_offers() -> None:
    for name in (None, "sora-2"):
        with pytest.raises(NotFound) as caught:
            await catalog(sketch=listing(SKETCH)).resolve(name, "video")
        assert caught.value.code == "model_not_found"


async def test_sketch_is_the_default_when_nothing_else_is_there() -> None:
    assert (await catalog(sketch=listing(SKETCH)).resolve(None, "image")).model == SKETCH
    assert (await catalog(clips=listing(CLIP), sketch=listing(SKETCH)).resolve("dall-e-3", "image")).model == SKETCH


async def test_every_listed_name_is_listed_once_and_means_what_the_list_says() -> None:
    models = catalog(aliases={"mine": "slow", "dall-e-2": "sketch", "fast": "sketch", "lost": "gone"})
    listed = await models.names()
    names = [name for name, _ in listed]
    assert names[:5] == ["fast", "slow", "two/fast", "clip", "sketch"]
    assert len(names) == len(set(names))
    assert {"mine", "dall-e-2", "dall-e-3", "gpt-image-1", "sora-2"} < set(names)
    assert "lost" not in names
    for name, offer in listed:
        assert await models.named(name) == offer


async def test_names_of_a_kind_that_nobody_offers_are_not_listed() -> None:
    names = [name for name, _ in await catalog(sketch=listing(SKETCH)).names()]
    assert "gpt-image-1" in names
    assert "sora-2" not in names


async def test_configured_models_correct_and_add() -> None:
    models = catalog({"one": {"fast": {"batch": 2}, "new": {"max_side": 512}}, "three": {"x": {}}})
    assert (await models.named("fast")).model == FAST._replace(batch=2)
    assert (await models.named("new")).model == Model("new", upstream="new", max_side=512)
    assert (await models.named("two/fast")).model == OTHER_FAST
    assert [offer.model.id for offer in await models.offers()][:3] == ["fast", "slow", "new"]


async def test_a_job_finds_its_model_even_when_it_is_no_longer_offered() -> None:
    assert await catalog().find("one", "slow") == SLOW
    assert await catalog().find("one", "gone") == Model("gone")
    assert await catalog().find("nobody", "gone") == Model("gone")


async def test_a_name_that_is_declined_means_what_others_offer_or_has_its_reason() -> None:
    listings = {"one": listing(FAST), "two": listing(CLIP)}
    declining = Catalog(listings, {}, {"mine": "clip"}, {"clip": "not here", "slow": "too slow", "mine": "not mine"})
    assert (await declining.named("clip")).provider == "two"
    assert (await declining.named("mine")).provider == "two"
    with pytest.raises(NotFound, match="^too slow$") as caught:
        await declining.named("slow")
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
