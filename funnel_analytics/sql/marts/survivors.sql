-- One row per loaded lead, and per contact that stands for one: the lead it counts as, after
-- merges. A contact that stands for several leads is here the one created last (`named_leads` tells
-- them apart in time), those that do not count coming last. An id that both a lead and a contact
-- have is the lead's.
-- params: none
create table survivors as
with

judged as (

    select
        contact_leads.contact,
        contact_leads.survivor,
        coalesce(lead.is_deleted, false) or coalesce(lead.is_test, false) as is_out,
        lead.created_at
    from contact_leads
    inner join lead on contact_leads.survivor = lead.lead
    left join lead_survivors on contact_leads.contact = lead_survivors.lead
    where lead_survivors.lead is null

)

select
    lead,
    survivor
from lead_survivors
union all
select
    contact as lead,
    survivor
from judged
qualify
    row_number() over (
        partition by contact
        order by is_out asc, created_at desc, survivor asc
    ) = 1
