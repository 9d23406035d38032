-- One row per touch, or activity of our people towards a counted lead, and person it is of; an
-- activity towards several leads has a row for each. Touches are numbered by time and id, and
-- activities after them. A touch of nobody known has no person.
-- params: none
create table touch_points as
with

labelled as (

    select
        touch_people.touched_at,
        touch_people.touch,
        touch_labels.label_no,
        touch_people.person_key,
        touch_people.account
    from touch_people
    inner join touch_labels
        on
            not touch_labels.is_activity
            and touch_people.channel is not distinct from touch_labels.channel
            and touch_people.campaign is not distinct from touch_labels.campaign
            and touch_people.side is not distinct from touch_labels.side
            and touch_people.source is not distinct from touch_labels.source
            and touch_people.medium is not distinct from touch_labels.medium
            and touch_people.content is not distinct from touch_labels.content
            and touch_people.kind is not distinct from touch_labels.kind

),

touched as (

    select
        cast(
            row_number() over (
                order by
                    labelled.touched_at asc,
                    labelled.touch asc nulls last,
                    labelled.label_no asc,
                    person_numbers.person_no asc nulls last,
                    account_numbers.account_no asc nulls last
            ) as integer
        ) as touch_no,
        labelled.touched_at,
        labelled.label_no,
        person_numbers.person_no,
        account_numbers.account_no,
        false as is_activity
    from labelled
    left join person_numbers on labelled.person_key = person_numbers.person_key
    left join account_numbers on labelled.account = account_numbers.account

),

counted as (

    select count(*) as touches
    from touched

),

persons as (

    select
        lead_no,
        min(person_no) as person_no
    from lead_people
    group by lead_no

),

acted as (

    select distinct
        cast(counted.touches + own_activities.activity_no as integer) as touch_no,
        own_activities.happened_at as touched_at,
        touch_labels.label_no,
        persons.person_no,
        cast(null as integer) as account_no,
        true as is_activity
    from own_activities
    inner join persons on own_activities.lead_no = persons.lead_no
    inner join touch_labels
        on
            touch_labels.is_activity
            and own_activities.kind is not distinct from touch_labels.kind
    cross join counted

)

select
    touch_no,
    touched_at,
    label_no,
    person_no,
    account_no,
    is_activity
from touched
union all
select
    touch_no,
    touched_at,
    label_no,
    person_no,
    account_no,
    is_activity
from acted
