-- One row per closing of a counted lead: lost, rejected, recycled or nurture. `position` is the
-- stage the lead was in last and `stay_no` its stay there (missing and 0 where no entry came
-- before); the first entry after the closing, if there is one, is at `returned_at` into the stage
-- `returned_position`. `is_repeat`: the lead had been closed already and had not come back;
-- `is_last`: no other closing followed before it did.
-- params: none
create table lead_closings as
select
    closings.lead_no,
    closings.step_no - closings.stay_no as closing_no,
    closings.stay_no,
    closings.pass_no,
    ended.position,
    case
        when closings.step = -4 then 'lost'
        when closings.step = -3 then 'rejected'
        when closings.step = -2 then 'recycled'
        when closings.step = -1 then 'nurture'
    end as status,
    closings.reason,
    closings.happened_at as closed_at,
    returned.entered_at as returned_at,
    returned.position as returned_position,
    closings.is_after_closing as is_repeat,
    coalesce(closings.next_step > 0, true) as is_last
from lead_steps as closings
left join stage_stays as ended
    on
        closings.lead_no = ended.lead_no
        and closings.stay_no = ended.stay_no
left join stage_stays as returned
    on
        closings.lead_no = returned.lead_no
        and closings.stay_no + 1 = returned.stay_no
where closings.step < 0
order by
    closings.lead_no,
    closing_no
