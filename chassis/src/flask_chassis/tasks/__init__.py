"""Invoke tasks that containers and developers run: database, keys, settings, service."""
