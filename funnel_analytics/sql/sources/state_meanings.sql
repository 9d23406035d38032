-- One row per system and word for a state that a preset explains; the latest load's word counts.
-- params: none
select
    load_log.system,
    state_meaning.state,
    arg_max(state_meaning.meaning, state_meaning.load_no) as meaning
from state_meaning
inner join load_log on state_meaning.load_no = load_log.load_no
group by
    load_log.system,
    state_meaning.state
order by
    load_log.system,
    state_meaning.state
