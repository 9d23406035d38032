-- One row per loaded row of spend with its agreed channel.
-- params: none
create temp view spend_days as
select
    spend.spent_on,
    coalesce(agreed_channels.channel, spend.channel) as channel,
    spend.campaign,
    spend.amount,
    spend.currency,
    spend.impressions,
    spend.clicks
from spend
left join agreed_channels on spend.channel = agreed_channels.raw
