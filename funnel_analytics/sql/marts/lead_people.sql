-- One row per counted lead and person that it is: one, unless leads were merged into it to which
-- the exports give another person key.
-- params: none
create table lead_people as
select distinct
    leads.lead_no,
    people.person_key,
    person_numbers.person_no
from leads
inner join lead_survivors on leads.lead = lead_survivors.survivor
inner join people
    on
        lead_survivors.lead = people.id
        and people.kind = 'lead'
inner join person_numbers on people.person_key = person_numbers.person_key
order by
    leads.lead_no,
    people.person_key
