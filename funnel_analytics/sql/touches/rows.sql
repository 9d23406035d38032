-- One row per touch of an event log, in the order in which they are kept.
-- params: none
select
    journey_no,
    touched_us,
    code,
    coalesce(conversions > 0, false) as is_converted{% if has_created %},
    created{% endif %}
from coded_log
