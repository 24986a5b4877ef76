"""A program that runs one function of a migration step of the template.

`migrator.py updates/v1.2.0.py answers` takes the answers as JSON on standard input, and
`migrator.py updates/v1.2.0.py files` takes the service's folder.
"""

import contextlib
import json
import runpy
import sys
from pathlib import Path


def main() -> None:
    """Call the function if the step defines it; its output goes to standard error."""
    _, step, what = sys.argv
    given = sys.stdin.read()
    with contextlib.redirect_stdout(sys.stderr):
        functions = runpy.run_path(step)
        if what == "answers":
            answers = json.loads(given)
            mapped = functions["answers"](answers) if "answers" in functions else answers
        elif "files" in functions:
            functions["files"](Path(given))
    if what == "answers":
        print(json.dumps(mapped))


if __name__ == "__main__":
    main()
