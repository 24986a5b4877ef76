"""A small service on the chassis, for the tests of the chassis."""
