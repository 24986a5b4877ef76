"""`notify`: without an address it says it here alone; the address is never shown."""

import pytest

from .conftest import Run


def test_without_an_address_it_is_said_here(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLACK_WEBHOOK_URL", raising=False)
    done = run("notify", "--text=The pipeline has failed.")
    assert (done.code, done.out) == (0, "The pipeline has failed.\n")


def test_an_address_that_does_not_answer_fails_and_is_not_shown(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "https://127.0.0.1:1/planted")
    failed = run("notify", "--text=Hello")
    assert failed.code == 1
    assert failed.error.startswith("Slack did not take it: ")
    assert "planted" not in failed.out + failed.error


def test_an_address_without_encryption_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://hooks.slack.example/planted")
    failed = run("notify", "--text=Hello")
    assert failed.error == "SLACK_WEBHOOK_URL is no address that begins with https://.\n"
