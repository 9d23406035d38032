-- One row per file and word of a column that is not among those known.
-- params: known
select
    load_log.file,
    words.{{ column }} as word,
    count(*) as word_rows,
    min(words.source_row) as first_row
from {{ table }} as words
inner join load_log
    on
        words.load_no = load_log.load_no
        and load_log.table_name = '{{ table }}'
where
    words.{{ column }} is not null
    and not list_contains($known, words.{{ column }})
group by
    load_log.file,
    words.{{ column }}
order by
    load_log.file,
    word
