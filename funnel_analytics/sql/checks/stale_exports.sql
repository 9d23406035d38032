-- One row: kinds of records, by system, whose newest export is more than `$limit` days older than
-- the newest of all. What is written once, such as accounts, campaigns and targets, is not judged.
-- Where the instant of an export was only inferred from its last record, the system's newest export
-- speaks for it: a rare thing is not stale. `worst` is the age of the oldest in days.
-- params: limit
with

kinds as (

    select
        coalesce(system, '') as system,
        table_name,
        max(exported_at) as exported_at,
        arg_max(
            exported_at_source like 'end of %' or exported_at_source like 'loaded after %',
            exported_at
        ) as is_inferred
    from load_log
    where
        exported_at is not null
        and table_name in (
            'lead',
            'contact',
            'stage_event',
            'snapshot',
            'handover',
            'activity',
            'deal',
            'touch',
            'spend'
        )
    group by all

),

dated as (

    select
        system,
        table_name,
        case
            when is_inferred then max(exported_at) over (partition by system)
            else exported_at
        end as exported_at
    from kinds

),

aged as (

    select
        system,
        table_name,
        exported_at,
        date_diff('second', exported_at, max(exported_at) over ()) / 86400 as age_days
    from dated

),

oldest as (

    select *
    from aged
    where age_days > $limit
    order by
        age_days desc,
        system asc,
        table_name asc
    limit 5

)

select
    (select count(*) filter (aged.age_days > $limit) from aged) as offending_rows,
    (select count(*) from aged) as of_rows,
    (select max(aged.age_days) from aged) as worst,
    (
        select
            list(
                struct_pack(system := system, table_name := table_name, exported_at := exported_at)
                order by age_days desc, system asc, table_name asc
            )
        from oldest
    ) as examples
