"""What `./invoke bench` runs."""

from benchmarks import growth, report
from tasks.folders import ROOT
from tasks.render import example, render_anew

EXAMPLE = "thoughts-backend"

with growth.started(render_anew(ROOT / ".cache" / "bench", example(EXAMPLE))) as running:
    readable = report.write(running.measure(), running.large)
print(readable.read_text("utf-8"))
