-- One row per loaded row of spend with its agreed channel; the amount is in the agreement's
-- currency.
-- params: none
create temp view spend_days as
select
    spend_amounts.spent_on,
    coalesce(agreed_channels.channel, spend_amounts.channel) as channel,
    spend_amounts.campaign,
    spend_amounts.amount,
    spend_amounts.currency,
    spend_amounts.impressions,
    spend_amounts.clicks
from spend_amounts
left join agreed_channels on spend_amounts.channel = agreed_channels.raw
