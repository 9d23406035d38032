-- One row: leads that nobody owns. Where no loaded file tells of owners, none is judged.
-- params: none
with

mapped as (

    select count(*) as columns
    from load_columns
    where
        table_name = 'lead'
        and column_name = 'owner'

),

owned as (

    select count(owner) as leads
    from leads

),

judged as (

    select
        leads.lead,
        leads.owner is null as is_offending
    from leads
    cross join mapped
    cross join owned
    where
        mapped.columns > 0
        or owned.leads > 0

)

select
    count(*) filter (is_offending) as offending_rows,
    count(*) as of_rows,
    min(lead, 5) filter (is_offending) as examples
from judged
