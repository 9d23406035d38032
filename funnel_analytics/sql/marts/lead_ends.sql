-- One row per counted lead that is over: its last step so far is a loss or a rejection, and no
-- entry came after it. Recycled leads and those in nurture may come back and are not over.
-- params: none
create table lead_ends as
select
    lead_passes.lead_no,
    lead_passes.ends_at as ended_at,
    lead_passes.ended_by as status
from lead_passes
left join lead_passes as later
    on
        lead_passes.lead_no = later.lead_no
        and lead_passes.pass_no + 1 = later.pass_no
where
    lead_passes.ended_by in ('lost', 'rejected')
    and later.lead_no is null
order by lead_passes.lead_no
