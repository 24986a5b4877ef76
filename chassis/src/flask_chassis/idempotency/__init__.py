"""`Idempotency-Key`: a request that a caller repeats is executed once, and answered as before."""
