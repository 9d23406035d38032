-- One row per channel (or campaign, or what campaigns are for: `$by`), whole days of age and
-- whether it lies in the period: the touches of a span, those with a cost of their own, and these
-- costs. Activities of our people are touches `$with_activities`, unless a touch tells of them.
-- params: by, as_of, touched_from, period_start, period_end, with_activities
with

asked as (

    select $by as key_column

),

{{ own_twins() }},

acted as (

    select distinct
        touch_points.touch_no,
        touch_points.touched_at,
        channel_labels.channel
    from touch_points
    inner join channel_labels on touch_points.label_no = channel_labels.label_no
    left join own_twins on touch_points.touch_no = own_twins.touch_no
    where
        touch_points.is_activity
        and own_twins.touch_no is null
        and $with_activities

),

every as (

    select
        channel,
        campaign,
        touched_at,
        cost
    from touches
    union all
    select
        channel,
        null as campaign,
        touched_at,
        null as cost
    from acted

),

aged as (

    select
        case
            when asked.key_column = 'channel' then every.channel
            when asked.key_column = 'campaign' then every.campaign
            when asked.key_column = 'objective' then campaign.objective
        end as label,
        every.touched_at >= $period_start and every.touched_at < $period_end as is_in_period,
        floor(
            {{ double("greatest(0, " ~ seconds_between("every.touched_at", "$as_of") ~ ")") }}
            / 86400
        ) as age_days,
        every.cost
    from every
    cross join asked
    left join campaign on every.campaign = campaign.campaign
    where
        every.touched_at >= $touched_from
        and every.touched_at < $as_of

)

select
    label,
    is_in_period,
    age_days,
    count(*) as touches,
    count(cost) as costed_touches,
    sum(cost order by cost) as cost
from aged
group by
    label,
    is_in_period,
    age_days
order by
    label,
    is_in_period,
    age_days
