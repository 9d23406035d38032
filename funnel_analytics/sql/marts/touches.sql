-- One row per touch with its agreed channel; a raw channel that the agreement does not gather
-- keeps its own name. A touch that names only its campaign has the campaign's channel.
-- params: none
create temp view touches as
select
    cast(
        row_number() over (
            order by touch_people.touched_at, touch_people.touch, touch_people.source_row
        ) as integer
    ) as touch_no,
    touch_people.touch,
    touch_people.person_key,
    touch_people.account,
    touch_people.touched_at,
    touch_people.kind,
    coalesce(touch_people.channel, campaign.channel) as raw_channel,
    coalesce(agreed_channels.channel, touch_people.channel, campaign.channel) as channel,
    coalesce(agreed_channels.side, touch_people.side) as side,
    touch_people.campaign,
    touch_people.cost
from touch_people
left join campaign on touch_people.campaign = campaign.campaign
left join agreed_channels
    on coalesce(touch_people.channel, campaign.channel) = agreed_channels.raw
