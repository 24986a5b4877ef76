"""Updates a service to a release of the template.

An update is prepared in a scratch repository that borrows the objects of the service's own. git
merges the old render, the new render and the service there; then the lock is made, and the tests
run. The service itself is changed once, at the end (`switch.py`).

These modules require only the standard library and git: the template's hooks import them from the
wheel, and its fleet tasks from the sources. `lock_versions` also requires `packaging`, which both
the service's environment and the fleet's have. Cookiecutter runs in an environment of its own.
"""
