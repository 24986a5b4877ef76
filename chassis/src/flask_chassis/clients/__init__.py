"""HTTP clients for other services (upstreams)."""
