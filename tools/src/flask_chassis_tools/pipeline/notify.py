"""Posts messages to the team's Slack channel."""

import json
import os
from urllib.error import URLError
from urllib.request import Request, urlopen

from invoke import Context, Exit, task

TIMEOUT_SECONDS = 10


@task(
    help={
        "text": "The message",
        "if-failed": "Only if the job of GitLab that this ends has failed (CI_JOB_STATUS)",
    }
)
def notify(context: Context, text: str, if_failed: bool = False) -> None:
    """Print a message, and post it to Slack if SLACK_WEBHOOK_URL is set."""
    if if_failed and os.environ.get("CI_JOB_STATUS") != "failed":
        print("The job has not failed: no message is sent.")
        return
    print(text)
    url = os.environ.get("SLACK_WEBHOOK_URL", "")
    if not url:
        return
    if not url.startswith("https://"):
        raise Exit("SLACK_WEBHOOK_URL must begin with https://.", 1)
    body = json.dumps({"text": text}).encode()
    request = Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - looked at
    try:
        urlopen(request, timeout=TIMEOUT_SECONDS).close()  # noqa: S310 - as above
    except (URLError, TimeoutError) as error:
        # The address is a secret and must not be logged.
        raise Exit(
            f"Slack did not accept the message: {getattr(error, 'reason', error)}", 1
        ) from None
