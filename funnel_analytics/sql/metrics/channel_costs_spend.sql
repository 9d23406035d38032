-- One row per channel (or campaign, or what campaigns are for: `$by`) and calendar month with spend
-- on days of a period: its rows, those of them without an amount in the agreement's currency, and
-- the sum of the others. Spend that names only its campaign is of the campaign's channel.
-- params: by, spent_from, spent_before
with

asked as (

    select $by as key_column

),

numbered_months as (

    select
        month,
        row_number() over (order by month) as month_no
    from calendar_months

),

months as (

    select
        numbered_months.month,
        following.month as next_month
    from numbered_months
    inner join numbered_months as following
        on numbered_months.month_no + 1 = following.month_no

),

campaigns as (

    select
        campaign.campaign,
        campaign.objective,
        coalesce(agreed_channels.channel, campaign.channel) as channel
    from campaign
    left join agreed_channels on campaign.channel = agreed_channels.raw

),

spent as (

    select
        case
            when asked.key_column = 'channel' then coalesce(spend_days.channel, campaigns.channel)
            when asked.key_column = 'campaign' then spend_days.campaign
            when asked.key_column = 'objective' then campaigns.objective
        end as label,
        spend_days.spent_on,
        spend_days.amount
    from spend_days
    cross join asked
    left join campaigns on spend_days.campaign = campaigns.campaign
    where
        spend_days.spent_on >= $spent_from
        and spend_days.spent_on < $spent_before

)

select
    spent.label,
    months.month,
    count(*) as spend_rows,
    count(*) - count(spent.amount) as rows_without_value,
    sum(spent.amount order by spent.amount) as spend
from spent
left join months
    on
        months.month <= spent.spent_on
        and months.next_month > spent.spent_on
group by
    spent.label,
    months.month
order by
    spent.label,
    months.month
