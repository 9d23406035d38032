-- One row: deals that no loaded lead leads to, by its own word or as a contact of the deal; deleted
-- deals are out.
-- params: none
with

with_lead as (

    select distinct deal from deal_leads

),

judged as (

    select
        deal.deal,
        with_lead.deal is null as is_offending
    from deal
    left join with_lead on deal.deal = with_lead.deal
    where not coalesce(deal.is_deleted, false)

)

select
    count(*) filter (is_offending) as offending_rows,
    count(*) as of_rows,
    min(deal, 5) filter (is_offending) as examples
from judged
