"""A program of its own: runs one function of a step of the template.

`migrator.py updates/v1.2.0.py answers` takes the answers as JSON on standard input, and
`migrator.py updates/v1.2.0.py files` the service's folder.
"""

import contextlib
import json
import runpy
import sys
from pathlib import Path


def main() -> None:
    """Call the function, where the step has it; what it prints goes to standard error."""
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
