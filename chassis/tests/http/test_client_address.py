"""Which addresses are one client's."""

import pytest

from flask_chassis.http.client_address import client_of


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:5678", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]:5678", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        (None, "unknown"),
        ("_hidden", "unknown"),
        ("[", "unknown"),
        ("x" * 10_000, "unknown"),
        ("1.2.3.4.5", "unknown"),
        ("a\0b", "unknown"),
    ],
)
def test_a_client_has_one_address(address: str | None, client: str) -> None:
    assert client_of(address) == client
