-- One row per system and word for a state: the stage and the status that it means.
-- params: none
create or replace temp table resolved as
select
    system,
    state,
    stage,
    status
from given
