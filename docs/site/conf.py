"""The configuration of Sphinx, which builds the site: see tasks/documentation."""

import tomllib
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_PROJECT = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))["project"]

project = "Flask microservice template"
release = version = _PROJECT["version"]
html_title = f"{project} {release}"

extensions = ["myst_parser"]
# Headings down to this level get the anchors that GitHub gives them, which links use.
myst_heading_anchors = 6
# A page's own front matter, such as its group, is not Sphinx's.
myst_all_links_external = False

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_copyright = False
html_copy_source = False
html_show_sphinx = False
# Nothing is fetched from another host.
html_theme_options = {"footer_icons": []}
pygments_style = "friendly"
pygments_dark_style = "github-dark"
