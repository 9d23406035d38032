-- One row per table, field and team of the owner: rows in which the field is due, those in which it
-- is filled, and the people of the team who own rows of the table. Fields that no loaded file has
-- are left out.
-- params: none
with

judged_leads as (

    select
        'lead' as table_name,
        lead.owner,
        lead.owner is not null as owner_is,
        lead.account is not null as account_is,
        lead.email is not null as email_is,
        lead.origin is not null as origin_is,
        lead.channel is not null as channel_is,
        lead.status is not null as status_is,
        lead.score is not null as score_is,
        lead.priority is not null as priority_is
    from lead
    inner join leads on lead.lead = leads.lead

),

lead_rows as (

    select
        table_name,
        owner,
        replace(field, '_is', '') as field,
        is_filled
    from judged_leads
    unpivot (
        is_filled for field in (
            owner_is,
            account_is,
            email_is,
            origin_is,
            channel_is,
            status_is,
            score_is,
            priority_is
        )
    )

),

free_names as (

    select distinct attribute from lead_field

),

free_rows as (

    select
        'lead' as table_name,
        lead.owner,
        free_names.attribute as field,
        lead_field.value is not null as is_filled
    from lead
    inner join leads on lead.lead = leads.lead
    cross join free_names
    left join lead_field
        on
            lead.lead = lead_field.lead
            and free_names.attribute = lead_field.attribute

),

judged_contacts as (

    select
        'contact' as table_name,
        owner,
        owner is not null as owner_is,
        account is not null as account_is,
        email is not null as email_is
    from contact
    where
        not coalesce(is_deleted, false)
        and merged_into is null

),

contact_rows as (

    select
        table_name,
        owner,
        replace(field, '_is', '') as field,
        is_filled
    from judged_contacts
    unpivot (is_filled for field in (owner_is, account_is, email_is))

),

judged_deals as (

    select
        'deal' as table_name,
        owner,
        owner is not null as owner_is,
        account is not null as account_is,
        amount is not null as amount_is,
        currency is not null as currency_is,
        kind is not null as kind_is,
        product is not null as product_is,
        created_at is not null as created_at_is,
        case when is_won is not null then closed_at is not null end as closed_at_is,
        case when is_won is null then expected_on is not null end as expected_on_is,
        case when is_won is null then next_step_on is not null end as next_step_on_is,
        case when is_won is null then probability is not null end as probability_is,
        case when not is_won then lost_reason is not null end as lost_reason_is
    from deal
    where not coalesce(is_deleted, false)

),

deal_rows as (

    select
        table_name,
        owner,
        replace(field, '_is', '') as field,
        is_filled
    from judged_deals
    unpivot (
        is_filled for field in (
            owner_is,
            account_is,
            amount_is,
            currency_is,
            kind_is,
            product_is,
            created_at_is,
            closed_at_is,
            expected_on_is,
            next_step_on_is,
            probability_is,
            lost_reason_is
        )
    )

),

judged_activities as (

    select
        'activity' as table_name,
        activity.by as owner,
        activity.by is not null as by_is,
        activity.kind is not null as kind_is,
        activity.direction is not null as direction_is,
        activity.outcome is not null as outcome_is
    from activity
    where not coalesce(activity.is_automated, false)

),

activity_rows as (

    select
        table_name,
        owner,
        replace(field, '_is', '') as field,
        is_filled
    from judged_activities
    unpivot (is_filled for field in (by_is, kind_is, direction_is, outcome_is))

),

judged_accounts as (

    select
        'account' as table_name,
        segment is not null as segment_is,
        industry is not null as industry_is,
        employees is not null as employees_is,
        country is not null as country_is,
        region is not null as region_is
    from account

),

account_rows as (

    select
        table_name,
        cast(null as varchar) as owner,
        replace(field, '_is', '') as field,
        is_filled
    from judged_accounts
    unpivot (
        is_filled for field in (segment_is, industry_is, employees_is, country_is, region_is)
    )

),

judged_touches as (

    select
        'touch' as table_name,
        channel is not null as channel_is,
        side is not null as side_is
    from touch

),

touch_rows as (

    select
        table_name,
        cast(null as varchar) as owner,
        replace(field, '_is', '') as field,
        is_filled
    from judged_touches
    unpivot (is_filled for field in (channel_is, side_is))

),

every as (

    select * from lead_rows
    union all by name
    select * from free_rows
    union all by name
    select * from contact_rows
    union all by name
    select * from deal_rows
    union all by name
    select * from activity_rows
    union all by name
    select * from account_rows
    union all by name
    select * from touch_rows

),

mapped as (

    select distinct
        table_name,
        column_name as field
    from load_columns

),

exported as (

    select
        every.table_name,
        every.field
    from every
    left join mapped
        on
            every.table_name = mapped.table_name
            and every.field = mapped.field
    group by
        every.table_name,
        every.field
    having
        bool_or(every.is_filled)
        or count(mapped.field) > 0

),

people as (

    select
        every.table_name,
        person.team,
        count(distinct every.owner) as people
    from every
    inner join person on every.owner = person.person
    where
        person.team is not null
        and not coalesce(person.is_queue, false)
    group by
        every.table_name,
        person.team

)

select
    every.table_name,
    every.field,
    person.team,
    coalesce(any_value(people.people), 0) as people,
    count(*) filter (every.is_filled) as filled_rows,
    count(*) as of_rows
from every
inner join exported
    on
        every.table_name = exported.table_name
        and every.field = exported.field
left join person on every.owner = person.person
left join people
    on
        every.table_name = people.table_name
        and person.team = people.team
group by
    every.table_name,
    every.field,
    person.team
order by
    every.table_name,
    every.field,
    person.team
