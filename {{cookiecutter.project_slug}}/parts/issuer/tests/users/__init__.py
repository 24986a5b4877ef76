"""Tests of users and of their tokens."""
