-- One row per file name: its letters as x, its digits as 9.
-- params: names
select masked(name, ['csv', 'gz', 'json', 'jsonl', 'parquet', 'tsv', 'xlsx', 'zip'], false) as shown
from (select unnest($names) as name) as given
order by shown
