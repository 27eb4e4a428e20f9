from importlib.util import find_spec

import pytest

from paperlib.selection import METHODS

OPTIONAL = ("facility_location", "feature_based")


@pytest.fixture(params=METHODS)
def method(request):
    """Every method whose library is installed."""
    if request.param in OPTIONAL and not find_spec("apricot"):
        pytest.skip("apricot-select is not installed")
    return request.param
