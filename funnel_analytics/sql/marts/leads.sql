-- One row per counted lead: merged leads are one, deleted and test leads are out. A merged lead
-- counts from the creation of its earliest part and keeps a deal of any of its parts.
-- params: timezone
create table leads as
with

merged as (

    select
        survivors.survivor,
        min(lead.created_at) as created_at,
        arg_min(lead.created_at_is_day, lead.created_at) as is_day_precision,
        min(lead.deal) as deal
    from survivors
    inner join lead on survivors.lead = lead.lead
    group by survivors.survivor

)

select
    cast(row_number() over (order by lead.lead) as integer) as lead_no,
    lead.lead,
    lead.person_key,
    lead.account,
    merged.created_at,
    cast(timezone($timezone, timezone('UTC', merged.created_at)) as date) as created_on,
    coalesce(merged.is_day_precision, false) as is_day_precision,
    lead.origin,
    lead.channel,
    lead.campaign,
    lead.owner,
    lead.status,
    coalesce(lead.deal, merged.deal) as deal
from merged
inner join lead on merged.survivor = lead.lead
where
    not coalesce(lead.is_deleted, false)
    and not coalesce(lead.is_test, false)
order by lead.lead
