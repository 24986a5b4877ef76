"""Settings of TeamCity in which a team has answered all that it can be asked."""

import shutil
from pathlib import Path

SECRET = "credentialsJSON:00000000-0000-0000-0000-0000000000"
"""What the tokens here begin with; the next digit is that of the stage."""

STAGES = ("staging", "production")

OF_A_STAGE = """\
        kubeconfig = "{secret}1",
        registry = Login("https://r.example", "reader", "{secret}2"),
        database = Database("db.{stage}", "{secret}3", "postgres", "{secret}4"),
"""

OF_ALL = f"""\
slackConnection = "PROJECT_EXT_2",
    slackChannel = "#thoughts",
    gitHubToken = "{SECRET}50",
    templateSshKey = "template",
    templateToken = "{SECRET}52",
    templateUser = "reader",
    registry = Login("https://r.example", "writer", "{SECRET}51"),
    signingKey = SigningKey("{SECRET}53", "{SECRET}54"),
    // Further"""

IMPORTS = "".join(
    f"import pipeline.{name}\n" for name in ("Database", "Login", "Service", "SigningKey")
)


def answer(service: Path, into: Path) -> Path:
    """Return a copy of a service's settings with all answers; pipeline/ is as it was."""
    folder = shutil.copytree(service / ".teamcity", into / ".teamcity")
    script = folder / "settings.kts"
    lines = []
    for line in script.read_text("utf-8").splitlines(keepends=True):
        lines.append(line)
        if line.strip().startswith('"https://'):
            number = sum(each.startswith("        kubeconfig") for each in lines)
            lines += OF_A_STAGE.format(secret=f"{SECRET}{number}", stage=STAGES[number]).splitlines(
                keepends=True
            )
    text = "".join(lines).replace("// Further ones", OF_ALL, 1)
    script.write_text(text.replace("import pipeline.Service\n", IMPORTS, 1), "utf-8")
    return folder
