-- One row per counted lead: merged leads are one, deleted and test leads are out. A merged lead
-- counts from the creation of its earliest part. What it lacks itself, such as an origin, a score
-- or a deal, it has from the first of its parts that states it; a deleted deal is none.
-- params: timezone
create table leads as
with

kept_deals as (

    select
        lead.lead,
        lead.deal
    from lead
    left join deal on lead.deal = deal.deal
    where
        lead.deal is not null
        and not coalesce(deal.is_deleted, false)

),

several as (

    select survivor
    from lead_parts
    where
        place > 1
        or lead <> survivor

),

-- A lead that nothing was merged into says all of it itself.
stated as (

    select
        lead.lead as survivor,
        lead.created_at,
        lead.created_at_is_day as is_day_precision,
        lead.person_key,
        lead.origin,
        lead.channel,
        lead.campaign,
        lead.owner,
        lead.status,
        lead.score,
        lead.priority,
        lead.next_step_on,
        kept_deals.deal
    from lead_parts
    inner join lead on lead_parts.lead = lead.lead
    left join kept_deals on lead.lead = kept_deals.lead
    left join several on lead_parts.survivor = several.survivor
    where several.survivor is null
    union all
    select
        lead_parts.survivor,
        min(lead.created_at) as created_at,
        arg_min(lead.created_at_is_day, lead.created_at) as is_day_precision,
        arg_min(lead.person_key, lead_parts.place) as person_key,
        arg_min(lead.origin, lead_parts.place) as origin,
        arg_min(lead.channel, lead_parts.place) as channel,
        arg_min(lead.campaign, lead_parts.place) as campaign,
        arg_min(lead.owner, lead_parts.place) as owner,
        arg_min(lead.status, lead_parts.place) as status,
        arg_min(lead.score, lead_parts.place) as score,
        arg_min(lead.priority, lead_parts.place) as priority,
        arg_min(lead.next_step_on, lead_parts.place) as next_step_on,
        arg_min(kept_deals.deal, lead_parts.place) as deal
    from lead_parts
    inner join lead on lead_parts.lead = lead.lead
    left join kept_deals on lead.lead = kept_deals.lead
    where lead_parts.survivor in (select several.survivor from several)
    group by lead_parts.survivor

)

select
    cast(row_number() over (order by lead.lead) as integer) as lead_no,
    lead.lead,
    stated.person_key,
    lead_accounts.account,
    lead_accounts.account_by,
    stated.created_at,
    cast(timezone($timezone, timezone('UTC', stated.created_at)) as date) as created_on,
    coalesce(stated.is_day_precision, false) as is_day_precision,
    stated.origin,
    stated.channel,
    stated.campaign,
    stated.owner,
    stated.status,
    stated.score,
    stated.priority,
    stated.next_step_on,
    stated.deal
from stated
inner join lead on stated.survivor = lead.lead
left join lead_accounts on lead.lead = lead_accounts.survivor
where
    not coalesce(lead.is_deleted, false)
    and not coalesce(lead.is_test, false)
order by lead_no
