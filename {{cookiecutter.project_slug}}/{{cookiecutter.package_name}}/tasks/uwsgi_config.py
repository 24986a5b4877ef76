"""Reads infra/uwsgi.yaml, as far as other things depend on it."""

import re

from ..chassis import project_files

MEBIBYTE = 1024 * 1024


def sections() -> dict[str, dict[str, str]]:
    """Return the options of each section, as uWSGI reads them: `key: value` a line."""
    found: dict[str, dict[str, str]] = {}
    options: dict[str, str] = {}
    for line in _text().splitlines():
        if section := re.fullmatch(r"([^\s#:-][^\s:]*):\s*", line):
            options = found.setdefault(section[1], {})
        elif option := re.fullmatch(r"  ([\w-]+): (.*)", line):
            options.setdefault(option[1], option[2])
    return found


def number(option: str, stage: str = "production") -> int:
    """Return an option of a stage, which the first section has where the stage's has none."""
    found = sections()
    return int(found[stage].get(option, found["uwsgi"].get(option, "0")))


def ports() -> dict[str, int]:
    """Return the ports that are listened on, by their names in the manifests."""
    text = _text()
    return {
        name: int(re.findall(rf"^  set-(?:ph|placeholder): {option}=(\d+)$", text, re.MULTILINE)[0])
        for name, option in (("http", "port"), ("metrics", "metrics-port"))
    }


def _text() -> str:
    return project_files.find("infra/uwsgi.yaml").read_text(encoding="utf-8")
