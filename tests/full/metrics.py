"""What a running service has counted."""

import re

import requests

from tasks.running_service import RunningService

ID = "<int(max=9223372036854775807):id>"
"""How the metrics name the step of a path that is an id."""

Counted = dict[tuple[str, str, int], int]
"""How often a method, route and status was answered."""

_SAMPLE = re.compile(r'http_requests_total\{method="(.+)",route="(.+)",status="(\d+)"\} (.+)')


def counted(service: RunningService) -> Counted:
    """Return what it has counted since it was started."""
    scraped = requests.get(f"{service.metrics_address}/metrics", timeout=10).text
    return {
        (method, route, int(status)): int(float(count))
        for method, route, status, count in _SAMPLE.findall(scraped)
    }


def counted_since(before: Counted, service: RunningService) -> Counted:
    """Return what it has counted since then."""
    grown = {key: count - before.get(key, 0) for key, count in counted(service).items()}
    return {key: count for key, count in grown.items() if count}
