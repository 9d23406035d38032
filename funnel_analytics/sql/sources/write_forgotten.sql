-- One row per table out of which rows of the person were taken, under one of its tokens.
-- params: token, forgotten_on
insert into forgotten by name
select
    $token as token,
    $forgotten_on as forgotten_on,
    forgotten_rows.table_name,
    count(*) as rows_removed
from forgotten_rows
group by forgotten_rows.table_name
