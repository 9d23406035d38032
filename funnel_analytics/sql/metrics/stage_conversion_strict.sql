-- One row per segment and stage: the leads of a cohort that entered every stage up to it, each
-- directly after the one before, and the median time between the two.
-- params: cohort_start, cohort_end, as_of, passes, within_seconds, span_seconds, is_optional,
--   bases, by, minimum_group_size, folded
with

{{ cohort_segments() }}

{{ cohort_passes() }}

{{ passes_strict() }}

{{ passes_within() }}

{{ conversion_by_stage() }}
