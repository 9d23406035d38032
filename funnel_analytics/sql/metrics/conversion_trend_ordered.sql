-- One row per segment, day of creation and age in whole days: the leads of a cohort that are old
-- enough to be asked, those that had reached one stage, and those of them that reached another
-- (mode: ordered).
-- params: cohort_start, cohort_end, as_of, passes, within_seconds, span_seconds, is_optional,
--   stage, previous, bases, by, minimum_group_size, folded
with

{{ cohort_segments() }}

{{ cohort_passes() }}

{{ passes_ordered() }}

{{ passes_within() }}

{{ conversion_by_day() }}
