-- One row: working days on which far fewer leads, activities, touches or rows of spend were
-- recorded than on the eight working days of the same weekday before, for each table. The counts
-- are compared on the scale 2 * sqrt(count + 3/8), on which chance has a standard deviation of 1
-- (Anscombe 1948); the usual value is the median of the eight, the deviation their median absolute
-- deviation * 1.4826 but at least 1, widened for the uncertainty of that median by
-- sqrt(1 + pi / 16). A day falls suddenly when it lies more than four deviations below. Days
-- without eight before them are not judged, nor is the last one if it was not over at the as-of.
-- params: timezone, as_of
with

dated as (

    select
        'lead' as table_name,
        cast(timezone($timezone, timezone('UTC', created_at)) as date) as day
    from lead
    union all
    select
        'activity' as table_name,
        cast(timezone($timezone, timezone('UTC', happened_at)) as date) as day
    from activity
    union all
    select
        'touch' as table_name,
        cast(timezone($timezone, timezone('UTC', touched_at)) as date) as day
    from touch
    union all
    select
        'spend' as table_name,
        spent_on as day
    from spend

),

counted as (

    select
        table_name,
        day,
        count(*) as day_rows
    from dated
    group by
        table_name,
        day

),

spans as (

    select
        table_name,
        min(day) as first_day,
        cast(timezone($timezone, timezone('UTC', cast($as_of as timestamp))) as date) as end_day
    from counted
    group by table_name

),

days as (

    select
        table_name,
        cast(unnest(range(first_day, end_day, interval 1 day)) as date) as day
    from spans

),

bounds as (

    select distinct
        day,
        timezone('UTC', timezone($timezone, cast(day as timestamp))) as starts_at,
        timezone('UTC', timezone($timezone, day + interval 1 day)) as ends_at
    from days

),

working_days as (

    select distinct bounds.day
    from bounds
    inner join working_time
        on
            bounds.starts_at < working_time.closed_at
            and bounds.ends_at > working_time.opened_at
    where working_time.team = ''

),

measured as (

    select
        days.table_name,
        days.day,
        coalesce(counted.day_rows, 0) as day_rows,
        2 * sqrt(coalesce(counted.day_rows, 0) + 0.375) as root
    from days
    inner join working_days on days.day = working_days.day
    left join counted
        on
            days.table_name = counted.table_name
            and days.day = counted.day

),

compared as (

    select
        table_name,
        day,
        day_rows,
        root,
        count(*) over past as past_days,
        quantile_cont(day_rows, 0.5) over past as usual_rows,
        quantile_cont(root, 0.5) over past
        - 4 * sqrt(1 + pi() / 16) * greatest(1, 1.4826 * mad(root) over past) as lowest_root
    from measured
    window past as (
        partition by table_name, isodow(day)
        order by day
        rows between 8 preceding and 1 preceding
    )

),

judged as (

    select
        table_name,
        day,
        day_rows,
        usual_rows,
        lowest_root - root as fall
    from compared
    where past_days = 8

),

largest as (

    select *
    from judged
    where fall > 0
    order by
        fall desc,
        table_name asc,
        day asc
    limit 5

)

select
    (select count(*) filter (fall > 0) from judged) as offending_rows,
    (select count(*) from judged) as of_rows,
    (
        select
            list(
                struct_pack(
                    table_name := table_name,
                    day := day,
                    found_rows := day_rows,
                    usual_rows := usual_rows
                )
                order by fall desc, table_name asc, day asc
            )
        from largest
    ) as examples
