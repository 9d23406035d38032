-- One row per segment, status, stage (missing: none before) and reason (missing: none given): the
-- leads that took the status in the period, each once per status, by the last time that they did;
-- `repeats` are the times before, in the period.
-- params: period_start, period_end, by, minimum_group_size, folded
with

closings as (

    select
        lead_no,
        status,
        position,
        reason,
        row_number() over (
            partition by
                lead_no,
                status
            order by closing_no desc
        ) as times_back,
        count(*) over (
            partition by
                lead_no,
                status
        ) - 1 as repeats
    from lead_closings
    where
        closed_at >= $period_start
        and closed_at < $period_end

),

present as (

    select distinct lead_no
    from closings

),

{{ present_segments() }}

lasts as (

    select
        closings.status,
        closings.position,
        closings.reason,
        closings.repeats,
        segments.segment,
        segments.is_folded,
        segments.segment_leads,
        segments.merged_groups
    from closings
    left join lead_attributes
        on
            closings.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    inner join segments on lead_attributes.value is not distinct from segments.value
    where closings.times_back = 1

)

select
    segment,
    is_folded,
    status,
    position,
    reason,
    min(segment_leads) as segment_leads,
    min(merged_groups) as merged_groups,
    count(*) as leads,
    sum(repeats) as repeats
from lasts
group by
    segment,
    is_folded,
    status,
    position,
    reason
order by
    segment,
    is_folded,
    status,
    position,
    reason
