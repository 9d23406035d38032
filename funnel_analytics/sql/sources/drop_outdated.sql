-- One row per row that a newer export restates: it goes.
-- params: none
delete from {{ table }}
where rowid in (select outdated.row_id from outdated)
