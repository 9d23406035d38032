-- One row: how many counted leads and deals ever state a next step, and how many ids of the exports
-- are stored as pseudonyms.
-- params: none
with

steps_of_leads as (

    select count(next_step_on) as leads
    from leads

),

steps_of_deals as (

    select count(deal.next_step_on) as deals
    from deal
    inner join deals on deal.deal = deals.deal
    where deals.excluded is null

),

sealed_ids as (

    select count(*) as ids
    from sealed_id

)

select
    steps_of_leads.leads as leads_with_step,
    steps_of_deals.deals as deals_with_step,
    sealed_ids.ids as sealed_ids
from steps_of_leads
cross join steps_of_deals
cross join sealed_ids
