-- One row per file and stage name that the agreement does not list.
-- params: names
select
    load_log.file,
    stage_event.stage,
    count(*) as event_rows,
    min(stage_event.source_row) as first_row
from stage_event
inner join load_log on stage_event.load_no = load_log.load_no
where
    stage_event.stage is not null
    and not list_contains($names, stage_event.stage)
group by all
order by all
