-- One row per pass of a counted lead: from its creation, or its first entry after a closing, to the
-- last closing before the next such entry. `ends_at` and `ended_by` (lost, rejected, recycled or
-- nurture) are missing for a pass that nothing closed so far, as that of a won lead.
-- params: none
create table lead_passes as
with

starts as (

    select
        lead_no,
        pass_no,
        happened_at as starts_at
    from lead_steps
    where
        is_after_closing
        and step > 0
    union all
    select
        lead_no,
        1 as pass_no,
        created_at as starts_at
    from leads

)

select
    starts.lead_no,
    starts.pass_no,
    starts.starts_at,
    case
        when lead_closings.closed_at is not null
            then greatest(lead_closings.closed_at, starts.starts_at)
    end as ends_at,
    lead_closings.status as ended_by
from starts
left join lead_closings
    on
        starts.lead_no = lead_closings.lead_no
        and starts.pass_no = lead_closings.pass_no
        and lead_closings.is_last
order by
    starts.lead_no,
    starts.pass_no
