"""Cards on a played kernel move their blocks one by one and together: each test of theirs runs both ways."""

import pytest

BOTH_WAYS = ("test_dahdi_card", "test_dahdi_lines", "test_dahdi_cross")


@pytest.fixture(autouse=True)
def together(request, monkeypatch):
    if request.module.__name__.rpartition(".")[2] in BOTH_WAYS:
        from tests.drivers.dahdi_kernel import Bench  # built without DAHDI there is none

        monkeypatch.setattr(Bench, "at_once", request.param)


def pytest_generate_tests(metafunc):
    if metafunc.module.__name__.rpartition(".")[2] in BOTH_WAYS:
        metafunc.parametrize("together", [False, True], ids=["one by one", "together"], indirect=True)
