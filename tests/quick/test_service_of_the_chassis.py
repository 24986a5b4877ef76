"""The service that the chassis is tested with is served as rendered services are."""

from tasks.folders import ROOT

ANSWERS = {
    "project_slug": "billing",
    "package_name": "billing",
    "organisation": "acme",
    "port": "8080",
    "__metrics_port": "8081",
    "__worker_memory_mib": "256",
}


def test_its_configuration_of_uwsgi_is_that_of_the_template() -> None:
    wanted = (ROOT / "{{cookiecutter.project_slug}}" / "infra" / "uwsgi.yaml").read_text("utf-8")
    for name, value in ANSWERS.items():
        wanted = wanted.replace(f"{{{{ cookiecutter.{name} }}}}", value)
    own = ROOT / "chassis" / "tests" / "services" / "billing" / "infra" / "uwsgi.yaml"
    assert own.read_text("utf-8") == wanted, f"Make the change of the template in {own}, too."
