import jetbrains.buildServer.configs.kotlin.*
import pipeline.Service
import pipeline.Stage
import pipeline.pipelines
{%- block imports %}{% endblock %}

version = "2024.12"

// This file is the service's own: an update of the template leaves it alone. It replaces pipeline/,
// which has the rest. Secrets are tokens, "credentialsJSON:…": see pipeline/Service.kt.
val service = Service(
    name = "{{ cookiecutter.project_slug }}",
    command = ".venv/bin/{{ cookiecutter.organisation }}-tasks",
    environmentPrefix = "{{ cookiecutter.__environment_prefix }}",
    staging = Stage(
        "staging",
        "https://{{ cookiecutter.project_slug }}.staging.{{ cookiecutter.domain }}",
    ),
    production = Stage(
        "production",
        "https://{{ cookiecutter.project_slug }}.{{ cookiecutter.domain }}",
    ),
    approvers = "group:RELEASE_MANAGERS:1",
    email = {{ cookiecutter.email|replace('%', '%%')|tojson }},
    // Further ones have defaults: the kubeconfig of each stage, registry, gitHubToken, slackChannel, …
)

project {
    description = {{ cookiecutter.__description_kotlin }}
    pipelines(service{% block provision %}{% endblock %})
    // Further builds are registered here: buildType { … }
}
