import pytest

from paperlib.pages.parameters import ParameterError, check, were_given

NAMES = {"profile": str, "images": int, "share": float, "fast": bool}


def namespace(*cells, **values):
    return {
        "__annotations__": NAMES,
        "In": ["", "profile: str = 'quick'", *cells],
        "profile": "quick",
        "images": 6,
        "share": 0.5,
        "fast": True,
        **values,
    }


def test_good_parameters_pass():
    check(namespace())
    check(namespace("# Parameters\nprofile = 'cpu'\nimages = 3\n", share=1, images=3))
    check(namespace("# Parameters\n", "anything = 3"))  # what later cells define is nobody's parameter


def test_an_unknown_name_stops_the_notebook():
    with pytest.raises(ParameterError, match=r"unknown parameter profil; this notebook has profile \(str\), images"):
        check(namespace("# Parameters\nprofil = 'cpu'\n"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"images": "six"}, "parameter images is 'six', a str"),
        ({"images": 6.0}, "images is 6.0, a float"),
        ({"images": True}, "images is True, a bool"),
        ({"share": "0.5"}, "share is '0.5'"),
        ({"share": False}, "share is False"),
        ({"profile": None}, "profile is None"),
        ({"profile": 1}, "profile is 1, a int"),
        ({"fast": 1}, "fast is 1, a int"),
    ],
)
def test_a_value_of_the_wrong_type_stops_the_notebook(values, message):
    with pytest.raises(ParameterError, match=message):
        check(namespace(**values))


def test_a_value_that_is_no_choice_stops_the_notebook():
    check(namespace(), profile=("quick", "cpu"))
    with pytest.raises(ParameterError, match="parameter profile is 'quick': choose from 'cpu', 'paper'"):
        check(namespace(), profile=("cpu", "paper"))


def test_whether_papermill_gave_parameters():
    assert not were_given(namespace()) and not were_given({})
    assert were_given(namespace("# Parameters\nprofile = 'cpu'\n"))
