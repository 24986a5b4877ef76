"""The tests of the chassis."""
