-- One row per row with a word of its system, now with what the word means.
-- params: none
update {{ table }}
set
    {% for each in columns %}
    {{ each }} = resolved.{{ each }}{% if not loop.last %},{% endif %}
    {% endfor %}
from resolved
inner join load_log on resolved.system = load_log.system
where
    {{ table }}.load_no = load_log.load_no
    and {{ table }}.state = resolved.state
