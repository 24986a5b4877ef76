"""Links a service to the template that has none of its tasks yet."""

from pathlib import Path
from typing import Any

from invoke import Context, Exit, task

from ..engine import engine
from ..folders import PROGRAMS

adopting: Any = engine("adopting")
exclusive: Any = engine("exclusive")
faults: Any = engine("faults")
preparing: Any = engine("preparing")
untrusted: Any = engine("untrusted")


@task(
    iterable=["answer"],
    help={
        "service": "The service's folder, the top of a git repository",
        "template": "The template's address, which is recorded",
        "to": "The release to bring it to; by default the newest",
        "since": "The release that it was rendered from; by default each is tried; `none` for a "
        "service that is not from the template",
        "answer": "name=value, where the service does not tell it itself; as often as needed",
    },
)
def adopt(
    context: Context, service: str, template: str, answer: list[str], to: str = "", since: str = ""
) -> None:
    """Bring an existing service under the template; what both have is left as a conflict."""
    if wrong := [each for each in answer if "=" not in each]:
        raise Exit(f"--answer={wrong[0]} is not name=value.", 2)
    answers = dict(each.split("=", 1) for each in answer)
    folder = Path(service).resolve()
    wish = preparing.Wish(folder, PROGRAMS, to, template, answers, of_others=True)
    try:
        untrusted.require_plain_clone(folder)
        with exclusive.held(folder, "fleet.adopt"):
            code = adopting.adopt(wish, since)
    except faults.UpdateError as error:
        raise Exit(str(error), 1) from None
    if code:
        raise Exit(code=code)
