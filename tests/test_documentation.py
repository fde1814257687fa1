"""The code of the pages and the notebooks of the gallery run, and notebooks link to the pages."""

import asyncio
import gc
import json
import re
import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import nbclient
import nbformat
import pytest
from sphinx_gallery.gen_gallery import DEFAULT_GALLERY_CONF
from sphinx_gallery.notebook import jupyter_notebook
from sphinx_gallery.py_source_parser import split_code_and_text_blocks

from nncolor import PatchExtractor, SOMColorizer, SOMQuantizer

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path.stem for path in (ROOT / "docs").glob("*.md") if "```python" in path.read_text(encoding="utf-8")
)


def test_pages_with_code_are_found():
    assert {"quickstart", "tint", "hints", "film"} <= set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs_from_top_to_bottom(page, at_home, monkeypatch):
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    namespace = {}
    monkeypatch.setattr(plt, "show", lambda: None)
    for snippet in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL):
        exec(compile(snippet, f"{page}.md", "exec"), namespace)
    plt.close("all")


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    """The gallery's notebooks, executed, by name."""
    folder = tmp_path_factory.mktemp("notebooks")
    scripts = sorted((ROOT / "examples").glob("plot_*.py"))
    settings = runpy.run_path(str(ROOT / "docs" / "conf.py"))["sphinx_gallery_conf"]
    gallery = {**DEFAULT_GALLERY_CONF, **settings}

    async def executed(script, two_at_a_time):
        _, blocks = split_code_and_text_blocks(script)
        content = jupyter_notebook(blocks, gallery, str(folder))
        notebook = nbformat.reads(json.dumps(content), as_version=4)
        client = nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}})
        async with two_at_a_time:
            return await client.async_execute()

    async def all_executed():
        two_at_a_time = asyncio.Semaphore(2)
        return await asyncio.gather(*(executed(script, two_at_a_time) for script in scripts))

    found = dict(zip([script.stem for script in scripts], asyncio.run(all_executed()), strict=True))
    # what kernels leave behind is found here, and not in the test that happens to run next
    gc.collect()
    return found


def test_the_notebooks_of_the_gallery_run_and_show_pictures(notebooks):
    assert [name[5:7] for name in notebooks] == [f"{number:02}" for number in range(1, len(notebooks) + 1)]
    for name, notebook in notebooks.items():
        outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
        assert any("image/png" in output.get("data", {}) for output in outputs), name
        for output in outputs:
            assert output.output_type != "error"
            # scikit-learn's own, of a search over layers of different depth under numpy before 1.24
            if "ragged nested sequences" not in output.get("text", ""):
                assert output.get("name") != "stderr", f"{name}: {output.get('text')}"


@pytest.mark.parametrize("estimator", [SOMColorizer(), SOMQuantizer((2, 3)), PatchExtractor(7)], ids=str)
def test_a_notebook_shows_an_estimator_and_links_only_to_existing_pages(estimator):
    name = type(estimator).__name__
    html = estimator._repr_html_()
    assert "generated/nncolor" not in html
    listed = (ROOT / "docs" / "api.rst").read_text(encoding="utf-8")
    assert f"   {name}\n" in listed
    for parameter in estimator.get_params(deep=False):
        assert parameter in html
    assert max(map(len, repr(estimator).splitlines())) <= 80


def test_a_fitted_colorizer_shows_its_parts(colorizer):
    html = colorizer._repr_html_()
    for part in ("PatchExtractor", "SOMQuantizer", "MLPClassifier"):
        assert part in html
