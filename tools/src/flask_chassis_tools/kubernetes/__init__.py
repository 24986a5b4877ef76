"""Manifests, deployments and rollbacks."""
