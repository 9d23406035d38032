-- One row per segment and stage: the leads of a cohort that got at least that far, how many of
-- them without a recorded entry, and the median time since the entry into the stage before.
-- params: cohort_start, cohort_end, as_of, passes, within_seconds, span_seconds, is_optional,
--   by, minimum_group_size, folded
with

{{ cohort_segments() }}

{{ cohort_passes() }}

{{ passes_at_least() }}

{{ passes_within() }}

{{ conversion_by_stage() }}
