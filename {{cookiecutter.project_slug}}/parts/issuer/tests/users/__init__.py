"""The tests of the users and of the tokens that are issued to them."""
