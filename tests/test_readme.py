"""The code and the commands of the README run."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
# The grid search of the paper takes the better part of an hour; this keeps its form.
SMALLER = {
    "pixels_per_image=2500": "pixels_per_image=150",
    "[3, 5, 11]": "[1, 3]",
    "[(10,), (50,), (100,), (50, 50), (100, 100), (200, 200), (300, 300)]": "[(5,), (5, 5)]",
    "max_iter=100": "max_iter=500, tol=0.1",
    "n_splits=10, train_size=50_000, test_size=5_000": "n_splits=2, train_size=400, test_size=100",
}


def run(snippet):
    namespace = {}
    exec(compile(snippet, "README.md", "exec"), namespace)
    return namespace


def test_snippet_of_the_notebook(at_home):
    found = run(SNIPPETS[0])
    assert found["colorizer"].colorize(found["grey"][1]).shape == (50, 40, 3)


def test_configuration_of_the_paper():
    paper = run(SNIPPETS[1])["paper"]
    assert paper.get_params()["extractor__patch_size"] == 5
    assert paper.get_params()["quantizer__map_shape"] == (3, 3)
    assert paper.get_params()["classifier__hidden_layer_sizes"] == (50, 50)
    assert paper.temperature == paper.smoothing_radius == paper.validation_fraction == 0
    assert paper.working_size is None
    assert paper.pixels_per_image == 2500


def test_grid_search_of_the_paper(at_home):
    snippet = SNIPPETS[2]
    for full, small in SMALLER.items():
        assert full in snippet
        snippet = snippet.replace(full, small)
    search = run(snippet)["search"]
    assert len(search.cv_results_["params"]) == 4
    assert 0 < search.best_score_ < 1


def test_commands_are_single_lines_and_the_ones_that_ci_runs():
    prose = re.sub(r"```python\n.*?```", "", README, flags=re.DOTALL)
    commands = re.findall(r"```\n(.*?)\n```", prose, flags=re.DOTALL)
    assert len(commands) == 2
    assert all("\n" not in command and command.startswith("python3 -m venv") for command in commands)
    for command, word in zip(commands, ["plot_01", "pytest"], strict=True):
        assert re.findall(f"^python3 .*{word}.*$", README, flags=re.MULTILINE) == [command]


def test_files_that_it_names_exist():
    for name in re.findall(r"\]\((?!http)([^)]+)\)|`(examples/[^`]+)`", README):
        assert (ROOT / "".join(name)).is_file(), name
