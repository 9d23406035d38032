"""Results in sentences, German and English; all texts lie in `texts/`."""

from funnel_analytics.wording.catalogue import WORDED_LANGUAGES
from funnel_analytics.wording.findings_activity import (
    activity_band,
    campaign_kind,
    campaign_label,
)
from funnel_analytics.wording.findings_attribution import (
    attribution_rules,
    by_what_is_known,
    credited_name,
    credited_value,
    credits_money,
    is_without_amounts,
    shown_models,
)
from funnel_analytics.wording.findings_breaches import breach_due, breach_reason, list_label
from funnel_analytics.wording.findings_buying import role_label
from funnel_analytics.wording.findings_certainty import (
    credited_channel,
    range_rows,
    widest_range,
)
from funnel_analytics.wording.findings_change import (
    against_target,
    change_limits,
    change_part,
    change_sentences,
    change_value,
    factor_expected,
    factor_label,
    factor_value,
    measure_label,
    side_label,
)
from funnel_analytics.wording.findings_conversion import (
    CREATED_BY,
    compared_stage,
    mature,
    standing_out,
)
from funnel_analytics.wording.findings_costs import (
    cost_label,
    cost_labels,
    costed_rows,
    costs_remarks,
    marginal_reason,
)
from funnel_analytics.wording.findings_curves import (
    cohort_name,
    curve_stage,
    days_range,
    largest_group,
)
from funnel_analytics.wording.findings_drop_offs import drop_off_group, main_drop_offs
from funnel_analytics.wording.findings_flows import (
    asked_group,
    asked_status,
    reason_label,
    state_label,
)
from funnel_analytics.wording.findings_handover import (
    asked_kind,
    fields_label,
    handover_kind,
    rejection_label,
    rejection_place,
    returns_label,
    same_segment,
    team_way,
)
from funnel_analytics.wording.findings_incrementality import (
    bought_label,
    cost_range,
    number_range,
    switched_label,
)
from funnel_analytics.wording.findings_journeys import (
    conversion_noun,
    days_limits,
    journey_state,
    length_label,
    path_label,
    sourced_sentences,
    sourced_verdict,
)
from funnel_analytics.wording.findings_lead_quality import (
    quality_failed,
    quality_limits,
    quality_remarks,
    quality_verdict,
    quality_way,
)
from funnel_analytics.wording.findings_origins import origin_label
from funnel_analytics.wording.findings_qualification import rule_label
from funnel_analytics.wording.findings_response import (
    contact_cell,
    contact_hour,
    hidden_cells,
    rated_cells,
)
from funnel_analytics.wording.findings_speed import band_label
from funnel_analytics.wording.findings_targets import (
    asked_row,
    target_rows,
)
from funnel_analytics.wording.findings_trend import period_label, trend_head
from funnel_analytics.wording.notices import Notice, notice
from funnel_analytics.wording.numbers import Numbers, firm_numbers, is_missing, is_true
from funnel_analytics.wording.phrases import Phrases, metric_key
from funnel_analytics.wording.ways import counted_noun, of_counted
from funnel_analytics.wording.words import Words, summary_sentences, words_for, words_in

__all__ = [
    "CREATED_BY",
    "WORDED_LANGUAGES",
    "Notice",
    "Numbers",
    "Phrases",
    "Words",
    "activity_band",
    "against_target",
    "asked_group",
    "asked_kind",
    "asked_row",
    "asked_status",
    "attribution_rules",
    "band_label",
    "bought_label",
    "breach_due",
    "breach_reason",
    "by_what_is_known",
    "campaign_kind",
    "campaign_label",
    "change_limits",
    "change_part",
    "change_sentences",
    "change_value",
    "cohort_name",
    "compared_stage",
    "contact_cell",
    "contact_hour",
    "conversion_noun",
    "cost_label",
    "cost_labels",
    "cost_range",
    "costed_rows",
    "costs_remarks",
    "counted_noun",
    "credited_channel",
    "credited_name",
    "credited_value",
    "credits_money",
    "curve_stage",
    "days_limits",
    "days_range",
    "drop_off_group",
    "factor_expected",
    "factor_label",
    "factor_value",
    "fields_label",
    "firm_numbers",
    "handover_kind",
    "hidden_cells",
    "is_missing",
    "is_true",
    "is_without_amounts",
    "journey_state",
    "largest_group",
    "length_label",
    "list_label",
    "main_drop_offs",
    "marginal_reason",
    "mature",
    "measure_label",
    "metric_key",
    "notice",
    "number_range",
    "of_counted",
    "origin_label",
    "path_label",
    "period_label",
    "quality_failed",
    "quality_limits",
    "quality_remarks",
    "quality_verdict",
    "quality_way",
    "range_rows",
    "rated_cells",
    "reason_label",
    "rejection_label",
    "rejection_place",
    "returns_label",
    "role_label",
    "rule_label",
    "same_segment",
    "shown_models",
    "side_label",
    "sourced_sentences",
    "sourced_verdict",
    "standing_out",
    "state_label",
    "summary_sentences",
    "switched_label",
    "target_rows",
    "team_way",
    "trend_head",
    "widest_range",
    "words_for",
    "words_in",
]
