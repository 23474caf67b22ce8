"""ModelScope's image models."""

from __future__ import annotations

from shared.models import Model


def _model(name: str, upstream: str, typical: float) -> Model:
    knobs = frozenset({"seed", "negative_prompt"})
    return Model(name, upstream=upstream, min_side=512, max_side=2048, typical_seconds=typical, knobs=knobs)


MODELS = (
    # The same names as zimage.run's models, so that setting an API key is enough to serve its clients from here.
    _model("zimage-turbo", "Tongyi-MAI/Z-Image-Turbo", 14.0),
    _model("zimage-base", "Tongyi-MAI/Z-Image", 40.0),
)
