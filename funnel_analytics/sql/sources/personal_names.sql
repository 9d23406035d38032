-- One row per file name that holds an e-mail address or a telephone number: the name, masked.
-- params: names
select masked(name, ['csv', 'gz', 'json', 'jsonl', 'parquet', 'tsv', 'xlsx', 'zip'], false) as shown
from (select unnest($names) as name) as given
where is_personal(plain_text(name))
order by shown
