"""Checks of running services: what they are said to do, seen from outside, one line each."""
