"""Token issuer: password hashing, login throttling, token revocation, JWKS endpoint."""
