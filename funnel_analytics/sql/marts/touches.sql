-- One row per touch with its agreed channel; a raw channel that the agreement does not gather
-- keeps its own name.
-- params: none
create temp view touches as
select
    cast(row_number() over (order by touch.touched_at, touch.touch, touch.source_row) as integer)
        as touch_no,
    touch.touch,
    touch.person_key,
    touch.account,
    touch.touched_at,
    touch.channel as raw_channel,
    coalesce(agreed_channels.channel, touch.channel) as channel,
    coalesce(agreed_channels.side, touch.side) as side,
    touch.campaign,
    touch.cost
from touch
left join agreed_channels on touch.channel = agreed_channels.raw
