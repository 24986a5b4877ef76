"""The tests of what an issuer has in its chassis, without the users who are its domain."""
