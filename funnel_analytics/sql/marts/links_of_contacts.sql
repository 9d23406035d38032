-- One row per contact that was merged into another.
-- params: none
create or replace temp table links as
select
    contact as node,
    merged_into as other
from contact
where merged_into is not null
