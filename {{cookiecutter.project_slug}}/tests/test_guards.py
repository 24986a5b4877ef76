"""Rules that the code of every service must follow."""

import pytest
from flask_chassis.testing import guards


@pytest.mark.parametrize("guard", guards.applicable(), ids=str)
def test_guard(guard: guards.Guard, service_code: guards.ServiceCode) -> None:
    guard.check(service_code)
