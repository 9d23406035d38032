-- One row per file: values of a column at or after the instant that the exports describe.
-- params: limit
select
    load_log.file,
    count(*) as late_rows,
    min(late.source_row) as first_row,
    max(late.{{ column }}) as latest
from {{ table }} as late
inner join load_log on late.load_no = load_log.load_no
where late.{{ column }} >= $limit
group by load_log.file
order by load_log.file
