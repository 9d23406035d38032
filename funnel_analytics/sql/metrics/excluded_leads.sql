-- One row: the loaded leads, created in a span, that do not count, each once: merged into another,
-- else deleted, else test.
-- params: created_from, created_before
with

merged_leads as (

    select lead
    from survivors
    where survivor <> lead

),

judged as (

    select
        merged_leads.lead is not null as is_merged,
        coalesce(lead.is_deleted, false) as is_deleted,
        coalesce(lead.is_test, false) as is_test
    from lead
    left join merged_leads on lead.lead = merged_leads.lead
    where
        lead.created_at >= coalesce($created_from, lead.created_at)
        and lead.created_at < $created_before

)

select
    count(case when is_merged then 1 end) as merged,
    count(case when is_deleted and not is_merged then 1 end) as deleted,
    count(case when is_test and not is_deleted and not is_merged then 1 end) as test
from judged
