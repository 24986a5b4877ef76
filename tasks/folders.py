"""Where things are in this repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "{{cookiecutter.project_slug}}"
EXAMPLES = ROOT / "examples"
DEMO = ROOT / "demo"
PROGRAMS = ROOT / ".venv" / "bin"
GATE = ROOT / ".cache" / "gate"
"""What the update gate leaves: the number of conflicts, and what it passed for."""
