"""The stubs of TeamCity's DSL take what its documentation has, and nothing else."""

import shutil
from pathlib import Path

import pytest

from tests.pipelines.graph import builds
from tests.pipelines.kotlin import Project, Settings
from tests.pipelines.test_planted import Planted, missed, plant

SAMPLES = Path(__file__).parent / "samples"
NAMES = sorted(path.name for path in SAMPLES.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_settings_in_the_manner_of_public_ones_are_taken(settings: Settings, name: str) -> None:
    result = settings.describe(SAMPLES / name)
    assert result.faults == []
    assert builds(result.project)


def described(settings: Settings, name: str) -> Project:
    return settings.describe(SAMPLES / name).project


def test_an_object_has_its_name_as_its_id_and_a_template_is_told(settings: Settings) -> None:
    project = described(settings, "objects")
    compile_, ship = builds(project)["Compile"], builds(project)["Ship"]
    assert compile_["templates"] == ["Compiled"]
    assert ship["triggers"][0]["buildType"] == "Compile"
    assert ship["buildNumberPattern"] == "%dep.Compile.build.number%"
    assert [root["id"] for root in project["vcsRoots"]] == ["Sources"]
    types = [condition["type"] for condition in compile_["steps"][0]["conditions"]]
    assert types == ["does-not-equal", "starts-with", "ver-more-than", "not-exists"]


def test_a_lock_and_a_prompt_are_told(settings: Settings) -> None:
    project = described(settings, "locks")
    [lock] = [each for each in builds(project)["Move"]["features"] if "locks" in each]
    assert lock["locks"] == {"the stage": "write", "slots": "read", "packages": "value compute"}
    asked = project["projects"][0]["params"]["to"]
    assert (asked["display"], asked["regex"]) == ("PROMPT", "v.+")


LOCKS: Planted = {
    "conditions by another name": (
        "settings.kts",
        'scriptContent = "move --to=%to%"',
        'scriptContent = "move"\n conditions { isNot("to", "") }',
        "unresolved reference 'isNot'",
    ),
    "a lock by the name of another kind": (
        "settings.kts",
        'readLock("slots")',
        'lock("slots")',
        "unresolved reference 'lock'",
    ),
    "a property that no notification has": (
        "settings.kts",
        "buildProbablyHanging = true",
        "buildWaitsForApproval = true",
        "unresolved reference 'buildWaitsForApproval'",
    ),
    "a number that is a text": (
        "settings.kts",
        "timeout = 60",
        'timeout = "60"',
        "type mismatch",
    ),
    "a feature of projects in a build": (
        "settings.kts",
        "approval {\n",
        "dockerRegistry { }\n                approval {\n",
        "because of a receiver type mismatch",
    ),
}
"""What does not compile; each alone would do."""

UNCOMPILED: dict[str, tuple[str, Planted]] = {
    "locks": ("locks", LOCKS),
    "pull requests": (
        "pullrequests",
        {
            "a rule that does not belong to the metric": (
                "settings.kts",
                "lastFinished()",
                "BuildFailureOnMetric.BuildRule.LastFinished()",
                "unresolved reference 'BuildRule'",
            ),
            "a token of the other feature": (
                "settings.kts",
                "authType = personalToken {",
                "authType = token {",
                "unresolved reference 'token'",
            ),
            "an action that there is not": (
                "settings.kts",
                "DefaultAction.APPROVE",
                "DefaultAction.ASK",
                "unresolved reference 'ASK'",
            ),
        },
    ),
    "schedules": (
        "schedules",
        {
            "a field of another policy": (
                "settings.kts",
                'minutes = "0"',
                "minute = 0",
                "unresolved reference 'minute'",
            ),
        },
    ),
    "objects": (
        "objects",
        {
            "a template that is a build": (
                "settings.kts",
                "template(Compiled)",
                "template(Compile)",
                "none of the following candidates is applicable",
            ),
            "a way to log in that there is not": (
                "settings.kts",
                "authMethod = uploadedKey {",
                "authMethod = sshKey {",
                "unresolved reference 'sshKey'",
            ),
        },
    ),
}


@pytest.mark.parametrize("case", UNCOMPILED)
def test_what_is_not_in_the_documentation_does_not_compile(
    settings: Settings, tmp_path: Path, case: str
) -> None:
    name, planted = UNCOMPILED[case]
    said = plant(settings, sample(tmp_path, name), tmp_path / "planted", planted)
    assert missed(planted, said) == [], said


REFUSED: dict[str, tuple[str, Planted]] = {
    "locks": (
        "locks",
        {
            "a lock that no project has": (
                "settings.kts",
                'readLock("slots")',
                'readLock("slot")',
                "Move: it locks slot, which no project above it has",
            ),
            "a rule without a number": (
                "settings.kts",
                "group:QA:2",
                "group:QA",
                '"group:QA" is no rule such as user:name',
            ),
            "a rule together without a number": (
                "settings.kts",
                "LEADS):2",
                "LEADS)",
                'OPERATORS,LEADS)" is no rule',
            ),
            "a value of a lock that no project has": (
                "settings.kts",
                'lockSpecificValue("packages"',
                'lockSpecificValue("package"',
                "Move: it locks package, which no project above it has",
            ),
            "a lock without a kind": (
                "settings.kts",
                "resourceType = quoted(3)\n",
                "",
                "SharedResource: mandatory 'resourceType' property is not specified",
            ),
        },
    ),
    "pull requests": (
        "pullrequests",
        {
            "approvers of builds that nobody is asked about": (
                "settings.kts",
                "DefaultAction.APPROVE",
                "DefaultAction.IGNORE",
                "approvalRules belong to the default action APPROVE",
            ),
            "a token that is empty": (
                "settings.kts",
                'token = "credentialsJSON:00000000-0000-0000-0000-000000000000"',
                'token = ""',
                "Token: mandatory 'token' property is not specified",
            ),
        },
    ),
    "objects": (
        "objects",
        {
            "a root that no project has": (
                "settings.kts",
                "    vcsRoot(Sources)\n",
                "",
                "Compile: its VCS root Sources is not registered",
            ),
            "a template that no project has": (
                "settings.kts",
                "    template(Compiled)\n",
                "",
                "Compile: its template Compiled is not registered",
            ),
            "a root without an address and a branch": (
                "settings.kts",
                "project {\n",
                'project {\n    vcsRoot(GitVcsRoot { name = "other" })\n',
                "GitVcsRoot: mandatory 'branch' property is not specified",
            ),
        },
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_server_would_refuse_is_refused(
    settings: Settings, tmp_path: Path, case: str
) -> None:
    name, planted = REFUSED[case]
    said = plant(settings, sample(tmp_path, name), tmp_path / "planted", planted)
    assert missed(planted, said) == [], said


def sample(into: Path, name: str) -> Path:
    """Return a folder whose `.teamcity` is a sample."""
    shutil.copytree(SAMPLES / name, into / name / ".teamcity")
    return into / name
