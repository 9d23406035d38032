"""Both languages say the same things, and every check has words."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

import funnel_analytics as fa
from funnel_analytics.checks import CHECKS
from funnel_analytics.schema import TABLES
from funnel_analytics.wording import WORDED_LANGUAGES, Words
from funnel_analytics.wording.catalogue import _join, load_texts


def flat(texts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in texts.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


GERMAN, ENGLISH = (dict(flat(load_texts(language))) for language in ("de", "en"))


def test_both_languages_have_the_same_texts() -> None:
    assert sorted(GERMAN) == sorted(ENGLISH)


def test_both_languages_name_the_same_values() -> None:
    for key, german in GERMAN.items():
        assert placeholders(german) == placeholders(ENGLISH[key]), key
        assert german.strip() == german != "", key


@pytest.mark.parametrize("language", WORDED_LANGUAGES)
def test_every_check_is_worded_and_no_text_is_left_over(language: str) -> None:
    assert set(load_texts(language)["check"]) == set(CHECKS)
    words = Words(language)
    for check, texts in load_texts(language)["check"].items():
        assert words.check_title(check) != check
        assert not words.check_title(check).endswith(".")
        assert texts["means"].endswith(".")
        assert words.check_advice(check).endswith(".")


@pytest.mark.parametrize("language", WORDED_LANGUAGES)
def test_what_a_check_distorts_is_a_metric_that_has_a_table(language: str) -> None:
    named = {metric for check in CHECKS.values() for metric in check.distorts}
    assert named <= set(load_texts(language)["table"])
    assert all(callable(getattr(fa, metric)) for metric in named)


@pytest.mark.parametrize("language", WORDED_LANGUAGES)
def test_every_table_that_can_be_missing_says_how_to_export_it(language: str) -> None:
    assert set(load_texts(language)["export"]) == set(TABLES)


def test_no_sentence_claims_a_cause_or_a_loss() -> None:
    for key in (key for key in GERMAN if key.startswith("finding.")):
        for word in ("verursacht", "wegen", "verloren", "caused", "because", "due to", " lost"):
            assert word not in GERMAN[key], key
            assert word not in ENGLISH[key], key


def test_texts_of_two_files_are_joined_but_none_may_stand_in_both() -> None:
    texts = {"finding": {"a": {"one": "1"}}}
    _join(texts, {"finding": {"b": "2"}, "unit": {"c": "3"}}, "more.toml")
    assert texts == {"finding": {"a": {"one": "1"}, "b": "2"}, "unit": {"c": "3"}}
    with pytest.raises(ValueError, match=r"more\.toml, finding: the text 'b' stands in another"):
        _join(texts, {"finding": {"b": "4"}}, "more.toml")
