-- One row per segment and stage (but the last): the leads that are in it now, how many of them for
-- longer than agreed, their median age, and what their open deals are worth.
-- params: cohort_start, cohort_end, by, minimum_group_size, folded, as_of
with

{{ cohort_segments() }}

present as (

    select
        stage_stays.lead_no,
        stage_stays.position,
        greatest(0, {{ seconds_between("stage_stays.entered_at", "$as_of") }}) as seconds,
        agreed_stages.expected_days
    from stage_stays
    inner join agreed_stages on stage_stays.position = agreed_stages.position
    where
        stage_stays.left_at is null
        and stage_stays.position < {{ stages[-1] }}

),

-- An open deal is shared equally by the leads on it that are in a stage.
shares as (

    select
        deal_leads.lead_no,
        deals.amount / count(*) over (partition by deal_leads.deal) as amount
    from deal_leads
    inner join present on deal_leads.lead_no = present.lead_no
    inner join deals on deal_leads.deal = deals.deal
    where
        deals.closed_at is null
        and not coalesce(deals.is_won, false)
        and deals.excluded is null

),

worth as (

    select
        lead_no,
        sum(amount) as amount
    from shares
    group by lead_no

)

select
    segments.segment,
    segments.is_folded,
    present.position,
    min(segments.segment_leads) as segment_leads,
    min(segments.merged_groups) as merged_groups,
    count(*) as open_leads,
    count(case when present.seconds > present.expected_days * 86400 then 1 end) as stuck_leads,
    {{ quantile("present.seconds", 0.5) }} / 86400 as median_age_days,
    coalesce(sum(worth.amount), 0) as open_amount,
    coalesce(
        sum(case when present.seconds > present.expected_days * 86400 then worth.amount end), 0
    ) as stuck_amount
from present
left join worth on present.lead_no = worth.lead_no
left join lead_attributes
    on
        present.lead_no = lead_attributes.lead_no
        and lead_attributes.attribute = $by
inner join segments on lead_attributes.value is not distinct from segments.value
group by
    segments.segment,
    segments.is_folded,
    present.position
order by
    segments.segment,
    segments.is_folded,
    present.position
