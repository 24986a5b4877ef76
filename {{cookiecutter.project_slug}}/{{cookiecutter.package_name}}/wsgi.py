"""The WSGI application, which uWSGI loads: `module` in infra/uwsgi.yaml."""

from .app import create_app

application = create_app()
