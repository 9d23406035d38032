-- One row per loaded lead: the lead it counts as, and its place among the parts of that lead: the
-- lead itself, then by creation, then by id.
-- params: none
create or replace temp table lead_parts as
select
    lead_survivors.survivor,
    lead_survivors.lead,
    row_number() over (
        partition by lead_survivors.survivor
        order by
            lead_survivors.lead <> lead_survivors.survivor,
            lead.created_at,
            lead_survivors.lead
    ) as place
from lead_survivors
inner join lead on lead_survivors.lead = lead.lead
