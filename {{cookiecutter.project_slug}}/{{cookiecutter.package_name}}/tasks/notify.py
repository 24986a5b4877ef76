"""Tells the team something in its channel."""

import json
import os
from urllib.error import URLError
from urllib.request import Request, urlopen

from invoke import Context, Exit, task

TIMEOUT_SECONDS = 10


@task(help={"text": "What to say"})
def notify(context: Context, text: str) -> None:
    """Say something in the team's Slack channel, by SLACK_WEBHOOK_URL; without it, only here."""
    print(text)
    url = os.environ.get("SLACK_WEBHOOK_URL", "")
    if not url:
        return
    if not url.startswith("https://"):
        raise Exit("SLACK_WEBHOOK_URL is no address that begins with https://.", 1)
    body = json.dumps({"text": text}).encode()
    request = Request(url, body, {"Content-Type": "application/json"})  # noqa: S310 - looked at
    try:
        urlopen(request, timeout=TIMEOUT_SECONDS).close()  # noqa: S310 - as above
    except (URLError, TimeoutError) as error:
        # The address is a secret: it is in no log.
        raise Exit(f"Slack did not take it: {getattr(error, 'reason', error)}", 1) from None
