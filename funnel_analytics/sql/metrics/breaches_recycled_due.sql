-- One row per lead whose last step was to be recycled, and which is due again by the agreed days of
-- the reason (`reasons`, `due_days`), else of all (`other_due_days`): since when, when it was due,
-- and how long ago. A closing of which only the day is known counts at its end.
-- params: reasons, due_days, other_due_days, as_of, cohort_start, cohort_end, by,
-- minimum_group_size, folded
with

{{ open_leads() }}

{{ open_deals() }}

closed_by as (

    select
        lead_no,
        closed_at,
        max(latest_at) as latest_at
    from closures
    where status = 'recycled'
    group by
        lead_no,
        closed_at

),

recycled as (

    select
        lead_closings.lead_no,
        lead_closings.position,
        lead_closings.reason,
        coalesce(closed_by.latest_at, lead_closings.closed_at) as since_at,
        round(
            86400 * coalesce(
                {{ element("$due_days", "list_position($reasons, lead_closings.reason)") }},
                $other_due_days
            )
        ) as due_seconds
    from lead_closings
    inner join leads on lead_closings.lead_no = leads.lead_no
    left join deal on leads.deal = deal.deal
    left join closed_by
        on
            lead_closings.lead_no = closed_by.lead_no
            and lead_closings.closed_at = closed_by.closed_at
    where
        lead_closings.status = 'recycled'
        and lead_closings.is_last
        and lead_closings.returned_at is null
        and coalesce(leads.status, 'recycled') not in ('lost', 'rejected', 'nurture', 'won')
        and not coalesce(deal.is_won, false)

),

listed as (

    select
        lead_no,
        cast(null as varchar) as deal,
        position,
        cast(null as varchar) as team,
        since_at,
        {{ seconds_after("since_at", "due_seconds") }} as due_at,
        {{ seconds_between("since_at", "$as_of") }} - due_seconds as over_seconds,
        reason
    from recycled
    where {{ seconds_between("since_at", "$as_of") }} > due_seconds

),

{{ listed_cases() }}

select *
from cases
order by lead
