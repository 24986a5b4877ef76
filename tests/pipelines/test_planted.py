"""Faults that are planted into a service's settings of TeamCity are seen.

Those that do not hide each other are planted together: a compiler takes its time.
"""

import shutil
from pathlib import Path

import pytest

from tests.pipelines.kotlin import Settings

DOCKER = "jetbrains.buildServer.configs.kotlin.buildSteps.DockerCommandStep"
COMPOSITE = "jetbrains.buildServer.configs.kotlin.BuildTypeSettings.Type.COMPOSITE"
MATRIX = "import jetbrains.buildServer.configs.kotlin.buildFeatures.matrix\n"

Planted = dict[str, tuple[str, str, str, str]]
"""Faults: the file, a text in it, what takes its place, and what has to be said."""

UNCOMPILED: Planted = {
    "an unknown constant": (
        "pipeline/Service.kt",
        "GitHubRoleFilter.MEMBER",
        "GitHubRoleFilter.MEMBERS",
        "error: unresolved reference 'MEMBERS'",
    ),
    "a wrong import": (
        "pipeline/Checks.kt",
        "kotlin.triggers.schedule",
        "kotlin.buildFeatures.schedule",
        "error: unresolved reference 'schedule'",
    ),
    "a matrix that is looked for beside the other features": (
        "pipeline/Deploy.kt",
        "import jetbrains.buildServer.configs.kotlin.BuildType\n",
        "import jetbrains.buildServer.configs.kotlin.*\n" + MATRIX,
        "error: unresolved reference 'matrix'",
    ),
    "a number in the place of a text": (
        "pipeline/Checks.kt",
        'name = "Check"',
        "name = 1",
        "but 'kotlin.String' was expected",
    ),
    "a property that there is not": (
        "pipeline/Stages.kt",
        "maxRunningBuilds = 1",
        "maxRunning = 1",
        "error: unresolved reference 'maxRunning'",
    ),
    "steps inside the features": (
        "pipeline/Pipelines.kt",
        "gitHub(service)\n",
        "gitHub(service)\n        steps { install() }\n",
        "with an implicit receiver",
    ),
}

REFUSED: Planted = {
    "a dependency on a build that is not registered": (
        "pipeline/Pipelines.kt",
        "(tests + image + verified)",
        "(tests + image)",
        "depends on Verified, which is not registered",
    ),
    "two builds of one id": (
        "pipeline/Checks.kt",
        'id("ScanCode")',
        'id("Test")',
        "project: the id Test is that of 2 builds",
    ),
    "a build without a name": (
        "pipeline/Checks.kt",
        '    name = "Test"\n',
        "",
        "Test, name: mandatory 'name' property is not specified",
    ),
    "a build without an id": (
        "pipeline/Checks.kt",
        '    id("Check")\n',
        "",
        "build type 'Check', id: mandatory 'id' property is not specified",
    ),
    "a step without a script": (
        "pipeline/Builds.kt",
        "    scriptContent = line\n",
        "    workingDir = line\n",
        "ScriptBuildStep: mandatory 'scriptContent' property is not specified",
    ),
    "a parameter of another build that it does not have": (
        "pipeline/Deploy.kt",
        '["image.digest"]',
        '["image.hash"]',
        "Publish: another build refers to its parameter image.hash",
    ),
    "a secret of a project above that nobody has": (
        "pipeline/Deploy.kt",
        '"%kubeconfig%"',
        '"%production.kubeconfig%"',
        "DeployStaging: nobody defines %production.kubeconfig%",
    ),
    "a value of a build that has not been before": (
        "pipeline/Deploy.kt",
        'buildNumberPattern = "%image.tag%"',
        'buildNumberPattern = "%dep.Image.image.tag%"',
        "DeployProduction: nobody defines %dep.Image.image.tag%",
    ),
    "a lock of another project": (
        "pipeline/Stages.kt",
        "writeLock(stage.name)",
        'writeLock("stage")',
        "RollbackProduction: it locks stage, which no project above it has",
    ),
    "a push without a tag": (
        "pipeline/Image.kt",
        'tasks(service, "Build", "image.build")',
        f'step({DOCKER} {{ commandType = push {{ namesAndTags = "acme/x" }} }})',
        "acme/x has no tag",
    ),
    "a push of nothing": (
        "pipeline/Checks.kt",
        'tasks(service, "Scan", "scan.code")',
        f"step({DOCKER} {{ commandType = push() }})",
        "Push: mandatory 'namesAndTags' property is not specified",
    ),
    "an approval by nobody": (
        "settings.kts",
        "group:RELEASE_MANAGERS:1",
        "RELEASE_MANAGERS",
        '"RELEASE_MANAGERS" is no rule',
    ),
    "a composite build with steps": (
        "pipeline/Checks.kt",
        '    name = "Check"\n',
        f'    name = "Check"\n    type = {COMPOSITE}\n',
        "build type 'Check', steps: a composite build runs none",
    ),
}


def plant(settings: Settings, service: Path, into: Path, planted: Planted) -> list[str]:
    """Plant faults into a copy of a service's settings, and return what is said of them."""
    folder = shutil.copytree(service / ".teamcity", into / ".teamcity")
    for name, old, new, _ in planted.values():
        text = (folder / name).read_text("utf-8")
        assert old in text, f"{name} has no {old}"
        (folder / name).write_text(text.replace(old, new), "utf-8")
    return settings.describe(folder).faults


def missed(planted: Planted, said: list[str]) -> list[str]:
    """Return the faults of which nothing was said."""
    everything = "\n".join(said)
    return [fault for fault, (*_, reason) in planted.items() if reason not in everything]


def test_what_does_not_compile_is_seen(
    settings: Settings, teamcity: dict[str, Path], tmp_path: Path
) -> None:
    said = plant(settings, teamcity["resource"], tmp_path, UNCOMPILED)
    assert missed(UNCOMPILED, said) == [], said


def test_what_a_server_refuses_is_seen(
    settings: Settings, teamcity: dict[str, Path], tmp_path: Path
) -> None:
    said = plant(settings, teamcity["resource"], tmp_path, REFUSED)
    assert missed(REFUSED, said) == [], said


SCRIPTS = {
    'version = "2024.13"\nproject { }\n': 'version is "2024.13": set one of',
    "project { }\n": 'version is "": set one of',
    'version = "2024.12"\n': "settings.kts does not call project()",
    'version = "2024.12"\nproject { }\nproject { }\n': "calls project() more than once",
    'version = "2024.12"\nproject { buildType { id("Check-it") } }\n': '"Check-it" is no id',
    'version = "2024.12"\nproject { params { param("a", "1"); param("a", "2") } }\n': "set twice",
}
"""Whole scripts, and what is said of each: a server would not go on after that."""


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_that_describes_nothing_is_seen(
    settings: Settings, tmp_path: Path, script: str
) -> None:
    (tmp_path / "settings.kts").write_text(
        f"import jetbrains.buildServer.configs.kotlin.*\n\n{script}"
    )
    [said] = settings.describe(tmp_path).faults
    assert SCRIPTS[script] in said
