"""Reads the texts of a language from their files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from funnel_analytics.errors import CallError, did_you_mean

__all__ = ["WORDED_LANGUAGES", "load_texts"]

WORDED_LANGUAGES = ("de", "en")


@cache
def load_texts(language: str) -> Mapping[str, Any]:
    """All texts of one language, by section and key.

    Raises
    ------
    CallError
        There are no texts in this language.
    """
    if language not in WORDED_LANGUAGES:
        raise CallError(
            f"There are no texts in '{language}', only in {' and '.join(WORDED_LANGUAGES)}."
            f"{did_you_mean(language, WORDED_LANGUAGES)}"
        )
    folder = files("funnel_analytics.wording") / "texts" / language
    texts: dict[str, Any] = {}
    for file in sorted(folder.iterdir(), key=lambda each: each.name):
        _join(texts, tomllib.loads(file.read_text(encoding="utf-8")), file.name)
    return MappingProxyType(texts)


def _join(texts: dict[str, Any], more: Mapping[str, Any], where: str) -> None:
    """Add the texts of a file to those of the others; none may stand in two files."""
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(texts.get(key), dict):
            _join(texts[key], value, f"{where}, {key}")
        elif key in texts:
            raise ValueError(f"{where}: the text '{key}' stands in another file, too.")
        else:
            texts[key] = value
