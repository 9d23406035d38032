-- One row per segment, status, reason (missing: none given) and days until the lead came back
-- (missing: it did not): the leads that took the status in the period, each once per status, by the
-- first time that they did, and those of them that were won after it. `watched_seconds` is the sum
-- of the time from the closing to `$as_of`.
-- params: period_start, period_end, by, minimum_group_size, folded, as_of
with

closings as (

    select
        lead_no,
        stay_no,
        status,
        reason,
        closed_at,
        returned_at,
        row_number() over (
            partition by
                lead_no,
                status
            order by closing_no
        ) as time_no
    from lead_closings
    where
        closed_at >= $period_start
        and closed_at < $period_end

),

firsts as (

    select *
    from closings
    where time_no = 1

),

present as (

    select distinct lead_no
    from firsts

),

sizes as (

    select
        lead_attributes.value,
        count(*) as leads
    from present
    left join lead_attributes
        on
            present.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    group by lead_attributes.value

),

{{ folded_segments() }}

wins as (

    select
        lead_no,
        max(stay_no) as stay_no
    from stage_stays
    where position = {{ stages[-1] }}
    group by lead_no

)

select
    segments.segment,
    segments.is_folded,
    firsts.status,
    firsts.reason,
    {{ seconds_between('firsts.closed_at', 'firsts.returned_at') }} as return_seconds,
    min(segments.segment_leads) as segment_leads,
    min(segments.merged_groups) as merged_groups,
    count(*) as closed_leads,
    count(firsts.returned_at) as re_entered_leads,
    count(case when wins.stay_no > firsts.stay_no then 1 end) as won_leads,
    sum({{ seconds_between('firsts.closed_at', '$as_of') }}) as watched_seconds
from firsts
left join lead_attributes
    on
        firsts.lead_no = lead_attributes.lead_no
        and lead_attributes.attribute = $by
inner join segments on lead_attributes.value is not distinct from segments.value
left join wins on firsts.lead_no = wins.lead_no
group by
    segments.segment,
    segments.is_folded,
    firsts.status,
    firsts.reason,
    return_seconds
order by
    segments.segment,
    segments.is_folded,
    firsts.status,
    firsts.reason,
    return_seconds
