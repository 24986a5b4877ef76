"""Modules that uWSGI loads: preload, request watchdog, graceful shutdown, metrics server, probe."""
