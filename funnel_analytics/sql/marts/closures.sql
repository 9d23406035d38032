-- One row per instant at which a counted lead took a status that ends or suspends its way. A lead
-- whose deal was lost, but whose own history does not say so, is lost when its deal closed.
-- `latest_at` is the last instant that a stamp of day precision can mean.
-- params: timezone
create table closures as
with

recorded as (

    select
        leads.lead_no,
        stage_event.entered_at as closed_at,
        stage_event.status,
        bool_or(coalesce(stage_event.entered_at_is_day, false)) as is_day_precision,
        min(stage_event.reason) as reason
    from stage_event
    inner join survivors on stage_event.lead = survivors.lead
    inner join leads on survivors.survivor = leads.lead
    where stage_event.status in ('lost', 'rejected', 'recycled', 'nurture')
    group by leads.lead_no, stage_event.entered_at, stage_event.status

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
        reason
    from recorded
    union all
    select
        leads.lead_no,
        deal.closed_at,
        'lost' as status,
        coalesce(deal.closed_at_is_day, false) as is_day_precision,
        deal.lost_reason as reason
    from leads
    inner join deal on leads.deal = deal.deal
    left join lost on leads.lead_no = lost.lead_no
    where
        not deal.is_won
        and deal.closed_at is not null
        and lost.lead_no is null

)

select
    lead_no,
    closed_at,
    case
        when is_day_precision
            then
                timezone(
                    'UTC',
                    timezone(
                        $timezone,
                        timezone($timezone, timezone('UTC', closed_at)) + interval 1 day
                    )
                ) - interval 1 microsecond
        else closed_at
    end as latest_at,
    status,
    reason
from every
order by lead_no, closed_at, status
