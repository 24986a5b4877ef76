"""Reads options and ports from infra/uwsgi.yaml."""

import re

from flask_chassis import project

MEBIBYTE = 1024 * 1024


def sections() -> dict[str, dict[str, str]]:
    """Return the options of each section, parsed as uWSGI does: one `key: value` per line."""
    found: dict[str, dict[str, str]] = {}
    options: dict[str, str] = {}
    for line in _text().splitlines():
        if section := re.fullmatch(r"([^\s#:-][^\s:]*):\s*", line):
            options = found.setdefault(section[1], {})
        elif option := re.fullmatch(r"  ([\w-]+): (.*)", line):
            options.setdefault(option[1], option[2])
    return found


def number(option: str, stage: str = "production") -> int:
    """Return a numeric option of a stage, by default that of the section `uwsgi`, or 0."""
    found = sections()
    return int(found[stage].get(option, found["uwsgi"].get(option, "0")))


def ports() -> dict[str, int]:
    """Return the ports that uWSGI listens on, by their names in the Kubernetes manifests."""
    text = _text()
    return {
        name: int(re.findall(rf"^  set-(?:ph|placeholder): {option}=(\d+)$", text, re.MULTILINE)[0])
        for name, option in (("http", "port"), ("metrics", "metrics-port"))
    }


def _text() -> str:
    return project.find("infra/uwsgi.yaml").read_text(encoding="utf-8")
