"""Generated client of the service users."""
