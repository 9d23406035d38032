-- One row per month and segment with anything in the period, or in the months before it from the
-- start of the window on (not `is_within`): the leads created, and the won deals with their
-- amounts, by the segment of the deal's lead. `is_without_lead`: deals of no lead; `is_elsewhere`:
-- what has a value that nothing in the period has.
-- params: window_start, period_start, period_end, by, minimum_group_size, folded
with

{{ deal_owners() }}

created as (

    select
        calendar_months.month,
        leads.created_at >= $period_start as is_within,
        leads.lead_no
    from calendar_months
    inner join leads
        on
            calendar_months.starts_at <= leads.created_at
            and calendar_months.ends_at > leads.created_at
    where
        leads.created_at >= $window_start
        and leads.created_at < $period_end

),

won as (

    select
        calendar_months.month,
        won_deals.closed_at >= $period_start as is_within,
        won_deals.amount,
        deal_owners.lead_no
    from calendar_months
    inner join won_deals
        on
            calendar_months.starts_at <= won_deals.closed_at
            and calendar_months.ends_at > won_deals.closed_at
    left join deal_owners on won_deals.deal = deal_owners.deal
    where
        won_deals.closed_at >= $window_start
        and won_deals.closed_at < $period_end

),

present as (

    select lead_no
    from created
    where is_within
    union
    select lead_no
    from won
    where
        is_within
        and lead_no is not null

),

{{ present_segments() }}

happened as (

    select
        month,
        is_within,
        lead_no,
        1 as leads,
        0 as won_deals,
        null as amount
    from created
    union all
    select
        month,
        is_within,
        lead_no,
        0 as leads,
        1 as won_deals,
        amount
    from won

),

members as (

    select
        happened.month,
        happened.is_within,
        happened.leads,
        happened.won_deals,
        happened.amount,
        happened.lead_no is null as is_without_lead,
        happened.lead_no is not null and segments.segment_leads is null as is_elsewhere,
        case when happened.lead_no is not null then segments.segment end as segment,
        coalesce(happened.lead_no is not null and segments.is_folded, false) as is_folded,
        case when happened.lead_no is not null then segments.segment_leads end as segment_leads,
        case when happened.lead_no is not null then segments.merged_groups end as merged_groups
    from happened
    left join lead_attributes
        on
            happened.lead_no = lead_attributes.lead_no
            and lead_attributes.attribute = $by
    left join segments on lead_attributes.value is not distinct from segments.value

)

select
    month,
    is_within,
    segment,
    is_folded,
    is_without_lead,
    is_elsewhere,
    min(segment_leads) as segment_leads,
    min(merged_groups) as merged_groups,
    sum(leads) as leads,
    sum(won_deals) as won_deals,
    sum(amount order by amount) as revenue,
    count(amount) as valued_deals
from members
group by
    month,
    is_within,
    segment,
    is_folded,
    is_without_lead,
    is_elsewhere
order by
    month,
    is_within,
    segment,
    is_folded,
    is_without_lead,
    is_elsewhere
