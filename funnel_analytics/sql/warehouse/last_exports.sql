-- One row per canonical table with a dated load: the instant that its newest export describes, and
-- whether that instant was only inferred from its last record.
-- params: none
select
    table_name,
    max(exported_at) as until_at,
    arg_max(
        exported_at_source like 'end of %' or exported_at_source like 'loaded after %',
        exported_at
    ) as is_inferred
from load_log
where exported_at is not null
group by table_name
order by table_name
