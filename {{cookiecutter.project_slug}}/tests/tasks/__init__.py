"""The tests of the tasks."""
