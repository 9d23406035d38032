-- One row per month, metric and dimension ('' for all) with anything counted, and one row of leads
-- for every month that begins in the span, before `as_of` and not before the first lead. A won deal
-- belongs to the dimensions of the first of its leads. `rows_without_value` are won deals without
-- an amount, and spend in another currency without a rate of its day.
-- params: month_from, month_until, as_of
with

numbered_months as (

    select
        month,
        starts_at,
        ends_at,
        row_number() over (order by month) as month_no
    from calendar_months

),

months as (

    select
        numbered_months.month,
        following.month as next_month,
        numbered_months.starts_at,
        numbered_months.ends_at
    from numbered_months
    inner join numbered_months as following
        on numbered_months.month_no + 1 = following.month_no
    where
        numbered_months.month >= $month_from
        and numbered_months.month < $month_until
        and numbered_months.starts_at < $as_of

),

asked as (

    select distinct targets.dimension
    from targets
    inner join months on targets.month = months.month
    where targets.dimension <> ''

),

lead_values as (

    select distinct
        attribute,
        value
    from lead_attributes
    where value is not null

),

lead_dimensions as (

    select
        lead_attributes.lead_no,
        asked.dimension
    from asked
    inner join lead_values
        on asked.dimension = concat(lead_values.attribute, ':', lead_values.value)
    inner join lead_attributes
        on
            lead_values.attribute = lead_attributes.attribute
            and lead_values.value = lead_attributes.value

),

created as (

    select
        months.month,
        leads.lead_no
    from months
    inner join leads
        on
            months.starts_at <= leads.created_at
            and months.ends_at > leads.created_at

),

-- As stage_throughput counts: the first recorded entry, else the first into a later stage.
reached as (

    {% for k in stages %}
    select
        lead_no,
        {{ k }} as position,
        coalesce(entered_{{ k }}, reached_{{ k }}) as reached_at
    from lead_progress
    where furthest >= {{ k }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}

),

entered as (

    select
        months.month,
        agreed_stages.stage,
        reached.lead_no
    from months
    inner join reached
        on
            months.starts_at <= reached.reached_at
            and months.ends_at > reached.reached_at
    inner join agreed_stages on reached.position = agreed_stages.position

),

ranked_leads as (

    select
        deal,
        lead_no,
        row_number() over (partition by deal order by created_at, lead) as place
    from deal_leads
    where lead_no is not null

),

won as (

    select
        months.month,
        won_deals.deal,
        won_deals.amount
    from months
    inner join won_deals
        on
            months.starts_at <= won_deals.closed_at
            and months.ends_at > won_deals.closed_at

),

won_dimensions as (

    select
        won.month,
        '' as dimension,
        won.amount
    from won
    union all
    select
        won.month,
        lead_dimensions.dimension,
        won.amount
    from won
    inner join ranked_leads
        on
            won.deal = ranked_leads.deal
            and ranked_leads.place = 1
    inner join lead_dimensions on ranked_leads.lead_no = lead_dimensions.lead_no

),

won_sums as (

    select
        month,
        dimension,
        count(*) as deals,
        sum(amount order by amount) as revenue,
        count(*) - count(amount) as deals_without_amount
    from won_dimensions
    group by
        month,
        dimension

),

spent as (

    select
        months.month,
        spend_days.channel,
        spend_days.amount
    from months
    inner join spend_days
        on
            months.month <= spend_days.spent_on
            and months.next_month > spend_days.spent_on

),

spent_dimensions as (

    select
        month,
        '' as dimension,
        amount
    from spent
    union all
    select
        spent.month,
        asked.dimension,
        spent.amount
    from spent
    inner join asked on concat('channel:', spent.channel) = asked.dimension

)

select
    months.month,
    'leads' as metric,
    '' as dimension,
    {{ double('count(created.lead_no)') }} as actual,
    0 as rows_without_value
from months
left join created on months.month = created.month
group by months.month
union all
select
    created.month,
    'leads' as metric,
    lead_dimensions.dimension,
    {{ double('count(*)') }} as actual,
    0 as rows_without_value
from created
inner join lead_dimensions on created.lead_no = lead_dimensions.lead_no
group by
    created.month,
    lead_dimensions.dimension
union all
select
    month,
    stage as metric,
    '' as dimension,
    {{ double('count(*)') }} as actual,
    0 as rows_without_value
from entered
group by
    month,
    stage
union all
select
    entered.month,
    entered.stage as metric,
    lead_dimensions.dimension,
    {{ double('count(*)') }} as actual,
    0 as rows_without_value
from entered
inner join lead_dimensions on entered.lead_no = lead_dimensions.lead_no
group by
    entered.month,
    entered.stage,
    lead_dimensions.dimension
union all
select
    month,
    'won_deals' as metric,
    dimension,
    {{ double('deals') }} as actual,
    0 as rows_without_value
from won_sums
union all
select
    month,
    'revenue' as metric,
    dimension,
    revenue as actual,
    deals_without_amount as rows_without_value
from won_sums
union all
select
    month,
    'spend' as metric,
    dimension,
    sum(amount order by amount) as actual,
    count(*) - count(amount) as rows_without_value
from spent_dimensions
group by
    month,
    dimension
order by
    month,
    metric,
    dimension
