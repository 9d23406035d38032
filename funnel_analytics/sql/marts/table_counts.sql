-- One row per canonical table that holds rows, loaded or derived.
-- params: none
create table table_counts as
with

counted as (

    select
        'account' as table_name,
        count(*) as row_count
    from account
    union all
    select
        'person' as table_name,
        count(*) as row_count
    from person
    union all
    select
        'lead' as table_name,
        count(*) as row_count
    from lead
    union all
    select
        'lead_field' as table_name,
        count(*) as row_count
    from lead_field
    union all
    select
        'contact' as table_name,
        count(*) as row_count
    from contact
    union all
    select
        'stage_event' as table_name,
        count(*) as row_count
    from stage_event
    union all
    select
        'snapshot' as table_name,
        count(*) as row_count
    from snapshot
    union all
    select
        'stage_label' as table_name,
        count(*) as row_count
    from stage_label
    union all
    select
        'handover' as table_name,
        count(*) as row_count
    from handover
    union all
    select
        'activity' as table_name,
        count(*) as row_count
    from activity
    union all
    select
        'qualification' as table_name,
        count(*) as row_count
    from qualification
    union all
    select
        'deal' as table_name,
        count(*) as row_count
    from deal
    union all
    select
        'deal_contact' as table_name,
        count(*) as row_count
    from deal_contact
    union all
    select
        'campaign' as table_name,
        count(*) as row_count
    from campaign
    union all
    select
        'touch' as table_name,
        count(*) as row_count
    from touch
    union all
    select
        'spend' as table_name,
        count(*) as row_count
    from spend
    union all
    select
        'exchange_rate' as table_name,
        count(*) as row_count
    from exchange_rate
    union all
    select
        'target' as table_name,
        count(*) as row_count
    from target

)

select
    table_name,
    row_count
from counted
where row_count > 0
order by table_name
