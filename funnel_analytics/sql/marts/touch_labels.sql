-- One row per way in which touches are described: channel as exported (or of the campaign), side,
-- source, medium, campaign, content and kind. `is_activity`: these touches are activities of our
-- people, of which only the kind is known.
-- params: none
create table touch_labels as
with

described as (

    select distinct
        false as is_activity,
        channel,
        side,
        source,
        medium,
        campaign,
        content,
        kind
    from touch_people
    union all
    select distinct
        true as is_activity,
        null as channel,
        null as side,
        null as source,
        null as medium,
        null as campaign,
        null as content,
        kind
    from own_activities

),

numbered as (

    select
        *,
        row_number() over (
            order by
                is_activity asc,
                channel asc nulls last,
                campaign asc nulls last,
                side asc nulls last,
                source asc nulls last,
                medium asc nulls last,
                content asc nulls last,
                kind asc nulls last
        ) as place
    from described

)

select
    cast(place as integer) as label_no,
    is_activity,
    channel,
    side,
    source,
    medium,
    campaign,
    content,
    kind
from numbered
order by label_no
