"""Development data: rows that look real, made from the models of a service."""
