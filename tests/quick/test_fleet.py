"""`./invoke flows.flows`: the graph of who calls whom, and flows that one side alone declares."""

import shutil
from pathlib import Path

import pytest
from invoke import Context, Exit

from tasks.fleet import flow_graph
from tasks.fleet.flows import flows, read


@pytest.fixture
def folders(examples: dict[str, Path], tmp_path: Path) -> dict[str, Path]:
    """The example services, to be changed, by their kinds."""
    return {kind: shutil.copytree(path, tmp_path / kind) for kind, path in examples.items()}


def run(folders: dict[str, Path], form: str = "mermaid") -> None:
    flows.body(Context(), [str(folder) for folder in folders.values()], form)


def change(folder: Path, old: str, new: str) -> None:
    file = folder / "infra" / "flows.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


def test_the_graph_of_the_examples_has_every_flow(
    folders: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    run(folders, "dot")
    lines = {line.strip() for line in capsys.readouterr().out.splitlines()}
    assert lines >= {
        '"frontend" -> "users-backend" [label="8082/TCP"];',
        '"frontend" -> "thoughts-backend" [label="8080/TCP"];',
        '"ingress-controller" -> "frontend" [label="8084/TCP"];',
        '"prometheus" -> "thoughts-backend" [label="8081/TCP"];',
        '"users-backend migration" -> "database" [label="5432/TCP"];',
    }
    assert len([line for line in lines if "->" in line]) == 22


def test_the_graph_is_one_that_mermaid_draws(
    folders: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    run(folders)
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == "flowchart LR"
    nodes = dict(line.strip().split("[", 1) for line in lines if "-->" not in line and "[" in line)
    names = {number.rstrip("("): text for number, text in nodes.items()}
    [line] = [line for line in lines if '-->|"8082/TCP"|' in line and _name(names, line) == "front"]
    assert names[line.split()[-1]].startswith('"users-backend"')


def _name(names: dict[str, str], line: str) -> str:
    return names[line.split()[0]][1:6]


@pytest.mark.parametrize(
    ("kind", "old", "new", "said"),
    [
        (
            "issuer",
            "http: [ingress-controller, frontend]",
            "http: [ingress-controller]",
            "frontend calls users-backend at 8082/TCP, and users-backend does not admit it.",
        ),
        (
            "frontend",
            "calls: [dns, users-backend, thoughts-backend]",
            "calls: [dns, users-backend]",
            "thoughts-backend admits frontend at 8080/TCP, and frontend does not call it.",
        ),
        (
            "frontend",
            "ports: [8082/TCP]",
            "ports: [9999/TCP]",
            "frontend calls users-backend at 9999/TCP, and users-backend does not admit it.",
        ),
    ],
)
def test_a_flow_that_one_side_declares_is_told(
    folders: dict[str, Path],
    capsys: pytest.CaptureFixture[str],
    kind: str,
    old: str,
    new: str,
    said: str,
) -> None:
    change(folders[kind], old, new)
    with pytest.raises(Exit, match=said):
        run(folders)
    assert "-.->" in capsys.readouterr().out


def test_a_service_that_is_not_given_is_no_fault(folders: dict[str, Path]) -> None:
    del folders["frontend"]
    assert flow_graph.one_sided(read(folders.values())) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("calls: [dns, database]", "calls: [dns, databse]", "unknown peer databse"),
        ("ports: [5432/TCP]", "ports: [70000/TCP]", "'70000/TCP' is not a port"),
        ("service: frontend", "serivce: frontend", "peers.frontend has unknown keys serivce"),
        ("metrics: [prometheus]", "metrix: [prometheus]", "unknown port metrix"),
        ("peers:", "peers: [", "invalid YAML"),
    ],
)
def test_a_fault_in_a_file_is_told(folders: dict[str, Path], old: str, new: str, said: str) -> None:
    change(folders["resource"], old, new)
    with pytest.raises(Exit, match=said):
        run(folders)


@pytest.mark.parametrize("services", [[], ["/nowhere"]])
def test_a_folder_that_is_none_is_told(services: list[str]) -> None:
    with pytest.raises(Exit, match=r"folder|FOLDER"):
        flows.body(Context(), services, "mermaid")
