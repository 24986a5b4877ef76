"""Writes the template's form for Backstage, whose questions are those of cookiecutter.json."""

import json
from typing import Any

import yaml
from invoke import Context, task

from .folders import ROOT

FILE = ROOT / "backstage-template.yaml"

HEAD = """\
# The form with which Backstage's scaffolder makes a service. Written by `./invoke backstage`, from
# cookiecutter.json; it needs the module scaffolder-backend-module-cookiecutter.
"""

FIRST = ("project_name", "description", "kind", "team", "email")
"""What is asked on the first page; the rest has defaults that mostly fit."""


@task
def backstage(context: Context) -> None:
    """Write backstage-template.yaml again, after a change of the questions."""
    FILE.write_text(text(), "utf-8")
    print(f"Written: {FILE.name}")


def text() -> str:
    """Return the form."""
    written = yaml.safe_dump(form(), sort_keys=False, allow_unicode=True, width=100)
    return f"{HEAD}{written}"


def form() -> dict[str, Any]:
    """Return the form as Backstage reads it."""
    questions = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
    prompts = questions["__prompts__"]
    public = [name for name in questions if not name.startswith("_")]
    later = [name for name in public if name not in FIRST]
    pages = [
        _page("The service", FIRST, questions, prompts) | {"required": ["project_name", "kind"]},
        _page("Names, versions and places", later, questions, prompts),
        {
            "title": "The repository",
            "required": ["repoUrl"],
            "properties": {
                "repoUrl": {
                    "title": "Where it goes",
                    "type": "string",
                    "ui:field": "RepoUrlPicker",
                }
            },
        },
    ]
    return {
        "apiVersion": "scaffolder.backstage.io/v1beta3",
        "kind": "Template",
        "metadata": {
            "name": "flask-microservice",
            "title": "Flask microservice",
            "description": "A REST API on PostgreSQL, the issuer of its tokens, or their pages",
            "tags": ["flask", "python", "recommended"],
        },
        "spec": {"owner": "platform", "type": "service", "parameters": pages} | STEPS,
    }


STEPS = {
    "steps": [
        {
            "id": "render",
            "name": "Render",
            "action": "fetch:cookiecutter",
            # All at once, so that what was left empty keeps its default.
            "input": {"url": ".", "values": "${{ parameters }}"},
        },
        {
            "id": "publish",
            "name": "Publish",
            "action": "publish:github",
            "input": {
                "repoUrl": "${{ parameters.repoUrl }}",
                "description": "${{ parameters.description }}",
                "sourcePath": "./${{ parameters.project_slug }}",
            },
        },
        {
            "id": "register",
            "name": "Register",
            "action": "catalog:register",
            "input": {
                "repoContentsUrl": "${{ steps.publish.output.repoContentsUrl }}",
                "catalogInfoPath": "/catalog-info.yaml",
            },
        },
    ],
    "output": {
        "links": [
            {"title": "Repository", "url": "${{ steps.publish.output.remoteUrl }}"},
            {
                "title": "In the catalog",
                "icon": "catalog",
                "entityRef": "${{ steps.register.output.entityRef }}",
            },
        ]
    },
}


def _page(title: str, names: Any, questions: Any, prompts: Any) -> dict[str, Any]:
    properties = {name: _property(name, questions[name], prompts[name]) for name in names}
    return {"title": title, "properties": properties}


def _property(name: str, default: Any, prompt: Any) -> dict[str, Any]:
    """Return one question; a default that follows from other answers is left to the template."""
    title = name.replace("_", " ").capitalize()
    if isinstance(default, list):
        texts = prompt if isinstance(prompt, dict) else {"__prompt__": prompt}
        return {
            "title": title,
            "description": texts["__prompt__"],
            "type": "string",
            "enum": default,
            "enumNames": [texts.get(choice, choice) for choice in default],
            "default": default[0],
        }
    asked = {"title": title, "description": prompt, "type": "string"}
    if default and "{{" not in default and name != "project_name":
        asked["default"] = default
    return asked
