"""The models that the fake Jimeng serves, and what each of them demands of an order."""

from __future__ import annotations

from tests.emulators.jimeng.storage import Storage
from tests.emulators.jimeng.wire import Order, PictureComponent, PictureMetrics, VideoComponent, VideoMetrics, refused

_SIZES = {
    "1k": "1328x1328 1472x1104 1104x1472 1664x936 936x1664 1584x1056 1056x1584 2016x846",
    "2k": "2048x2048 2304x1728 1728x2304 2560x1440 1440x2560 2496x1664 1664x2496 3024x1296",
    "4k": "4096x4096 4693x3520 3520x4693 5404x3040 3040x5404 4992x3328 3328x4992 6197x2656",
}
_OLD = ("high_aes_general_v30l_art_fangzhou:general_v3.0_18b", "high_aes_general_v30l:general_v3.0_18b")
PICTURES = {
    **{f"high_aes_general_v{name}": ("2k", "4k") for name in ("50", "43", "42", "40l", "41", "40")},
    **dict.fromkeys((*_OLD, "high_aes_general_v20_L:general_v2.0_L"), ("1k",)),
}

_BASIC = "basic_video_operation_vgfm_v_three"
_KEY = "dreamina_ic_generate_video_model_vgfm_"
VIDEOS: dict[str, tuple[tuple[int, ...], dict[str | None, str]]] = {
    f"{_KEY}3.5_pro": ((5, 10, 12), {None: "dreamina_video_seedance_15_pro"}),
    f"{_KEY}3.0_pro": ((5, 10), {None: f"{_BASIC}_pro"}),
    f"{_KEY}3.0_fast": ((5, 10), {"720p": _BASIC, "1080p": f"{_BASIC}_1080"}),
    f"{_KEY}3.0": ((5, 10), {"720p": _BASIC, "1080p": _BASIC}),
}
"""The lengths of each in seconds, and what it is charged as in each resolution; None where none is said."""


def check(order: Order, storage: Storage) -> None:
    """Refuse what makes no sense, or speaks of pictures that nobody has brought."""
    component = order.component
    makes_sense = order.extend.root_model == order.model and (
        _films(order, component) if isinstance(component, VideoComponent) else _draws(order, component)
    )
    uris = component.frames if isinstance(component, VideoComponent) else component.uris
    if not makes_sense or not all(storage.holds(uri) for uri in uris if uri):
        raise refused("4002")


def _draws(order: Order, component: PictureComponent) -> bool:
    metrics, size = order.metrics_extra, component.core.large_image_info
    if not isinstance(metrics, PictureMetrics):
        return False
    [scene] = metrics.sceneOptions
    return (
        size.resolution_type in PICTURES.get(order.model, ())
        and f"{size.width}x{size.height}" in _SIZES[size.resolution_type].split()
        and metrics.generateId == order.submit_id
        and (scene.modelReqKey, scene.resolutionType) == (order.model, size.resolution_type)
        and scene.reportParams.extraVipFunctionKey == f"{order.model}-{size.resolution_type}"
        and len(scene.abilityList) == len(component.uris)
        and order.extend.m_video_commerce_info is None
    )


def _films(order: Order, component: VideoComponent) -> bool:
    metrics, wanted, commerce = order.metrics_extra, component.wanted, order.extend.m_video_commerce_info
    if not isinstance(metrics, VideoMetrics) or not commerce or order.model not in VIDEOS:
        return False
    [scene] = metrics.sceneOptions
    seconds, benefits = VIDEOS[order.model]
    first, last = component.frames
    return (
        wanted.duration_ms in [1000 * second for second in seconds]
        and benefits.get(wanted.resolution) == commerce.benefit_type
        and order.extend.m_video_commerce_info_list == [commerce]
        and (scene.modelReqKey, scene.resolution) == (order.model, wanted.resolution)
        and 1000 * scene.videoDuration == wanted.duration_ms
        and scene.reportParams.extraVipFunctionKey == "-".join(filter(None, [order.model, wanted.resolution]))
        and VideoMetrics.model_validate_json(component.abilities.gen_video.video_task_extra) == metrics
        and bool(first or not last)
    )
