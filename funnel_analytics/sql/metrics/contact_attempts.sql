-- One row per segment and number of attempts that its leads had until one connected: how many of
-- them connected with the last attempt (`connected_leads`) and how many had not. Leads with an
-- attempt before their creation are counted alone. `unknown_attempts`: nobody recorded whether they
-- connected; they count as attempts that did not.
-- params: cohort_start, cohort_end, by, minimum_group_size, folded
with

{{ attempted_contacts() }}

tried as (

    select
        lead_no,
        max(attempt) as attempts,
        sum(case when is_unknown then 1 else 0 end) as unknown_attempts,
        bool_or(has_connected) as has_connected
    from attempts
    group by lead_no

),

counted as (

    select
        cohort.segment,
        cohort.is_folded,
        cohort.segment_leads,
        cohort.merged_groups,
        coalesce(tried.attempts, 0) as attempts,
        sum(case when coalesce(tried.has_connected, false) then 1 else 0 end) as connected_leads,
        sum(
            case
                when early.lead_no is null and not coalesce(tried.has_connected, false) then 1
                else 0
            end
        ) as unconnected_leads,
        sum(case when early.lead_no is not null then 1 else 0 end) as before_creation_leads,
        sum(coalesce(tried.unknown_attempts, 0)) as unknown_attempts
    from cohort
    left join early on cohort.lead_no = early.lead_no
    left join tried on cohort.lead_no = tried.lead_no
    group by
        cohort.segment,
        cohort.is_folded,
        cohort.segment_leads,
        cohort.merged_groups,
        coalesce(tried.attempts, 0)

)

select
    segment,
    is_folded,
    segment_leads,
    merged_groups,
    attempts,
    connected_leads,
    unconnected_leads,
    before_creation_leads,
    unknown_attempts
from counted
order by
    segment,
    is_folded,
    attempts
