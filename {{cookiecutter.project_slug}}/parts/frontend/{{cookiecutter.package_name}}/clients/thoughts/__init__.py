"""Generated client of the service thoughts."""
