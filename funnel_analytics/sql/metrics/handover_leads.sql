-- One row per segment, kind, origin and way from team to team: the leads handed over so in the
-- period. `leads` counts each lead once per kind, with its first hand-over of the kind; `way_leads`
-- once per kind and way; `rejected_leads` those that were rejected, once per kind, with the first
-- rejected hand-over of the kind.
-- params: period_start, period_end, by, minimum_group_size, folded, as_of, within_seconds
with

{{ handed_over() }}

kinds as (

    select
        lead_no,
        kind,
        min(handover_no) as first_no
    from made
    group by
        lead_no,
        kind

),

rejections as (

    select
        lead_no,
        kind,
        min(handover_no) as first_no
    from made
    where
        answer = 'rejected'
        and not is_answered_early
    group by
        lead_no,
        kind

),

first_rejected as (

    select
        made.lead_no,
        made.kind,
        made.from_team,
        made.to_team
    from made
    inner join rejections
        on
            made.lead_no = rejections.lead_no
            and made.kind = rejections.kind
            and made.handover_no = rejections.first_no

),

ways as (

    select
        segment,
        is_folded,
        lead_no,
        kind,
        from_team,
        to_team,
        min(handover_no) as first_no
    from made
    group by
        segment,
        is_folded,
        lead_no,
        kind,
        from_team,
        to_team

)

select
    ways.segment,
    ways.is_folded,
    ways.kind,
    leads.origin,
    ways.from_team,
    ways.to_team,
    count(kinds.lead_no) as leads,
    count(*) as way_leads,
    count(first_rejected.lead_no) as rejected_leads
from ways
inner join leads on ways.lead_no = leads.lead_no
left join kinds
    on
        ways.lead_no = kinds.lead_no
        and ways.kind = kinds.kind
        and ways.first_no = kinds.first_no
left join first_rejected
    on
        ways.lead_no = first_rejected.lead_no
        and ways.kind = first_rejected.kind
        and ways.from_team is not distinct from first_rejected.from_team
        and ways.to_team is not distinct from first_rejected.to_team
group by
    ways.segment,
    ways.is_folded,
    ways.kind,
    leads.origin,
    ways.from_team,
    ways.to_team
order by
    ways.segment,
    ways.is_folded,
    ways.kind,
    leads.origin,
    ways.from_team,
    ways.to_team
