"""What is loaded into a rendered service: alone here, as this folder hides others."""
