"""Reads the texts of a language from their file."""

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
    folder = files("funnel_analytics.wording") / "texts"
    text = (folder / f"{language}.toml").read_text(encoding="utf-8")
    return MappingProxyType(tomllib.loads(text))
