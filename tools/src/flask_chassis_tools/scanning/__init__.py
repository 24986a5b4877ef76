"""Scanners of code, packages and images."""
