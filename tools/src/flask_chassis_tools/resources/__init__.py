"""Adds resources to a service, and removes them: packages, tests, migrations, registrations."""
