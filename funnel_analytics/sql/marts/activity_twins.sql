-- One row per activity of our people and description of a touch of the same person less than a
-- minute from it: where that touch is of sales, both are one contact.
-- params: none
create table activity_twins as
with

acted as (

    select
        touch_no,
        person_no,
        touched_at,
        unnest([-1, 0, 1]) + date_diff('minute', timestamp '1970-01-01', touched_at) as minute_no
    from touch_points
    where is_activity

),

touched as (

    select
        person_no,
        touched_at,
        label_no,
        date_diff('minute', timestamp '1970-01-01', touched_at) as minute_no
    from touch_points
    where
        not is_activity
        and person_no is not null

)

select distinct
    acted.touch_no,
    touched.label_no
from acted
inner join touched
    on
        acted.person_no = touched.person_no
        and acted.minute_no = touched.minute_no
where abs(date_diff('microsecond', acted.touched_at, touched.touched_at)) < 60000000
