-- One row: leads of an older export that the newest export of the same kind does not hold, although
-- it holds leads as old as they are. Deleted and merged leads are out.
-- params: none
with

exports as (

    select
        load_no,
        system,
        pattern,
        coalesce(part, '') as part,
        exported_at,
        max(exported_at) over (
            partition by system, pattern, coalesce(part, '')
        ) as newest_at,
        min(exported_at) over (
            partition by system, pattern, coalesce(part, '')
        ) as oldest_at
    from load_log
    where table_name = 'lead'

),

reaches as (

    select
        exports.system,
        exports.pattern,
        exports.part,
        min(lead.created_at) as first_at
    from exports
    inner join lead on exports.load_no = lead.load_no
    where
        exports.exported_at = exports.newest_at
        and exports.oldest_at < exports.newest_at
    group by
        exports.system,
        exports.pattern,
        exports.part

),

judged as (

    select
        lead.lead,
        exports.exported_at < exports.newest_at as is_offending
    from exports
    inner join reaches
        on
            exports.system = reaches.system
            and exports.pattern = reaches.pattern
            and exports.part = reaches.part
    inner join lead
        on
            exports.load_no = lead.load_no
            and reaches.first_at <= lead.created_at
    where
        not coalesce(lead.is_deleted, false)
        and lead.merged_into is null

)

select
    count(*) filter (is_offending) as offending_rows,
    count(*) as of_rows,
    min(lead, 5) filter (is_offending) as examples
from judged
