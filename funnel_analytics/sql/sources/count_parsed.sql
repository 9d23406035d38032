-- One row: records that the preset's conditions keep, those of them that are good, rows loaded and
-- values quarantined.
-- params: load_no
with

records as (

    select
        count(*) as staged_rows,
        count(*) filter (is_kept) as kept_rows,
        count(*) filter (is_kept and is_good) as good_rows
    from parsed

),

loaded as (

    select count(*) as loaded_rows
    from {{ table }}
    where load_no = $load_no

),

faults as (

    select count(*) as quarantined_values
    from quarantine
    where
        load_no = $load_no
        and not is_row_lost

)

select
    records.staged_rows,
    records.kept_rows,
    records.good_rows,
    loaded.loaded_rows,
    faults.quarantined_values
from records
cross join loaded
cross join faults
