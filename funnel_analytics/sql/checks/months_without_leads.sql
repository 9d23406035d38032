-- One row: calendar months between the first and the last lead in which none was created.
-- params: none
with

span as (

    select
        date_trunc('month', min(created_on)) as first_month,
        date_trunc('month', max(created_on)) as last_month
    from leads

),

counted as (

    select
        calendar_months.month,
        count(leads.lead_no) as created_leads
    from calendar_months
    inner join span
        on
            calendar_months.month >= span.first_month
            and calendar_months.month <= span.last_month
    left join leads
        on
            leads.created_at >= calendar_months.starts_at
            and leads.created_at < calendar_months.ends_at
    group by calendar_months.month

)

select
    count(*) filter (created_leads = 0) as offending_rows,
    count(*) as of_rows,
    list(struct_pack(month := cast(month as date)) order by month) filter (
        created_leads = 0
    )[1:5] as examples
from counted
