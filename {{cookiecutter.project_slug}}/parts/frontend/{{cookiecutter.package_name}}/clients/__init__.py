"""Generated clients of other services."""
