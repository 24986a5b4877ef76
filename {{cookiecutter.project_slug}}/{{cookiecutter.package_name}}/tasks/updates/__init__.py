"""Brings changes of the template into the service.

Everything is prepared in a scratch repository that borrows the service's objects: the old render,
the new one and the service are merged there by git, the lock is made, and the tests are run. The
service itself is touched once, at the end (`switch.py`). Nothing here needs more than Python's
standard library and git, so that the template's own tasks can use these modules for a whole fleet;
what renders runs in an environment of its own.
"""
