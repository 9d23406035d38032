-- One row per instant at which a counted lead took a status that ends or suspends its way. A lead
-- whose deal was lost, but whose own history does not say so, is lost when its deal closed.
-- `latest_at` is the last instant that the stamp can mean: of a day where only the day is known, or
-- of the bounds between two dated exports.
-- params: timezone
create table closures as
with

recorded as (

    select
        lead_no,
        entered_at as closed_at,
        status,
        bool_or(is_day_precision) as is_day_precision,
        case when bool_and(is_snapshot) then min(entered_before) end as closed_before,
        min(reason) as reason
    from lead_events
    where status in ('lost', 'rejected', 'recycled', 'nurture')
    group by
        lead_no,
        entered_at,
        status

),

on_deals as (

    select
        lead_no,
        deal
    from leads
    where deal is not null
    union
    select
        lead_no,
        deal
    from event_leads
    where rule <> 'converted'

),

lost as (

    select distinct lead_no
    from recorded
    where status = 'lost'

),

every as (

    select
        lead_no,
        closed_at,
        status,
        is_day_precision,
        closed_before,
        reason
    from recorded
    union all
    select
        on_deals.lead_no,
        deal.closed_at,
        'lost' as status,
        coalesce(deal.closed_at_is_day, false) as is_day_precision,
        null as closed_before,
        deal.lost_reason as reason
    from on_deals
    inner join deal on on_deals.deal = deal.deal
    left join lost on on_deals.lead_no = lost.lead_no
    where
        not deal.is_won
        and deal.closed_at is not null
        and lost.lead_no is null

)

select
    lead_no,
    closed_at,
    case
        when closed_before is not null then greatest(closed_before, closed_at)
        when is_day_precision
            then {{ end_of_day('closed_at') }}
        else closed_at
    end as latest_at,
    status,
    reason
from every
order by lead_no, closed_at, status
