-- One row per touch of an event log, its columns under our names.
-- params: none
create temp view touch_log as
select
    {{ journey }} as journey,
    cast({{ touched_at }} as timestamp) as touched_at,
    cast({{ channel }} as varchar) as channel,
    coalesce(cast({{ conversions }} as double), 0) as conversions,
    coalesce(cast({{ value }} as double), 0) as value,
    coalesce(cast(cast({{ lead_created }} as boolean) as bigint), 0) * 2
    + coalesce(cast(cast({{ opportunity_created }} as boolean) as bigint), 0) as created,
    {{ touch_id }} as touch_id
from given_log
