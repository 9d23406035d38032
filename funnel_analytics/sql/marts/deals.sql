-- One row per loaded deal: its amount in the agreement's currency (missing where nobody entered
-- one, or where there is no rate for its day), whether it counts, and the leads that its events
-- belong to. `excluded`: 'deleted', or 'leads' where it has leads, none of which counts. An amount
-- without a currency is in the agreement's. `first_lead_no`: of its counted leads the first one
-- created.
-- params: timezone, currency
create table deals as
with

valued as (

    select
        *,
        cast(
            timezone(
                $timezone,
                timezone(
                    'UTC', coalesce(case when is_won then closed_at end, created_at, closed_at)
                )
            ) as date
        ) as valued_on
    from deal

),

placed_leads as (

    select
        deal,
        lead_no,
        row_number() over (
            partition by deal
            order by created_at nulls last, lead_no nulls last
        ) as place
    from deal_leads

),

-- One row per deal with a lead; `lead_no` is missing where all are deleted or tests, after merges.
first_leads as (

    select
        deal,
        lead_no
    from placed_leads
    where place = 1

),

owners as (

    select
        deal,
        count(*) as event_leads
    from event_leads
    group by deal

)

select
    valued.deal,
    valued.account,
    valued.is_won,
    valued.created_at,
    valued.created_at_is_day,
    valued.closed_at,
    valued.closed_at_is_day,
    valued.valued_on,
    valued.amount as original_amount,
    valued.currency,
    case
        when coalesce(upper(valued.currency) = upper($currency), true) or valued.amount = 0
            then valued.amount
        else valued.amount * rates.rate
    end as amount,
    rates.rate,
    rates.rated_on,
    case
        when coalesce(valued.is_deleted, false) then 'deleted'
        when first_leads.deal is not null and first_leads.lead_no is null then 'leads'
    end as excluded,
    first_leads.lead_no as first_lead_no,
    coalesce(owners.event_leads, 0) as event_leads
from valued
left join rates
    on
        upper(valued.currency) = rates.currency
        and valued.valued_on = rates.valued_on
left join first_leads on valued.deal = first_leads.deal
left join owners on valued.deal = owners.deal
order by valued.deal
