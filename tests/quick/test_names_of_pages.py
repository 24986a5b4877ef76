"""A frontend speaks of what its answers call its resource."""

import re
from pathlib import Path

import pytest

from tasks.render import render

SHOP = {
    "project_name": "Shop",
    "kind": "frontend",
    "resource_name": "shop_order",
    "resource_plural": "shop_orders",
}


def said(service: Path, word: str) -> list[str]:
    """Return where a service's texts, code and names of files have a word."""
    found = []
    for path in sorted(each for each in service.rglob("*") if each.is_file()):
        name = path.relative_to(service).as_posix()
        if name.startswith("vendor/"):
            continue
        if word in name.lower():
            found.append(name)
        lines = path.read_text("utf-8").lower().splitlines()
        found += [f"{name}:{number}" for number, line in enumerate(lines, 1) if word in line]
    return found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A frontend of another resource than the example."""
    return render(tmp_path_factory.mktemp("shop"), SHOP)


def test_a_frontend_of_another_resource_says_nothing_of_thoughts(shop: Path) -> None:
    assert said(shop, "thought") == []


def test_a_word_that_is_left_is_found(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "thoughts").mkdir()
    (tmp_path / "thoughts" / "a.html").write_text("<h1>\nMy Thoughts</h1>")
    assert said(tmp_path, "thought") == ["thoughts/a.html", "thoughts/a.html:2"]
    assert said(shop, "shop_order")
    assert said(shop, "shop order")


def test_its_pages_and_its_service_are_called_so(shop: Path) -> None:
    ingress = (shop / "infra/kubernetes/base/ingress.yaml").read_text("utf-8")
    assert "path: /shop_orders\n" in ingress
    assert "shop-orders-backend" in (shop / "infra/flows.yaml").read_text("utf-8")
    for name in ("settings.yaml", "shop/pages/reading.py"):
        assert re.search(r"\bshop_orders\b", (shop / name).read_text("utf-8"))
    assert (shop / "shop/clients/shop_orders/models.py").is_file()
