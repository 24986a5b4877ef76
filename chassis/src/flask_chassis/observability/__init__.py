"""Observability: JSON logging, Prometheus metrics, health checks, version."""
