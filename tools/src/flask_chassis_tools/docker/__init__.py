"""Tasks for images and containers."""
