-- One row per id of a lead or contact and span of time: the lead that counts for what names the id
-- then; `lead_no` is missing where that lead does not count. A lead's id means one lead at all
-- times. A contact that stands for several leads means the one created last by then, and the first
-- of them before; leads that do not count stand back. A missing bound is open, `starts_at` belongs
-- to the span and `ends_at` to the next. `in_lead_place`, `in_contact_place`: where the id is meant
-- so.
-- params: none
create table named_leads as
with

judged as (

    select
        contact_leads.contact,
        contact_leads.survivor,
        leads.lead_no,
        leads.created_at,
        max(leads.lead_no) over (partition by contact_leads.contact) as last_counted,
        min(contact_leads.survivor) over (partition by contact_leads.contact) as first_survivor
    from contact_leads
    left join leads on contact_leads.survivor = leads.lead

),

chosen as (

    select
        contact,
        survivor,
        lead_no,
        row_number() over (partition by contact order by created_at, survivor) as place,
        created_at,
        lead(created_at) over (partition by contact order by created_at, survivor) as ends_at
    from judged
    where
        lead_no is not null
        or (
            last_counted is null
            and survivor = first_survivor
        )

)

select
    survivors.lead as id,
    survivors.survivor as lead,
    leads.lead_no,
    cast(null as timestamp) as starts_at,
    cast(null as timestamp) as ends_at,
    true as in_lead_place,
    contact_groups.contact is null as in_contact_place
from survivors
inner join lead on survivors.lead = lead.lead
left join leads on survivors.survivor = leads.lead
left join contact_groups on survivors.lead = contact_groups.contact
union all
select
    chosen.contact as id,
    chosen.survivor as lead,
    chosen.lead_no,
    case when chosen.place > 1 then chosen.created_at end as starts_at,
    chosen.ends_at,
    lead.lead is null as in_lead_place,
    true as in_contact_place
from chosen
left join lead on chosen.contact = lead.lead
