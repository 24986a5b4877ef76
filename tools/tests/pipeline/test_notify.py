"""Test `notify`."""

import pytest

from ..conftest import Run


def test_without_a_webhook_the_message_is_only_printed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLACK_WEBHOOK_URL", raising=False)
    done = run("notify", "--text=The pipeline has failed.")
    assert (done.code, done.out) == (0, "The pipeline has failed.\n")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("failed", "The deployment has failed.\n"),
        ("success", "The job has not failed: no message is sent.\n"),
        ("canceled", "The job has not failed: no message is sent.\n"),
    ],
)
def test_the_end_of_a_job_is_told_only_if_it_has_failed(
    run: Run, monkeypatch: pytest.MonkeyPatch, status: str, said: str
) -> None:
    monkeypatch.delenv("SLACK_WEBHOOK_URL", raising=False)
    monkeypatch.setenv("CI_JOB_STATUS", status)
    done = run("notify", "--if-failed", "--text=The deployment has failed.")
    assert (done.code, done.out) == (0, said)


def test_a_webhook_that_does_not_respond_fails_and_is_not_logged(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "https://127.0.0.1:1/planted")
    failed = run("notify", "--text=Hello")
    assert failed.code == 1
    assert failed.error.startswith("Slack did not accept the message: ")
    assert "planted" not in failed.out + failed.error


def test_a_webhook_without_tls_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", "http://hooks.slack.example/planted")
    failed = run("notify", "--text=Hello")
    assert failed.error == "SLACK_WEBHOOK_URL must begin with https://.\n"
