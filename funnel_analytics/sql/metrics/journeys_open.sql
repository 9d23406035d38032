-- One row per lead (or, if `$of_account`, account with a lead) without a conversion and touch: of
-- those with a touch in the period, the touches of the window before their last one in it, in the
-- order of the journey. A conversion is a won deal (`$position` 0), a created one (-1), or an entry
-- into the stage at `$position` or a later one, before the period's end. `account_no` is 0 where it
-- is not known. Activities (if `$with_activities`) that a touch of sales tells of already are out.
-- params: period_start period_end position of_account lookback_days with_activities
with

lead_units as (

    select
        leads.lead_no,
        coalesce(account_numbers.account_no, 0) as account_no
    from leads
    left join account_numbers on leads.account = account_numbers.account

),

done_deals as (

    select
        deals.deal,
        account_numbers.account_no
    from deals
    left join account_numbers on deals.account = account_numbers.account
    where
        $position <= 0
        and deals.excluded is null
        and ($position = -1 or deals.is_won)
        and case when $position = -1 then deals.created_at else deals.closed_at end < $period_end

),

done_people as (

    select distinct deal_people.person_no
    from done_deals
    inner join deal_people on done_deals.deal = deal_people.deal

),

done_leads as (

    select lead_people.lead_no
    from lead_people
    inner join done_people on lead_people.person_no = done_people.person_no
    union
    select lead_no
    from stage_entries
    where
        $position > 0
        and position >= $position
        and entered_at < $period_end

),

done_accounts as (

    select lead_units.account_no
    from done_leads
    inner join lead_units on done_leads.lead_no = lead_units.lead_no
    union
    select account_no
    from done_deals
    where account_no is not null

),

open_leads as (

    select
        lead_units.lead_no as unit_no,
        lead_units.account_no
    from lead_units
    left join done_leads on lead_units.lead_no = done_leads.lead_no
    where
        not $of_account
        and done_leads.lead_no is null

),

open_accounts as (

    select distinct
        lead_units.account_no as unit_no,
        lead_units.account_no
    from lead_units
    left join done_accounts on lead_units.account_no = done_accounts.account_no
    where
        $of_account
        and lead_units.account_no > 0
        and done_accounts.account_no is null

),

parties as (

    select
        open_leads.unit_no,
        open_leads.account_no,
        lead_people.person_no
    from open_leads
    inner join lead_people on open_leads.unit_no = lead_people.lead_no
    union all
    select
        open_accounts.unit_no,
        open_accounts.account_no,
        account_people.person_no
    from open_accounts
    inner join account_people on open_accounts.account_no = account_people.account_no

),

{{ own_twins() }},

near as (

    select
        touch_points.touch_no,
        touch_points.label_no,
        touch_points.touched_at,
        touch_points.person_no,
        touch_points.account_no
    from touch_points
    left join own_twins on touch_points.touch_no = own_twins.touch_no
    where
        touch_points.touched_at >= {{ days_before('$period_start', '$lookback_days') }}
        and touch_points.touched_at < $period_end
        and ($with_activities or not touch_points.is_activity)
        and own_twins.touch_no is null

),

linked as (

    select
        parties.unit_no,
        parties.account_no,
        near.touch_no,
        near.label_no,
        near.touched_at
    from parties
    inner join near on parties.person_no = near.person_no
    union
    select
        open_accounts.unit_no,
        open_accounts.account_no,
        near.touch_no,
        near.label_no,
        near.touched_at
    from open_accounts
    inner join near on open_accounts.account_no = near.account_no

),

dated as (

    select
        *,
        max(touched_at) over (partition by unit_no) as last_at
    from linked

)

select
    dated.unit_no,
    dated.account_no,
    dated.touch_no,
    dated.label_no,
    dated.touched_at
from dated
inner join channel_labels on dated.label_no = channel_labels.label_no
where
    dated.last_at >= $period_start
    and dated.touched_at >= {{ days_before('dated.last_at', '$lookback_days') }}
order by
    dated.unit_no,
    dated.touched_at,
    channel_labels.side_rank,
    dated.touch_no
