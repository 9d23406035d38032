-- One row per way in which touches are described, with its agreed channel and side; a raw channel
-- that the agreement does not gather keeps its own name, a touch that names only its campaign has
-- the campaign's. An activity has the channel that the agreement names for its kind. `side_rank`
-- orders touches of one instant: marketing, sales, others.
-- params: none
create temp view channel_labels as
with

named as (

    select
        touch_labels.label_no,
        touch_labels.is_activity,
        case
            when touch_labels.is_activity
                then coalesce(
                    agreed_activities.channel, 'sales_' || coalesce(touch_labels.kind, 'activity')
                )
            else coalesce(touch_labels.channel, campaign.channel)
        end as raw_channel,
        case when touch_labels.is_activity then 'sales' else touch_labels.side end as side,
        touch_labels.source,
        touch_labels.medium,
        touch_labels.campaign,
        touch_labels.content,
        touch_labels.kind
    from touch_labels
    left join campaign on touch_labels.campaign = campaign.campaign
    left join agreed_activities on touch_labels.kind = agreed_activities.kind

),

agreed as (

    select
        named.label_no,
        named.is_activity,
        coalesce(agreed_channels.channel, named.raw_channel) as channel,
        coalesce(agreed_channels.side, named.side) as side,
        named.source,
        named.medium,
        named.campaign,
        named.content,
        named.kind
    from named
    left join agreed_channels on named.raw_channel = agreed_channels.raw

)

select
    *,
    cast(case side when 'marketing' then 1 when 'sales' then 2 else 3 end as tinyint) as side_rank
from agreed
