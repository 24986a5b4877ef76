"""What developers and CI run on a service: checks, tests, scans, images, clusters, updates."""
