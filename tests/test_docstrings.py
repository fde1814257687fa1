"""Every public name is documented: parameters, results, sources, an example that runs (as a doctest)."""

import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest
from numpydoc.validate import validate

import nncolor

API_PAGE = Path(__file__).parent.parent / "docs" / "api.rst"
LISTED = re.findall(r"^   ([\w.]+)$", API_PAGE.read_text(encoding="utf-8"), re.MULTILINE)
PUBLIC = [f"nncolor.{name}" for name in LISTED]
# An extended summary, See Also and an example of their own are not for every method; a named result is how
# scikit-learn writes it; a summary may say what something is.
LEFT_OUT = {"ES01", "SA01", "RT02", "SS05"}


def found(name):
    module, _, attribute = name.rpartition(".")
    return getattr(import_module(module), attribute)


def methods(name):
    """Public methods of a class that nncolor defines, by name."""
    for attribute, value in inspect.getmembers(found(name), inspect.isroutine):
        if not attribute.startswith("_") and value.__module__.startswith("nncolor"):
            yield f"{name}.{attribute}"


CLASSES = [name for name in PUBLIC if inspect.isclass(found(name))]
METHODS = [method for name in CLASSES for method in methods(name)]


def test_the_page_lists_every_public_name():
    names = {f"nncolor.{name}" for name in nncolor.__all__ if callable(getattr(nncolor, name))}
    for module in ("datasets", "metrics", "plotting", "interactive"):
        for name in import_module(f"nncolor.{module}").__all__:
            if not name.endswith("_scorer"):  # instances of ColorizationScorer, named on the page
                names.add(f"nncolor.{module}.{name}")
    assert set(PUBLIC) == names


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names(name):
    errors = [error for error in validate(name)["errors"] if error[0] not in LEFT_OUT]
    assert errors == []


@pytest.mark.parametrize("name", METHODS)
def test_methods(name):
    errors = [error for error in validate(name)["errors"] if error[0] not in LEFT_OUT | {"EX01"}]
    assert errors == []


@pytest.mark.parametrize("name", [name for name in CLASSES if hasattr(found(name), "fit")])
def test_attributes_and_raises(name):
    document = inspect.getdoc(found(name))
    for section in ("Parameters", "Examples"):
        assert f"{section}\n{'-' * len(section)}" in document
    fitted = re.findall(r"^((?:\w+_, )*\w+_) : ", document, re.MULTILINE)
    if name != "nncolor.PatchExtractor":  # it has nothing to fit
        assert "Attributes\n----------" in document
        assert fitted


@pytest.mark.parametrize("name", [name for name in [*PUBLIC, *METHODS] if name not in CLASSES])
def test_raises_where_it_raises(name):
    owner, _, attribute = name.rpartition(".")
    thing = found(name) if name in PUBLIC else getattr(found(owner), attribute)
    raised = set(re.findall(r"^ +raise (\w+)\(", inspect.getsource(thing), re.MULTILINE))
    document = inspect.getdoc(thing)
    assert {error for error in raised if f"{error}\n" not in document} == set()
