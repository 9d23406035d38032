-- One row per won (or created) deal and touch of its people, or account, from the first
-- instant of the window to the period's end, in the order of the journey: by time, marketing before
-- sales before others, then by number. Activities (if `$with_activities`) with `is_twin` where a
-- touch of sales tells of the same contact.
-- params: period_start period_end is_pipeline of_account lookback_days with_activities timezone
with

{{ credited_deals() }},

of_accounts as (

    select
        deals_with_leads.conversion_no,
        deals_with_leads.converted_at,
        account_numbers.account_no
    from deals_with_leads
    inner join account_numbers on deals_with_leads.known_account = account_numbers.account
    where $of_account

),

people_on_deals as (

    select
        credited_deals.conversion_no,
        credited_deals.converted_at,
        deal_people.person_no
    from credited_deals
    inner join deal_people on credited_deals.deal = deal_people.deal

),

parties as (

    select
        conversion_no,
        converted_at,
        person_no
    from people_on_deals
    union
    select
        of_accounts.conversion_no,
        of_accounts.converted_at,
        account_people.person_no
    from of_accounts
    inner join account_people on of_accounts.account_no = account_people.account_no

),

linked as (

    select
        parties.conversion_no,
        touch_points.touch_no,
        touch_points.label_no,
        touch_points.touched_at
    from parties
    inner join touch_points on parties.person_no = touch_points.person_no
    where
        touch_points.touched_at >= {{ days_before('parties.converted_at', '$lookback_days') }}
        and touch_points.touched_at < $period_end
        and ($with_activities or not touch_points.is_activity)
    union
    select
        of_accounts.conversion_no,
        touch_points.touch_no,
        touch_points.label_no,
        touch_points.touched_at
    from of_accounts
    inner join touch_points on of_accounts.account_no = touch_points.account_no
    where
        touch_points.touched_at
        >= {{ days_before('of_accounts.converted_at', '$lookback_days') }}
        and touch_points.touched_at < $period_end

),

{{ own_twins() }}

select
    linked.conversion_no,
    linked.touch_no,
    linked.label_no,
    linked.touched_at,
    own_twins.touch_no is not null as is_twin
from linked
inner join channel_labels on linked.label_no = channel_labels.label_no
left join own_twins on linked.touch_no = own_twins.touch_no
order by
    linked.conversion_no,
    linked.touched_at,
    channel_labels.side_rank,
    linked.touch_no
