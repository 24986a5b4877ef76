"""The image with the extra `gevent`: `run --gevent` serves from it as the threads do."""

import requests

from tests.docker import engine
from tests.docker.conftest import PREFIX
from tests.docker.stack import TIMEOUT_SECONDS, Service, Stack
from tests.services import InstalledService


def test_an_image_with_the_extra_serves_with_greenlets(
    stack: Stack, rendered_service: InstalledService
) -> None:
    tag = f"{PREFIX}:gevent"
    engine.build(rendered_service.path, tag, "--build-arg=EXTRAS=gevent")
    with Service(stack, image=tag, mode=("--gevent",)) as service:
        service.until_ready()
        url, headers = f"{service.address}/api/me/thoughts/", stack.bearer("greta")
        made = requests.post(url, {"text": "x"}, headers=headers, timeout=TIMEOUT_SECONDS)
        assert made.status_code == 201
        read = requests.get(url, headers=headers, timeout=TIMEOUT_SECONDS).json()
        assert [each["id"] for each in read] == [made.json()["id"]]
        assert "gevent" in service.run("cat", "/proc/1/cmdline")
