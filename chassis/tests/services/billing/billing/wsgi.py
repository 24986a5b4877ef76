"""What uWSGI loads: `module: billing.wsgi:application` in infra/uwsgi.yaml."""

from .app import create_app

application = create_app()
