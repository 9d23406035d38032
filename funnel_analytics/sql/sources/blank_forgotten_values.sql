-- One row per quarantined value in a line of the person's: the fault stays counted, the value goes.
-- params: none
update quarantine
set value = null
from (
    select distinct
        alike.load_no,
        forgotten_rows.source_row as line
    from forgotten_rows
    inner join load_log as origin on forgotten_rows.load_no = origin.load_no
    inner join load_log as alike
        on
            origin.load_no = alike.load_no
            or (origin.sha256 = alike.sha256 and origin.file = alike.file)
) as places
where
    quarantine.load_no = places.load_no
    and quarantine.line = places.line
    and quarantine.value is not null
