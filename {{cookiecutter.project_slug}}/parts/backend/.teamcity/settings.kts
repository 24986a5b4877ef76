{% extends "settings.kts" %}
{%- block imports %}
import pipeline.provision
{%- endblock %}
{%- block provision %}, ::provision{% endblock %}
