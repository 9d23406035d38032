-- One row per counted deal won in the period (with `$is_created`: created in it) with the last
-- instant that its creation can mean and the lead it belongs to: its creation, its channel (its
-- campaign's where it has none), what side the agreement puts that on, its origin, and the side of
-- an origin that is itself an agreed channel. `touches_from`: the first touch of anybody.
-- params: period_start period_end is_created timezone
with

{{ deal_owners() }}

recorded as (

    select min(touched_at) as touches_from
    from touches

),

asked as (

    select
        deal,
        created_at,
        case
            when coalesce(created_at_is_day, false)
                then {{ end_of_day('created_at') }}
            else created_at
        end as created_by_at
    from deals
    where
        excluded is null
        and case when $is_created then created_at else closed_at end >= $period_start
        and case when $is_created then created_at else closed_at end < $period_end
        and ($is_created or is_won)

),

sources as (

    select
        leads.lead_no,
        leads.lead,
        leads.created_at,
        leads.origin,
        coalesce(leads.channel, campaign.channel) as raw_channel
    from leads
    left join campaign on leads.campaign = campaign.campaign

)

select
    asked.deal,
    asked.created_at,
    asked.created_by_at,
    sources.lead,
    sources.created_at as lead_created_at,
    coalesce(of_channel.channel, sources.raw_channel) as lead_channel,
    of_channel.side as channel_side,
    sources.origin,
    of_origin.side as origin_side,
    recorded.touches_from
from asked
cross join recorded
left join deal_owners on asked.deal = deal_owners.deal
left join sources on deal_owners.lead_no = sources.lead_no
left join agreed_channels as of_channel on sources.raw_channel = of_channel.raw
left join agreed_channels as of_origin on sources.origin = of_origin.raw
order by asked.deal
