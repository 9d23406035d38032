-- One row per hand-over of a counted lead, numbered in time. `handed_by_at` is the last instant
-- that a stamp of day precision can mean. The first answer counts (`answer`: accepted or rejected;
-- of two at once the rejection): `answered_by_at` is the first instant at which it had surely been
-- given. `is_return`: the lead comes back to a team that it had left before, or is handed over
-- again in the same way after it had been rejected or recycled.
-- params: timezone
create table handovers as
with

stamped as (

    select
        leads.lead_no,
        handover.kind,
        handover.handed_at,
        case
            when coalesce(handover.handed_at_is_day, false)
                then {{ end_of_day('handover.handed_at') }}
            else handover.handed_at
        end as handed_by_at,
        coalesce(handover.handed_at_is_day, false) as is_day_precision,
        handover.from_team,
        handover.to_team,
        handover.missing_fields,
        handover.due_at,
        handover.accepted_at,
        case
            when coalesce(handover.accepted_at_is_day, false)
                then {{ end_of_day('handover.accepted_at') }}
            else handover.accepted_at
        end as accepted_by_at,
        handover.rejected_at,
        case
            when coalesce(handover.rejected_at_is_day, false)
                then {{ end_of_day('handover.rejected_at') }}
            else handover.rejected_at
        end as rejected_by_at,
        handover.reason,
        handover.escalated_at,
        row_number() over (
            partition by leads.lead_no
            order by
                handover.handed_at,
                handover.kind,
                handover.from_team,
                handover.to_team,
                handover.accepted_at,
                handover.rejected_at,
                handover.source_row
        ) as handover_no
    from handover
    inner join named_leads
        on
            handover.lead = named_leads.id
            and named_leads.in_lead_place
            and coalesce(handover.handed_at >= named_leads.starts_at, true)
            and coalesce(handover.handed_at < named_leads.ends_at, true)
    inner join leads on named_leads.lead_no = leads.lead_no

),

numbered as (

    select
        *,
        row_number() over (partition by lead_no, kind order by handover_no) as kind_no
    from stamped

),

-- The first hand-over by which a lead left a team; within a team it leaves nobody.
departures as (

    select
        lead_no,
        from_team,
        min(handover_no) as handover_no
    from numbered
    where from_team is distinct from to_team
    group by
        lead_no,
        from_team

),

-- Hand-overs of a lead that had been handed over in the same way, and rejected or recycled since.
repeats as (

    select
        later.lead_no,
        later.handover_no
    from numbered as later
    inner join numbered as earlier
        on
            later.lead_no = earlier.lead_no
            and later.kind = earlier.kind
            and later.kind_no = earlier.kind_no + 1
    left join closures
        on
            earlier.lead_no = closures.lead_no
            and closures.status in ('rejected', 'recycled')
            and closures.latest_at > earlier.handed_at
            and closures.closed_at <= later.handed_by_at
    where later.kind <> 'reassigned'
    group by
        later.lead_no,
        later.handover_no
    having
        count(closures.lead_no) > 0
        or count(case when earlier.rejected_at <= later.handed_by_at then 1 end) > 0

)

select
    numbered.lead_no,
    numbered.kind,
    numbered.handed_at,
    numbered.handed_by_at,
    numbered.is_day_precision,
    numbered.from_team,
    numbered.to_team,
    numbered.missing_fields,
    numbered.due_at,
    numbered.accepted_at,
    numbered.rejected_at,
    case
        when
            numbered.rejected_by_at is null
            or numbered.accepted_by_at < numbered.rejected_by_at
            then case when numbered.accepted_by_at is not null then 'accepted' end
        when numbered.rejected_by_at is not null then 'rejected'
    end as answer,
    least(numbered.accepted_by_at, numbered.rejected_by_at) as answered_by_at,
    numbered.reason,
    numbered.escalated_at,
    numbered.handover_no,
    repeats.lead_no is not null
    or (
        departures.lead_no is not null
        and numbered.from_team is distinct from numbered.to_team
    ) as is_return
from numbered
left join departures
    on
        numbered.lead_no = departures.lead_no
        and numbered.to_team = departures.from_team
        and numbered.handover_no > departures.handover_no
left join repeats
    on
        numbered.lead_no = repeats.lead_no
        and numbered.handover_no = repeats.handover_no
order by
    numbered.lead_no,
    numbered.handover_no
