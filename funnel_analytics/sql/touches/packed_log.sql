-- One row per touch: its journey, time, conversion, channel and what it created as digits of one
-- number, so that the numbers sort as the touches do; and what it converted.
-- params: none
create temp view packed_log as
select
    (journey_no - cast({{ first_journey }} as bigint)) * cast({{ per_journey }} as bigint)
    + (touched_us - cast({{ first_us }} as bigint))
    // cast({{ unit_us }} as bigint) * cast({{ per_unit }} as bigint)
    + cast(conversions > 0 as bigint) * cast({{ per_conversion }} as bigint)
    + code * 4
    + created as packed,
    conversions,
    value
from coded_log
