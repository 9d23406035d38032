-- One row per value of an attribute and stage (but the last): the leads of mature cohorts that
-- reached it, and those of them that were won; `position` 0 is to have been recycled, and won
-- after.
-- params: created_from, created_before, cohort_start, cohort_end, by, minimum_group_size, folded
with

{{ cohort_segments() }}

mature as (

    select
        lead_progress.*,
        segments.value,
        segments.segment,
        segments.is_folded,
        segments.segment_leads
    from lead_progress
    left join lead_attributes
        on
            lead_progress.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    inner join segments on lead_attributes.value is not distinct from segments.value
    where
        lead_progress.created_at >= $created_from
        and lead_progress.created_at < $created_before

),

recycled as (

    select
        lead_no,
        min(stay_no) as stay_no
    from lead_closings
    where status = 'recycled'
    group by lead_no

),

wins as (

    select
        lead_no,
        max(stay_no) as stay_no
    from stage_stays
    where position = {{ stages[-1] }}
    group by lead_no

),

reached as (

    select
        mature.value,
        mature.segment,
        mature.is_folded,
        mature.segment_leads,
        0 as position,
        count(case when wins.stay_no > recycled.stay_no then 1 end) as won_leads,
        count(*) as leads
    from mature
    inner join recycled on mature.lead_no = recycled.lead_no
    left join wins on mature.lead_no = wins.lead_no
    group by
        mature.value,
        mature.segment,
        mature.is_folded,
        mature.segment_leads
    {% for k in stages[:-1] %}
    union all
    select
        value,
        segment,
        is_folded,
        segment_leads,
        {{ k }} as position,
        count(reached_{{ stages[-1] }}) as won_leads,
        count(*) as leads
    from mature
    where reached_{{ k }} is not null
    group by
        value,
        segment,
        is_folded,
        segment_leads
    {% endfor %}

)

select
    value,
    segment,
    is_folded,
    segment_leads,
    position,
    won_leads,
    leads
from reached
order by
    value,
    position
