"""Results in sentences, German and English; all texts lie in `texts/`."""

from funnel_analytics.wording.catalogue import WORDED_LANGUAGES
from funnel_analytics.wording.findings_stages import CREATED_BY, mature
from funnel_analytics.wording.findings_targets import (
    asked_row,
    credited_value,
    target_rows,
    won_credit,
)
from funnel_analytics.wording.notices import Notice, notice
from funnel_analytics.wording.numbers import Numbers, firm_numbers, is_missing, is_true
from funnel_analytics.wording.phrases import Phrases, metric_key
from funnel_analytics.wording.words import Words, summary_sentences, words_for, words_in

__all__ = [
    "CREATED_BY",
    "WORDED_LANGUAGES",
    "Notice",
    "Numbers",
    "Phrases",
    "Words",
    "asked_row",
    "credited_value",
    "firm_numbers",
    "is_missing",
    "is_true",
    "mature",
    "metric_key",
    "notice",
    "summary_sentences",
    "target_rows",
    "won_credit",
    "words_for",
    "words_in",
]
