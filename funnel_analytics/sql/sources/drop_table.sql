-- One row per nothing: a table that is computed anew is dropped first.
-- params: none
drop table {{ table }}
