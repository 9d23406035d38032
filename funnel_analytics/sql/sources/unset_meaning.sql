-- One row per row with a word of its system: what the word means is found anew at each build.
-- params: none
update {{ table }}
set
    {% for each in columns %}
    {{ each }} = null{% if not loop.last %},{% endif %}
    {% endfor %}
where state is not null
