"""Type checks of a user's script and of the package."""

import re
import sys
from pathlib import Path

import pytest
from test_docstrings import METHODS, PUBLIC

ROOT = Path(__file__).parent.parent
SCRIPT = ROOT / "tests" / "typed" / "use_every_name.py"


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """check(arguments): what mypy prints, and its exit status."""
    api = pytest.importorskip("mypy.api")
    cache = tmp_path_factory.mktemp("mypy")

    def run(*arguments):
        config = SCRIPT.parent.parent.parent / "pyproject.toml"
        options = [
            "--config-file",
            str(config),
            "--cache-dir",
            str(cache),
            "--python-executable",
            sys.executable,
        ]
        out, err, status = api.run([str(argument) for argument in [*options, *arguments]])
        return out + err, status

    return run


def test_the_package(check):
    n_modules = len(list((ROOT / "nncolor").rglob("*.py")))
    assert check("-p", "nncolor") == (f"Success: no issues found in {n_modules} source files\n", 0)


def test_a_script_that_names_everything(check):
    assert check("--strict", SCRIPT) == ("Success: no issues found in 1 source file\n", 0)


def test_the_script_names_everything():
    text = SCRIPT.read_text(encoding="utf-8")
    used = set(re.findall(r"\w+", text))
    names = {name.rpartition(".")[2] for name in [*PUBLIC, *METHODS]}
    inherited = {"get_metadata_routing", "set_output", "fit_predict", "fit_transform", "to_minisom"}
    assert names - used - inherited == set()


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("SOMColorizer(temperature='cold')", "arg-type"),
        ("SOMColorizer().codebok_", "attr-defined"),
        ("HintEditor('grey.png', SOMColorizer())", "arg-type"),
        ("SOMColorizer().predict(['a.png']).shape", "attr-defined"),
        ("sample_pixels(['a.png'], n_per_img=3)", "call-arg"),
        ("SOMColorizer().fit(3)", "arg-type"),
    ],
)
def test_mistakes_are_found(check, tmp_path, line, error):
    script = tmp_path / "script.py"
    script.write_text(
        "from nncolor import SOMColorizer, sample_pixels\nfrom nncolor.interactive import HintEditor\n" + line
    )
    out, status = check("--strict", script)
    assert f"[{error}]" in out
    assert status == 1
