"""What `./invoke bench` runs: `python -m benchmarks [rounds N | quick REF | template]`."""

import sys

from benchmarks import commits, everything, template

if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            print(everything.run().read_text("utf-8"))
        case ["rounds", number]:
            print(everything.run(int(number)).read_text("utf-8"))
        case ["quick", against]:
            print(commits.run(against).read_text("utf-8"))
        case ["template"]:
            print(template.run().read_text("utf-8"))
        case words:
            sys.exit(f"benchmarks: not understood: {' '.join(words)}")
