"""Measures what the template renders. `./invoke bench` runs it; README.md tells how to read it."""
