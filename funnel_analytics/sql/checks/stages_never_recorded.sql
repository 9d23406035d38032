-- One row: agreed stages that leads got past, although no source ever recorded an entry.
-- params: none
select
    count(*) filter (is_never_recorded) as offending_rows,
    count(*) as of_rows,
    (
        select
            list(
                struct_pack(stage := unrecorded.stage, leads := unrecorded.later_leads)
                order by unrecorded.position asc
            )
        from stage_records as unrecorded
        where unrecorded.is_never_recorded
    ) as examples
from stage_records
