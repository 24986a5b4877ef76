"""The users, and the tokens that this service issues to them."""
