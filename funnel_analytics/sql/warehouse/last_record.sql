-- One row: the day of the last record (missing where nothing has an instant), in the agreement's
-- zone, and how many calendar months that were over by `$as_of` lie after it.
-- params: as_of, timezone
with

{{ last_record() }}

select
    cast(
        timezone($timezone, timezone('UTC', any_value(last_record.happened_at))) as date
    ) as last_on,
    count(calendar_months.month) as empty_months
from last_record
left join calendar_months
    on
        calendar_months.starts_at > last_record.happened_at
        and calendar_months.ends_at <= $as_of
