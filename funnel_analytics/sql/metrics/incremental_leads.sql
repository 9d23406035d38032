-- One row per day of creation and segment: the leads of a cohort, and those of them that were in
-- one stage, or a later one, within so many seconds.
-- params: cohort_start, cohort_end, position, within_seconds, by, minimum_group_size, folded
with

{{ cohort_segments() }}

members as (

    select
        lead_progress.created_at,
        lead_progress.created_on,
        segments.segment,
        segments.is_folded,
        segments.segment_leads,
        segments.merged_groups,
        case
            {%- for k in stages %}
            when $position = {{ k }} then lead_progress.reached_{{ k }}
            {%- endfor %}
        end as reached_at
    from lead_progress
    left join lead_attributes
        on
            lead_progress.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    inner join segments on lead_attributes.value is not distinct from segments.value
    where
        lead_progress.created_at >= $cohort_start
        and lead_progress.created_at < $cohort_end

),

timed as (

    select
        created_on,
        segment,
        is_folded,
        segment_leads,
        merged_groups,
        {{ seconds_between("created_at", "reached_at") }} as reached_seconds
    from members

)

select
    created_on,
    segment,
    is_folded,
    min(segment_leads) as segment_leads,
    min(merged_groups) as merged_groups,
    count(*) as leads,
    count(case when reached_seconds <= $within_seconds then 1 end) as reached_leads
from timed
group by
    created_on,
    segment,
    is_folded
order by
    created_on,
    segment,
    is_folded
