-- One row per open lead at or beyond a stage, or open deal of such a lead, that has no next step
-- planned for today or later: the day of its latest past one (`next_step_on`), or since when it has
-- been in its stage. A lead with an open deal is listed by the deal; a step that is planned for the
-- deal, or for any open lead on it, is one of both. Leads without a deal only `with_leads`.
-- params: today, position, with_leads, as_of, cohort_start, cohort_end, by, minimum_group_size,
-- folded
with

{{ open_leads() }}

{{ open_deals() }}

plans as (

    select
        leads_on_deals.deal,
        max(greatest(leads_on_deals.next_step_on, open_deals.next_step_on)) as next_step_on
    from leads_on_deals
    inner join open_deals on leads_on_deals.deal = open_deals.deal
    group by leads_on_deals.deal

),

planned as (

    select
        leads_on_deals.lead_no,
        leads_on_deals.deal,
        leads_on_deals.position,
        leads_on_deals.entered_at,
        plans.next_step_on
    from leads_on_deals
    inner join plans on leads_on_deals.deal = plans.deal
    where leads_on_deals.place = 1
    union all
    select
        open_leads.lead_no,
        cast(null as varchar) as deal,
        open_leads.position,
        open_leads.entered_at,
        open_leads.next_step_on
    from open_leads
    left join leads_on_deals on open_leads.lead_no = leads_on_deals.lead_no
    where
        $with_leads
        and leads_on_deals.lead_no is null

),

listed as (

    select
        lead_no,
        deal,
        position,
        cast(null as varchar) as team,
        entered_at as since_at,
        entered_at as due_at,
        greatest(0, {{ seconds_between("entered_at", "$as_of") }}) as over_seconds,
        case when next_step_on is null then 'none_planned' else 'in_the_past' end as reason,
        next_step_on
    from planned
    where
        position >= $position
        and coalesce(next_step_on < $today, true)

),

{{ listed_cases() }}

select
    cases.*,
    listed.next_step_on
from cases
inner join listed
    on
        cases.lead_no = listed.lead_no
        and cases.deal is not distinct from listed.deal
order by
    cases.lead,
    cases.deal
