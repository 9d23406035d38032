-- One row per canonical table that is counted by months: the first day it tells of, in the
-- agreement's zone; missing where nothing was loaded. Deals and entries are known of from the first
-- lead at the latest.
-- params: timezone
with

first_leads as (

    select min(created_at) as first_lead_at from leads

),

first_entries as (

    select min(entered_at) as first_entry_at from stage_entries

),

first_closes as (

    select min(closed_at) as first_close_at from won_deals

),

firsts as (

    select
        first_leads.first_lead_at,
        first_entries.first_entry_at,
        first_closes.first_close_at
    from first_leads
    cross join first_entries
    cross join first_closes

),

instants as (

    select
        'lead' as table_name,
        first_lead_at as first_at
    from firsts
    union all
    select
        'stage_event' as table_name,
        least(first_lead_at, first_entry_at) as first_at
    from firsts
    union all
    select
        'deal' as table_name,
        least(first_lead_at, first_close_at) as first_at
    from firsts

)

select
    table_name,
    cast(timezone($timezone, timezone('UTC', first_at)) as date) as first_on
from instants
union all
select
    'spend' as table_name,
    min(spent_on) as first_on
from spend
order by table_name
