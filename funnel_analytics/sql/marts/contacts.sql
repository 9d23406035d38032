-- One row per counted lead that somebody contacted: its first contact (first activity of our people
-- towards the lead that no machine made), and whether that lies before its creation.
-- `contacted_by_at` is the first instant at which the contact had surely been made; it differs from
-- `first_contact_at` where only the day is known.
-- params: none
create table contacts as
select
    own_activities.lead_no,
    min(own_activities.happened_at) as first_contact_at,
    min(own_activities.done_by_at) as contacted_by_at,
    min(own_activities.done_by_at) < min(leads.created_at) as is_before_creation,
    count(*) as contacts
from own_activities
inner join leads on own_activities.lead_no = leads.lead_no
group by own_activities.lead_no
order by own_activities.lead_no
