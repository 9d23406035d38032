-- One row per row taken out of a table because its person was forgotten.
-- params: none
delete from {{ table }}
where rowid in (
    select forgotten_rows.row_id from forgotten_rows
    where forgotten_rows.table_name = '{{ table }}'
)
