"""What a pipeline does besides: results, pull requests, notifications, smoke tests."""
