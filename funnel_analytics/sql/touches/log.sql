-- One row per touch of an event log, its columns under our names.
-- params: none
create temp view touch_log as
select
    {{ journey }} as journey,
    cast({{ touched_at }} as timestamp) as touched_at,
    cast({{ channel }} as varchar) as channel,
    cast({{ conversions }} as double) as conversions,
    cast({{ value }} as double) as value,
    coalesce(cast(cast({{ lead_created }} as boolean) as utinyint), 0) * 2
    + coalesce(cast(cast({{ opportunity_created }} as boolean) as utinyint), 0) as created,
    {{ touch_id }} as touch_id
from {{ source }}
