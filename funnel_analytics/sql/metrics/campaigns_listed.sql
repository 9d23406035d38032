-- One row per campaign: what was planned for it, and its agreed channel.
-- params: none
select
    campaign.campaign,
    campaign.name,
    coalesce(agreed_channels.channel, campaign.channel) as channel,
    campaign.started_on,
    campaign.ended_on,
    campaign.budget,
    campaign.planned_leads,
    campaign.objective
from campaign
left join agreed_channels on campaign.channel = agreed_channels.raw
order by campaign.campaign
