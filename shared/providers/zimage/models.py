"""zimage.run's models, under our names."""

from __future__ import annotations

from shared.models import Model


def _model(name: str, upstream: str, typical: float = 5.0, inputs: int = 0) -> Model:
    return Model(
        name, upstream=upstream, batch=4, max_inputs=inputs, typical_seconds=typical, knobs=frozenset({"seed"})
    )


MODELS = (
    _model("zimage-turbo", "turbo"),
    _model("zimage-base", "base", 15.0),
    _model("ernie-image-turbo", "ernie-image-turbo"),
    _model("flux2-klein-9b", "flux2-klein-9b", inputs=4),
    _model("qwen-image", "qwen-image", 15.0),
    _model("beyond-reality", "beyond-reality"),
    _model("redcraft", "redcraft"),
    _model("dark-beast", "dark-beast"),
)
