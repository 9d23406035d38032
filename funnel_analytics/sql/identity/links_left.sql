-- One row: links between different nodes.
-- params: none
select count(*) as links
from links
where node <> other
