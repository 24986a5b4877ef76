"""The lines of the report on what becomes of the service under all sorts of strain."""

from typing import Any


def as_lines(found: dict[str, Any]) -> list[str]:
    """Return them all."""
    makers = (_parts, _idle, _overload, _life, _modes)
    return [line for make in makers for line in (*make(found), "")][:-1]


def _verdict(part: dict[str, Any]) -> str:
    return "met" if part["is_met"] else "✗ missed"


PARTS = """\
The service beside itself without the part: the share of its CPU time, as the median of the rounds,
and the rounds' least and most. In the last row all are taken away at once, with the middleware that
they share: it is measured, and no sum of the others."""


def _parts(found: dict[str, Any]) -> list[str]:
    parts = found["parts"]
    return [
        "## What the chassis costs a list request",
        "",
        PARTS,
        "",
        "| part | share | least to most |",
        "|---|--:|--:|",
        *(_part(name, cost) for name, cost in parts["each"].items()),
        _part(f"all of them (bar {parts['bar']:.0%}: {_verdict(parts)})", parts["together"]),
    ]


def _part(name: str, cost: dict[str, float]) -> str:
    return f"| {name} | {cost['share']:.1%} | {cost['least']:.1%} to {cost['most']:.1%} |"


def _idle(found: dict[str, Any]) -> list[str]:
    idle = found["starvation"]
    text = (
        f"{idle['idle']} clients send one request and leave their connections open; the service "
        f"closes all but {idle['still_open']} of them. A new client then waits "
        f"{idle['slowest_seconds'] * 1000:.0f} ms at most (bar 1 s: {_verdict(idle)})."
    )
    return ["## Idle connections", "", text]


def _overload(found: dict[str, Any]) -> list[str]:
    much = found["overload"]
    text = (
        f"{much['clients']} clients get the most out of it. With {much['times']} times as many, "
        f"{much['ratio']:.2f} of that is left (bar {much['bar']}: {_verdict(much)}; in the rounds "
        f"{much['least']:.2f} to {much['most']:.2f}); "
        f"{much['refused_per_second']:.0f} requests a second are refused with 503 and "
        f"`Retry-After`, and {much['failed']} fail otherwise."
    )
    return ["## More than it can take", "", text]


def _life(found: dict[str, Any]) -> list[str]:
    start, memory = found["start"], found["memory"]
    starts = (
        f"From exec of uWSGI to the first 200: {start['uwsgi_median'] * 1000:.0f} ms "
        f"(bar {start['bar'] * 1000:.0f}: {_verdict(start)}); with the task that checks its "
        f"configuration first: {start['median'] * 1000:.0f} ms."
    )
    takes = (
        f"The largest worker has {memory['first_mb']:.0f} MB of its own after the first seconds, "
        f"and {memory['last_mb']:.0f} MB after {memory['requests']:,} requests "
        f"(bar {memory['bar_mb']}, and flat: {_verdict(memory)})."
    )
    return ["## Start and memory", "", starts, "", takes]


def _modes(found: dict[str, Any]) -> list[str]:
    modes = found["modes"]
    return [
        "## Threads or gevent",
        "",
        f"A page with a service behind it that takes 200 ms, {modes['clients']} connections:",
        "",
        "| mode of uWSGI | pages/s | CPU µs/page | p50 ms | p99 ms | failed |",
        "|---|--:|--:|--:|--:|--:|",
        *(
            f"| {mode['server']} | {mode['per_second']:.0f} | {mode['cpu_us']:.0f} "
            f"| {mode['p50_ms']:.0f} | {mode['p99_ms']:.0f} | {mode['failed']} |"
            for mode in modes["modes"]
        ),
    ]
