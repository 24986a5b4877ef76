# Read by `flask` on a developer's machine; uWSGI does not read it.
FLASK_APP={{ cookiecutter.package_name }}.app
FLASK_RUN_PORT={{ cookiecutter.port }}
