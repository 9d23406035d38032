-- One row per stay of a counted lead in an agreed stage: from an entry to its next step, an entry
-- into another stage or a closing (`lead_steps`). `left_to`: 'moved_on', 'moved_back', the status
-- that closed it, or missing while the lead is still there; `next_position` is the stage it moved
-- to, `reason` that of the closing. `stay_no` counts the stays of the lead, `pass_no` its passes: a
-- new one begins with the first entry after a closing. `is_added`: nobody recorded the entry.
-- params: none
create table stage_stays as
with

-- Numbers are sorted before texts stand beside them.
entered as (

    select *
    from lead_steps
    where step > 0
    order by
        lead_no,
        stay_no

)

select
    lead_no,
    stay_no,
    pass_no,
    step as position,
    happened_at as entered_at,
    next_at as left_at,
    case
        when next_step = -4 then 'lost'
        when next_step = -3 then 'rejected'
        when next_step = -2 then 'recycled'
        when next_step = -1 then 'nurture'
        when next_step > step then 'moved_on'
        when next_step < step then 'moved_back'
    end as left_to,
    case when next_step > 0 then next_step end as next_position,
    next_reason as reason,
    is_added
from entered
