"""The users: who may log in, and how they come to be."""
