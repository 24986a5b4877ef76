"""PromQL of the alerts: what is asked of the metrics of a service."""

from flask_chassis_tools.kubernetes.alerts.objectives import Objectives

WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
"""The windows of the burn rates, over which error ratios are recorded."""

FAST_BURN = ((14.4, "1h", "5m"), (6, "6h", "30m"))
SLOW_BURN = ((3, "1d", "2h"), (1, "3d", "6h"))
"""Burn rate, long window, short window, as the Site Reliability Workbook has them for 30 days.

A rate of 1 uses the error budget in exactly 30 days. The long window says that much of the budget
is gone, the short one that it still goes on, so that an alert ends soon after its reason.
"""

BY = "by (namespace, job)"

ERRORS = "slo:http_errors:ratio_rate"
SLOW = "slo:http_slow_requests:ratio_rate"
"""The names of the recorded ratios, without their windows."""


def of_service(service: str) -> str:
    """Return the matcher of all metrics of a service."""
    return f'job="{service}"'


def of_users(service: str) -> str:
    """Return the matchers of users' requests.

    Probes are left out. They are most requests of a service with little traffic, and answer 200
    while all users' requests fail.
    """
    return f'{of_service(service)},route!~"/health/.+"'


def error_ratio(service: str, window: str) -> str:
    """Return the ratio of users' requests that are answered with 5xx. It is 0 without any."""
    users = of_users(service)
    errors = f'sum {BY} (rate(http_requests_total{{{users},status=~"5.."}}[{window}]))'
    requests = f"sum {BY} (rate(http_requests_total{{{users}}}[{window}]))"
    return f"({errors} or 0 * {requests}) / {requests}"


def slow_ratio(service: str, seconds: float, window: str) -> str:
    """Return the ratio of users' requests that take longer, the wait for a thread included."""
    users = of_users(service)
    within, requests = (
        f'sum {BY} (rate(http_request_duration_seconds_bucket{{{users},le="{bound}"}}[{window}]))'
        for bound in (float(seconds), "+Inf")
    )
    return f"1 - {within} / {requests}"


def quantile(service: str, percent: float, window: str) -> str:
    """Return the seconds within which so many percent of users' requests are answered."""
    users = of_users(service)
    rates = f"rate(http_request_duration_seconds_bucket{{{users}}}[{window}])"
    return f"histogram_quantile({_number(percent / 100)}, sum by (namespace, job, le) ({rates}))"


def burns(ratio: str, percent: float, windows: tuple[tuple[float, str, str], ...]) -> str:
    """Return whether the error budget of an objective burns at one of these rates."""
    budget = 1 - percent / 100
    return " or ".join(
        f"({ratio}{long} > {_number(rate * budget)} and {ratio}{short} > {_number(rate * budget)})"
        for rate, long, short in windows
    )


def has_no_targets(service: str) -> str:
    """Return the namespaces that had targets within a day, or the service if it had none at all."""
    up = f"up{{{of_service(service)}}}"
    return (
        f"count {BY} (count_over_time({up}[1d])) unless count {BY} ({up}) "
        f"or absent_over_time({up}[1d])"
    )


def records(service: str, objectives: Objectives) -> list[tuple[str, str]]:
    """Return the recorded ratios: name and expression."""
    return [
        pair
        for window in WINDOWS
        for pair in (
            (f"{ERRORS}{window}", error_ratio(service, window)),
            (f"{SLOW}{window}", slow_ratio(service, objectives.latency_seconds, window)),
        )
    ]


def _number(value: float) -> str:
    """Return a number without the noise of binary fractions: 0.001."""
    return f"{value:.6g}"
