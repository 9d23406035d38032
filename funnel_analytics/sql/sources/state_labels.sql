-- One row per system and stage of its pipelines: what people call it, and whether it is an end.
-- params: none
select
    load_log.system,
    stage_label.state,
    stage_label.label,
    stage_label.is_won,
    stage_label.is_closed
from stage_label
inner join load_log on stage_label.load_no = load_log.load_no
order by
    load_log.system,
    stage_label.state
