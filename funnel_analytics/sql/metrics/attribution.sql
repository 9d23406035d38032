-- One row per channel (or campaign, or side: `$by`), side and length of journey: touches and the
-- credit that each model gives them, in conversions and in their value. Conversions without a
-- touch in the window are a row of length 0. A conversion is a won deal (`$position` 0) or the
-- first entry of a lead into the stage at `$position`, worth 1. The last two columns count, on
-- every row alike, the touches that no journey holds: after the conversion, and of no person.
-- params: period_start period_end position lookback_days half_life_days first_share last_share by
with

asked as (

    select
        $position as position,
        $by as key_column

),

won as (

    select
        won_deals.deal_no as conversion_no,
        won_deals.deal,
        won_deals.closed_at as converted_at,
        won_deals.closed_by_at as converted_by_at,
        won_deals.amount as value
    from won_deals
    cross join asked
    where
        asked.position = 0
        and won_deals.closed_at >= $period_start
        and won_deals.closed_at < $period_end

),

entries as (

    select
        lead_no,
        entered_at,
        latest_at,
        row_number() over (partition by lead_no order by entered_at) as entry_no
    from stage_entries
    where position = $position

),

entered as (

    select
        lead_no as conversion_no,
        entered_at as converted_at,
        latest_at as converted_by_at,
        1 as value
    from entries
    where
        entry_no = 1
        and entered_at >= $period_start
        and entered_at < $period_end

),

conversions as (

    select
        conversion_no,
        converted_at,
        converted_by_at,
        {{ double('value') }} as value
    from won
    union all
    select
        conversion_no,
        converted_at,
        converted_by_at,
        {{ double('value') }} as value
    from entered

),

persons as (

    select
        won.conversion_no,
        deal_people.person_key
    from won
    inner join deal_people on won.deal = deal_people.deal
    union
    select
        entered.conversion_no,
        lead_people.person_key
    from entered
    inner join lead_people on entered.conversion_no = lead_people.lead_no

),

linked as (

    select
        conversions.conversion_no,
        conversions.value,
        conversions.converted_by_at,
        touches.touched_at,
        touches.touch,
        touches.person_key,
        touches.channel,
        touches.campaign,
        touches.side
    from conversions
    inner join persons on conversions.conversion_no = persons.conversion_no
    inner join touches
        on
            persons.person_key = touches.person_key
            and touches.touched_at
            >= {{ days_before('conversions.converted_at', '$lookback_days') }}
    where touches.touched_at < $period_end

),

placed as (

    select
        conversion_no,
        value,
        touched_at,
        channel,
        campaign,
        side,
        row_number() over (
            partition by conversion_no
            order by
                touched_at asc,
                touch asc nulls last,
                channel asc nulls last,
                campaign asc nulls last,
                side asc nulls last,
                person_key asc
        ) as place,
        count(*) over (partition by conversion_no) as places,
        max(touched_at) over (partition by conversion_no) as last_touched_at
    from linked
    where touched_at <= converted_by_at

),

-- Ages count from the last touch: that leaves the shares as they are and keeps them above zero.
aged as (

    select
        conversion_no,
        coalesce(value, 0) as value,
        channel,
        campaign,
        side,
        place,
        places,
        case when place = 1 and value is null then 1 else 0 end as is_first_without_value,
        power(
            0.5,
            least(
                1000,
                {{ double(seconds_between('touched_at', 'last_touched_at')) }}
                / 86400 / $half_life_days
            )
        ) as freshness
    from placed

),

weighed as (

    select
        value,
        channel,
        campaign,
        side,
        places,
        is_first_without_value,
        case when place = 1 then 1 else 0 end as first_weight,
        case when place = places then 1 else 0 end as last_weight,
        1 / {{ double('places') }} as linear_weight,
        case
            when places = 1 then 1
            when places = 2 and $first_share + $last_share = 0 then 0.5
            when places = 2 and place = 1 then $first_share / ($first_share + $last_share)
            when places = 2 and place = 2 then $last_share / ($first_share + $last_share)
            when places > 2 and place = 1 then $first_share
            when places > 2 and place = places then $last_share
            when places > 2 then (1 - $first_share - $last_share) / (places - 2)
        end as position_based_weight,
        freshness / sum(freshness) over (partition by conversion_no) as time_decay_weight
    from aged

),

credited as (

    select
        case
            when asked.key_column = 'channel' then weighed.channel
            when asked.key_column = 'campaign' then weighed.campaign
            when asked.key_column = 'side' then weighed.side
        end as label,
        weighed.side,
        weighed.places,
        count(*) as touches,
        sum(weighed.is_first_without_value) as conversions_without_value,
        sum(weighed.first_weight) as first_conversions,
        sum(weighed.last_weight) as last_conversions,
        sum(weighed.linear_weight) as linear_conversions,
        sum(weighed.position_based_weight) as position_based_conversions,
        sum(weighed.time_decay_weight) as time_decay_conversions,
        sum(weighed.first_weight * weighed.value order by weighed.value) as first_value,
        sum(weighed.last_weight * weighed.value order by weighed.value) as last_value,
        sum(weighed.linear_weight * weighed.value) as linear_value,
        sum(weighed.position_based_weight * weighed.value) as position_based_value,
        sum(weighed.time_decay_weight * weighed.value) as time_decay_value
    from weighed
    cross join asked
    group by
        label,
        weighed.side,
        weighed.places

),

untouched as (

    select
        count(*) as conversions,
        sum(case when conversions.value is null then 1 else 0 end) as conversions_without_value,
        sum(coalesce(conversions.value, 0) order by conversions.value) as value
    from conversions
    left join placed
        on
            conversions.conversion_no = placed.conversion_no
            and placed.place = 1
    where placed.place is null

),

rows_of_credit as (

    select
        label,
        side,
        places,
        touches,
        conversions_without_value,
        first_conversions,
        last_conversions,
        linear_conversions,
        position_based_conversions,
        time_decay_conversions,
        first_value,
        last_value,
        linear_value,
        position_based_value,
        time_decay_value
    from credited
    union all
    select
        null as label,
        null as side,
        0 as places,
        0 as touches,
        conversions_without_value,
        conversions as first_conversions,
        conversions as last_conversions,
        conversions as linear_conversions,
        conversions as position_based_conversions,
        conversions as time_decay_conversions,
        value as first_value,
        value as last_value,
        value as linear_value,
        value as position_based_value,
        value as time_decay_value
    from untouched
    where conversions > 0

),

later as (

    select count(*) as touches_after_conversion
    from linked
    where touched_at > converted_by_at

),

nameless as (

    select count(*) as touches_without_person
    from touches
    where
        person_key is null
        and touched_at >= {{ days_before('$period_start', '$lookback_days') }}
        and touched_at < $period_end

)

select
    rows_of_credit.*,
    later.touches_after_conversion,
    nameless.touches_without_person
from rows_of_credit
cross join later
cross join nameless
order by
    rows_of_credit.label,
    rows_of_credit.side,
    rows_of_credit.places
