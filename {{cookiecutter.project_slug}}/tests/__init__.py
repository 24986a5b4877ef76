"""The tests: `chassis` and `tasks` are the template's, the others are the service's own."""
