"""Users, their logins and their tokens."""
