"""What the rendered service is measured beside: the same work, written in other ways.

Each folder is an application with an environment of its own. None of them runs in this process.
"""
