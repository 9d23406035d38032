-- One row: the latest export among those whose instant stands in the file or in its name.
-- params: sources
select max(exported_at) as exported_at
from load_log
where list_contains($sources, exported_at_source)
