-- One row per way in which touches are described: agreed channel and side, and what was exported.
-- params: none
select
    label_no,
    is_activity,
    channel,
    side,
    source,
    medium,
    campaign,
    content,
    kind
from channel_labels
order by label_no
