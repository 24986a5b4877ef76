"""The contract of a service's API: its committed document, changes that break callers, clients."""
