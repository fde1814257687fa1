"""Imports between the packages go one way, and private names stay in their module."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "nncolor"
# Each may import those before it. `_codebook` knows only arrays and `_utils`.
LAYERS = [
    "_version",
    "_utils",
    "_codebook",
    "_network",
    "_images",
    "_emulsion",
    "_pixels",
    "_painting",
    "_model",
    "_training",
    "_validation",
    "_colorizer",
    "_editor",
]
TOP = ["metrics", "plotting", "interactive", "datasets", "__init__"]
NEVER = {
    ("_pixels", "_emulsion"),
    ("_painting", "_emulsion"),
    ("_emulsion", "_codebook"),
    ("_emulsion", "_network"),
    ("_images", "_codebook"),
    ("_pixels", "_codebook"),
    ("_network", "_codebook"),
    ("_images", "_network"),
    ("_pixels", "_network"),
}
MODULES = sorted(ROOT.rglob("*.py"))


def layer_of(module):
    """Name of the package or top module of a dotted path below nncolor, as a tuple of its parts."""
    return module[0] if module else "__init__"


def imports_of(path):
    """Pairs (module, name) of the imports from nncolor in a file; modules are tuples of names."""
    package = path.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                assert not alias.name.startswith("nncolor"), f"{path} imports {alias.name} by its full name"
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - (node.level - 1)]
            module = (*base, *(node.module.split(".") if node.module else ()))
            for alias in node.names:
                is_module = (ROOT.joinpath(*module, alias.name)).with_suffix(".py").exists()
                yield ((*module, alias.name), None) if is_module else (module, alias.name)


def violations(own, imported):
    """Why a module of the layer `own` must not import one of the layer `imported`; None if it may."""
    if own == imported:
        return None
    if (own, imported) in NEVER:
        return f"{own} must not know {imported}"
    order = [*LAYERS, *TOP]
    if own in TOP and own != "__init__":
        # the top modules do not import each other
        return f"{imported} is a top module" if imported in TOP else None
    if order.index(imported) > order.index(own):
        return f"{imported} stands above {own}"
    return None


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path):
    relative = path.relative_to(ROOT)
    own = layer_of((*relative.parent.parts, relative.stem))
    found = [violations(own, layer_of(module)) for module, _ in imports_of(path)]
    assert [violation for violation in found if violation] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_private_names_stay_in_their_module(path):
    names = [name for _, name in imports_of(path) if name is not None]
    assert [name for name in names if name.startswith("_") and not name.startswith("__")] == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_private_attributes_are_those_of_classes_of_the_module(path):
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    known = {"_replace", "_fields", "_asdict"}  # of any NamedTuple
    known |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    known |= {node.attr for node in attributes if isinstance(node.ctx, ast.Store)}
    foreign = [
        f"line {node.lineno}: {node.attr}"
        for node in attributes
        if node.attr.startswith("_")
        and not node.attr.startswith("__")
        and node.attr not in known
        and not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"))
    ]
    assert foreign == []


@pytest.mark.parametrize(
    ("own", "imported"),
    [
        ("_utils", "_images"),
        ("_images", "_pixels"),
        ("_codebook", "_images"),
        ("_pixels", "_codebook"),
        ("_painting", "_training"),
        ("_training", "_colorizer"),
        ("_colorizer", "metrics"),
        ("metrics", "__init__"),
        ("interactive", "plotting"),
    ],
)
def test_a_wrong_direction_is_found(own, imported):
    assert violations(own, imported)
