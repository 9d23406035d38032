-- One row: leads created before the data hold any entry into a later stage, where the agreement
-- says from when entries are observed, or where the first entry comes conspicuously late.
-- params: timezone
with

firsts as (

    select
        stage_entries.position,
        min(stage_entries.entered_at) as first_entry,
        {{ quantile(
            double(seconds_between('leads.created_at', 'stage_entries.entered_at')), '0.5'
        ) }} as median_seconds
    from stage_entries
    inner join leads on stage_entries.lead_no = leads.lead_no
    where stage_entries.position > 1
    group by stage_entries.position

),

bounds as (

    select min(created_at) as first_lead from leads

),

starts as (

    select
        agreed_stages.stage,
        case
            when agreed_stages.observed_from is not null then agreed_stages.observed_from
            when
                {{ seconds_between('bounds.first_lead', 'firsts.first_entry') }}
                > greatest(4 * firsts.median_seconds, 60 * 86400)
                then firsts.first_entry
        end as begins_at
    from agreed_stages
    cross join bounds
    left join firsts on agreed_stages.position = firsts.position

),

latest as (

    select
        max(begins_at) as begins_at,
        list(
            struct_pack(
                stage := stage,
                day := cast(timezone($timezone, timezone('UTC', begins_at)) as date)
            )
            order by stage
        ) as examples
    from starts
    where begins_at is not null

)

select
    count(*) filter (leads.created_at < latest.begins_at) as offending_rows,
    count(*) as of_rows,
    any_value(latest.examples) as examples
from leads
cross join latest
