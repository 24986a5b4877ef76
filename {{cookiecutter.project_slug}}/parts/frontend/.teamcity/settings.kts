{% extends "settings.kts" %}
