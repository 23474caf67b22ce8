"""All generated tables: those of the READMEs in both languages, those of docs/ in English."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tools.documents.page import Table, Tables
from tools.documents.tables import deploying, endpoints, errors, fields, hosts, models, providers, variables
from tools.documents.texts import Language


def _of_readme(language: Language) -> Mapping[str, Table]:
    return {
        "providers": partial(providers.summary, language),
        "endpoints": partial(endpoints.summary, language),
        "settings": partial(variables.summary, language),
    }


TABLES: Tables = {
    "en": {
        **_of_readme("en"),
        **endpoints.tables(),
        "image-fields": fields.images,
        "video-fields": fields.videos,
        **variables.tables(),
        "enabling": providers.enabling,
        "models": models.table,
        "destinations": providers.destinations,
        "errors": errors.table,
        "hosts": hosts.table,
        "deploying": deploying.table,
    },
    "zh": _of_readme("zh"),
}
