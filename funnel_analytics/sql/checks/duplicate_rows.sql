-- One row: rows of the exports that repeat another row to the letter and count once.
-- params: none
select
    cast(coalesce(sum(rows_duplicate), 0) as bigint) as offending_rows,
    cast(coalesce(sum(rows_read), 0) as bigint) as of_rows,
    string_agg(file || ' (' || rows_duplicate || ')', ', ' order by load_no) filter (
        rows_duplicate > 0
    ) as examples
from load_log
