"""Generates the alerts of a service, and their runbooks, from its service level objectives."""
