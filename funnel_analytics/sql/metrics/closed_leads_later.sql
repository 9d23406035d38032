-- One row per segment, status, reason (missing: none given) and days until the lead came back
-- (missing: it did not): the leads that took the status in the period, each once per status, by the
-- first time that they did, and those of them that were won after it. `watched_seconds` is the sum
-- of the time from the closing to `$as_of`.
-- params: period_start, period_end, by, minimum_group_size, folded, as_of
with

{{ first_closings() }}

followed as (

    select
        firsts.lead_no,
        firsts.status,
        firsts.reason,
        firsts.returned_at,
        {{ seconds_between('firsts.closed_at', 'firsts.returned_at') }} as return_seconds,
        {{ seconds_between('firsts.closed_at', '$as_of') }} as watched_seconds,
        wins.stay_no > firsts.stay_no as is_won
    from firsts
    left join wins on firsts.lead_no = wins.lead_no

)

select
    segments.segment,
    segments.is_folded,
    followed.status,
    followed.reason,
    followed.return_seconds,
    min(segments.segment_leads) as segment_leads,
    min(segments.merged_groups) as merged_groups,
    count(*) as closed_leads,
    count(followed.returned_at) as re_entered_leads,
    count(case when followed.is_won then 1 end) as won_leads,
    sum(followed.watched_seconds) as watched_seconds
from followed
left join lead_attributes
    on
        followed.lead_no = lead_attributes.lead_no
        and lead_attributes.attribute = $by
inner join segments on lead_attributes.value is not distinct from segments.value
group by
    segments.segment,
    segments.is_folded,
    followed.status,
    followed.reason,
    followed.return_seconds
order by
    segments.segment,
    segments.is_folded,
    followed.status,
    followed.reason,
    followed.return_seconds
