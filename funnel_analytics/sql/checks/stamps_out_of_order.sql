-- One row: pairs of instants in one record that contradict each other: a deal closed before it was
-- created, a hand-over answered before it was made, a lead converted before it was created, a
-- campaign that ends before it starts, or entries against their own numbering. An instant of which
-- only the day is known counts as the end of that day.
-- params: timezone
with

numbered_events as (

    select
        coalesce(lead, deal) as id,
        entered_at,
        coalesce(entered_at_is_day, false) as is_day,
        lag(entered_at) over (
            partition by lead, deal, cycle order by seq, entered_at
        ) as earlier_at
    from stage_event
    where seq is not null

),

pairs as (

    select
        'deal' as table_name,
        deal as id,
        created_at as earlier_at,
        closed_at as later_at,
        coalesce(closed_at_is_day, false) as is_day
    from deal
    where not coalesce(is_deleted, false)
    union all
    select
        'lead' as table_name,
        lead as id,
        created_at as earlier_at,
        converted_at as later_at,
        coalesce(converted_at_is_day, false) as is_day
    from lead
    union all
    select
        'handover' as table_name,
        lead as id,
        handed_at as earlier_at,
        accepted_at as later_at,
        coalesce(accepted_at_is_day, false) as is_day
    from handover
    union all
    select
        'handover' as table_name,
        lead as id,
        handed_at as earlier_at,
        rejected_at as later_at,
        coalesce(rejected_at_is_day, false) as is_day
    from handover
    union all
    select
        'campaign' as table_name,
        campaign as id,
        cast(started_on as timestamp) as earlier_at,
        cast(ended_on as timestamp) as later_at,
        false as is_day
    from campaign
    union all
    select
        'stage_event' as table_name,
        id,
        earlier_at,
        entered_at as later_at,
        is_day
    from numbered_events

),

judged as (

    select
        table_name,
        id,
        case
            when is_day
                then {{ end_of_day('later_at') }}
            else later_at
        end < earlier_at as is_offending
    from pairs
    where
        earlier_at is not null
        and later_at is not null

),

first_ones as (

    select distinct
        table_name,
        id
    from judged
    where is_offending
    order by
        table_name,
        id
    limit 5

)

select
    (select count(*) filter (is_offending) from judged) as offending_rows,
    (select count(*) from judged) as of_rows,
    (
        select list(struct_pack(id := id, table_name := table_name) order by table_name, id)
        from first_ones
    ) as examples
