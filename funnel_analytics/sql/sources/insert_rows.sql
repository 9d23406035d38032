-- One row per record that is kept and good; where identical rows are one thing, the first of them.
-- params: load_no
insert into {{ table }} ({% for each in targets %}"{{ each }}", {% endfor %}load_no, source_row)
select
    {% for each in sources %}{{ each }}, {% endfor %}
    $load_no as load_no,
    {% if collapses %}min(line){% else %}line{% endif %} as source_row
from parsed
where
    is_kept
    and is_good
{% if collapses %}
group by
    {% for each in alike %}
    {{ each }}{% if not loop.last %},{% endif %}
    {% endfor %}
{% endif %}
order by source_row
