-- One row per canonical table that holds rows.
-- params: none
{% for table in tables %}
select '{{ table }}' as table_name
where exists (select 1 from {{ table }})
{% if not loop.last %}union all{% endif %}
{% endfor %}
