-- One row per segment (campaign) of a cohort: its leads, and how many had reached each stage or a
-- later one.
-- params: cohort_start, cohort_end, by, minimum_group_size, folded
with

{{ cohort_segments() }}

{{ segmented_leads() }}

counted as (

    select
        segment,
        is_folded,
        min(segment_leads) as segment_leads,
        min(merged_groups) as merged_groups,
        min(created_at) as first_created_at,
        count(*) as leads
        {%- for k in stages %},
        count(reached_{{ k }}) as reached_{{ k }}
        {%- endfor %}
    from segmented
    group by
        segment,
        is_folded

)

select *
from counted
order by
    segment,
    is_folded
