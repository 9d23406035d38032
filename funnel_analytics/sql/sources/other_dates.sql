-- One row: how many dates of a column are not ISO 8601, how many of these fit two orders, and
-- the first of them.
-- params: none
select
    count(*) filter (looks_like_other_date(c{{ number }})) as other_dates,
    count(*) filter (
        looks_like_other_date(c{{ number }}) and fits_both_orders(c{{ number }})
    ) as two_orders,
    min(line) filter (looks_like_other_date(c{{ number }})) as first_line,
    arg_min(c{{ number }}, line) filter (looks_like_other_date(c{{ number }})) as first_value,
    count(c{{ number }}) as dates
from parsed
