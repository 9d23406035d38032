-- One row per segment of the leads of a cohort, with the number that it has in `time_to_contact`.
-- params: cohort_start, cohort_end, by, minimum_group_size, folded
with

{{ cohort_segments() }}

{{ numbered_segments() }}

named as (

    select distinct
        segment_no,
        segment,
        is_folded,
        segment_leads,
        merged_groups
    from numbered

)

select
    segment_no,
    segment,
    is_folded,
    segment_leads,
    merged_groups
from named
order by segment_no
