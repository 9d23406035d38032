-- One row per change of a lead's or deal's state that dated exports show and no history covers: an
-- entry between the bounds `entered_after` and `entered_before`. A history covers what an export
-- shows if the same was in force by its latest entry until then, and by no older export alone; an
-- export that is dated by its day may have been made at any time of the day, so that a history
-- entry of that day contradicts nothing. The first time that something is seen, its creation is the
-- lower bound; that a lead begins in the first stage is no change. Of a record with several
-- properties, such as a lifecycle stage and a lead status, each is followed on its own.
-- params: timezone, first_stage
insert into stage_event by name
with

seen as (

    select
        snapshot.*,
        resolved.stage,
        resolved.status
    from snapshot
    inner join load_log on snapshot.load_no = load_log.load_no
    inner join resolved
        on
            load_log.system = resolved.system
            and snapshot.state = resolved.state
    where snapshot.seen_at is not null
    qualify
        row_number() over (
            partition by snapshot.lead, snapshot.deal, snapshot.property, snapshot.seen_at
            order by
                snapshot.changed_at desc nulls last,
                snapshot.load_no desc,
                snapshot.source_row desc
        ) = 1

),

neighbours as (

    select
        *,
        case
            when
                date_trunc('day', timezone($timezone, timezone('UTC', seen_at)))
                = timezone($timezone, timezone('UTC', seen_at))
                then seen_at - interval 1 day
            else seen_at
        end as seen_from,
        lag(seen_at) over (partition by lead, deal, property order by seen_at) as seen_before_at,
        lag(stage) over (partition by lead, deal, property order by seen_at) as stage_before,
        lag(status) over (partition by lead, deal, property order by seen_at) as status_before
    from seen

),

followed as (

    select
        *,
        lag(seen_from) over (
            partition by lead, deal, property order by seen_at
        ) as seen_before_from,
        coalesce(
            seen_before_at is null
            or stage is distinct from stage_before
            or status is distinct from status_before,
            true
        ) as is_changed
    from neighbours

),

created as (

    select
        followed.*,
        coalesce(lead.created_at, deal.created_at) as created_at
    from followed
    left join lead on followed.lead = lead.lead
    left join deal on followed.deal = deal.deal

),

closed as (

    select
        * exclude (created_at),
        case when created_at < seen_at then created_at end as created_at,
        case when status in ('won', 'lost', 'rejected') then closed_at end as ended_at,
        case
            when closed_at_is_day
                then next_day(closed_at, $timezone)
            else closed_at
        end as closed_by,
        case
            when changed_at_is_day
                then next_day(changed_at, $timezone)
            else changed_at
        end as changed_by
    from created

),

bounded as (

    select
        *,
        coalesce(seen_before_at, created_at) as exported_after,
        case
            when
                ended_at is not null
                and closed_by < seen_at
                and (
                    coalesce(seen_before_at, created_at) is null
                    or closed_by > coalesce(seen_before_at, created_at)
                )
                then closed_by
            else seen_at
        end as entered_before
    from closed

),

history as (

    select
        'lead ' || lead as record,
        property,
        coalesce(stage, status) as meaning,
        entered_at,
        case
            when entered_at_is_day
                then next_day(entered_at, $timezone) - interval 1 microsecond
            else entered_at
        end as entered_by
    from stage_event
    where lead is not null
    union all
    select
        'deal ' || deal as record,
        property,
        coalesce(stage, status) as meaning,
        entered_at,
        case
            when entered_at_is_day
                then next_day(entered_at, $timezone) - interval 1 microsecond
            else entered_at
        end as entered_by
    from stage_event
    where deal is not null

),

-- The last entry of the history before each export, and the last that says what the export shows.
known as (

    select
        bounded.load_no,
        bounded.source_row,
        max(history.entered_at) filter (
            where history.entered_at <= least(bounded.seen_from, bounded.entered_before)
        ) as last_at,
        max(history.entered_by) filter (
            where history.meaning = coalesce(bounded.stage, bounded.status)
        ) as same_by
    from bounded
    inner join history
        on
            coalesce('lead ' || bounded.lead, 'deal ' || bounded.deal) = history.record
            and bounded.property is not distinct from history.property
            and bounded.entered_before >= history.entered_at
    where history.meaning is not null
    group by
        bounded.load_no,
        bounded.source_row

),

uncovered as (

    select
        bounded.*,
        known.last_at,
        greatest(bounded.exported_after, known.last_at) as entered_after
    from bounded
    left join known
        on
            bounded.load_no = known.load_no
            and bounded.source_row = known.source_row
    where
        (
            bounded.is_changed
            or coalesce(known.last_at > bounded.seen_before_from, false)
        )
        and not coalesce(
            known.same_by >= greatest(known.last_at, bounded.seen_before_from),
            known.same_by is not null
        )

),

stamped as (

    select
        *,
        coalesce(
            changed_at <= entered_before
            and (
                entered_after is null
                or changed_by > entered_after
            ),
            false
        ) as has_change,
        coalesce(
            ended_at <= entered_before
            and (
                entered_after is null
                or closed_by > entered_after
            ),
            false
        ) as has_end
    from uncovered

)

select
    stamped.lead,
    stamped.deal,
    stamped.property,
    case
        when stamped.has_change then stamped.changed_at
        when stamped.has_end then stamped.ended_at
        when stamped.entered_after is null then stamped.entered_before
        else
            stamped.entered_after
            + (stamped.entered_before - stamped.entered_after) / 2
    end as entered_at,
    case
        when stamped.has_change then coalesce(stamped.changed_at_is_day, false)
        when stamped.has_end then coalesce(stamped.closed_at_is_day, false)
        else false
    end as entered_at_is_day,
    stamped.entered_after,
    stamped.entered_before,
    stamped.stage_before as from_stage,
    stamped.state,
    stamped.stage,
    stamped.status,
    case
        when stamped.has_change or stamped.has_end then 'date_field'
        else 'snapshot_diff'
    end as provenance,
    stamped.load_no,
    stamped.source_row
from stamped
where
    stamped.seen_before_at is not null
    or stamped.last_at is not null
    or stamped.lead is null
    or stamped.created_at is null
    or stamped.stage is distinct from $first_stage
order by
    stamped.load_no,
    stamped.source_row
