-- One row: calendar months that were over by `$as_of` and begin after the last record.
-- params: as_of
with

{{ last_record() }},

judged as (

    select
        calendar_months.month,
        calendar_months.starts_at > last_record.happened_at as is_empty
    from calendar_months
    cross join last_record
    where calendar_months.ends_at <= $as_of

)

select
    count(*) filter (is_empty) as offending_rows,
    count(*) as of_rows,
    list(struct_pack(month := cast(month as date)) order by month) filter (is_empty)[1:5]
        as examples
from judged
