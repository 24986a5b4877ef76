"""An application that cannot be imported."""

raise RuntimeError("this application is broken")
