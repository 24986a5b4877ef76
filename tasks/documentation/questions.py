"""Lists the questions of the template: prompt, default and choices, from cookiecutter.json."""

import json
from typing import Any

from tasks.folders import ROOT

from .tables import code, prose
from .tables import table as table_of


def read() -> dict[str, Any]:
    """Return cookiecutter.json."""
    found: dict[str, Any] = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
    return found


def table() -> str:
    """Return the table of all questions."""
    asked = read()
    prompts = asked["__prompts__"]
    rows = []
    for name, default in asked.items():
        if name.startswith("_"):
            continue
        prompt = prompts[name]
        text = prompt["__prompt__"] if isinstance(prompt, dict) else prompt
        rows.append((code(name), prose(text), _default(default, prompt)))
    return table_of(("question", "what it is", "default"), rows)


def _default(default: Any, prompt: Any) -> str:
    if isinstance(default, list):
        texts = prompt if isinstance(prompt, dict) else {}
        described = [prose(texts[each]) if texts.get(each) else code(each) for each in default]
        return f"the first of: {'; '.join(described)}"
    if "{{" in default:
        return "follows from other answers"
    return code(default) or "nothing"
