-- One row per channel (or campaign, or what campaigns are for: `$by`) that leads of a cohort were
-- created through, calendar month of creation and whole days of age: the leads, and how many had
-- reached each stage or a later one. `is_folded` marks values with too few leads to be shown. A
-- lead that names only its campaign is of the campaign's channel.
-- params: by, as_of, cohort_start, cohort_end, minimum_group_size, folded
with

asked as (

    select $by as key_column

),

campaigns as (

    select
        campaign.campaign,
        campaign.objective,
        coalesce(agreed_channels.channel, campaign.channel) as channel
    from campaign
    left join agreed_channels on campaign.channel = agreed_channels.raw

),

created as (

    select
        lead_progress.*,
        case
            when asked.key_column = 'channel'
                then coalesce(agreed_channels.channel, leads.channel, campaigns.channel)
            when asked.key_column = 'campaign' then leads.campaign
            when asked.key_column = 'objective' then campaigns.objective
        end as value,
        floor(
            {{ double(
                "greatest(0, " ~ seconds_between("lead_progress.created_at", "$as_of") ~ ")"
            ) }} / 86400
        ) as age_days
    from lead_progress
    cross join asked
    inner join leads on lead_progress.lead_no = leads.lead_no
    left join agreed_channels on leads.channel = agreed_channels.raw
    left join campaigns on leads.campaign = campaigns.campaign
    where
        lead_progress.created_at >= $cohort_start
        and lead_progress.created_at < $cohort_end

),

sizes as (

    select
        value,
        count(*) as leads
    from created
    group by value

),

{{ folded_segments() }}

counted as (

    select
        created.value as label,
        segments.is_folded,
        segments.segment_leads,
        segments.merged_groups,
        calendar_months.month,
        created.age_days,
        count(*) as leads,
        min(created.created_at) as first_created_at
        {%- for k in stages %},
        count(created.reached_{{ k }}) as reached_{{ k }}
        {%- endfor %}
    from created
    inner join segments on created.value is not distinct from segments.value
    left join calendar_months
        on
            created.created_at >= calendar_months.starts_at
            and created.created_at < calendar_months.ends_at
    group by
        created.value,
        segments.is_folded,
        segments.segment_leads,
        segments.merged_groups,
        calendar_months.month,
        created.age_days

)

select *
from counted
order by
    label,
    month,
    age_days
