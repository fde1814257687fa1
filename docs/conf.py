"""Sphinx configuration."""

import runpy
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import nncolor

project = "nncolor"
author = "the nncolor developers"
copyright = "2026, the nncolor developers"
version = release = nncolor.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
# tables that the scripts in benchmarks print; pages include them
exclude_patterns = ["_build", "benchmarks", "figures"]
html_static_path = ["_static"]
html_css_files = ["nncolor.css"]
# names of methods in the contents at the right, without that of their class, fit
toc_object_entries_show_parents = "hide"
html_title = "nncolor"
html_theme = "pydata_sphinx_theme"
html_theme_options = {"show_prev_next": False}
html_show_sourcelink = False
# pages without pages below them
_ALONE = (
    "index",
    "install",
    "quickstart",
    "expect",
    "faq",
    "paper",
    "faults",
    "changelog",
    "stability",
    "architecture",
    "contributing",
)
html_sidebars = {page: [] for page in _ALONE}
myst_enable_extensions = ["deflist"]

autosummary_generate = True
numpydoc_show_class_members = False


def reachable(url):
    """Whether a project's inventory can be had: without a network the documentation builds all the same."""
    try:
        with urlopen(url + "objects.inv", timeout=5):
            return True
    except (URLError, TimeoutError):
        return False


intersphinx_mapping = {
    name: (url, None)
    for name, url in {
        "python": "https://docs.python.org/3/",
        "numpy": "https://numpy.org/doc/stable/",
        "sklearn": "https://scikit-learn.org/stable/",
        "skimage": "https://scikit-image.org/docs/stable/",
        "matplotlib": "https://matplotlib.org/stable/",
    }.items()
    if reachable(url)
}
numpydoc_xref_param_type = False

runpy.run_path(str(Path(__file__).parent / "figures" / "architecture.py"))["draw"](
    Path(__file__).parent / "_static" / "architecture.svg"
)
default_role = "literal"

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"(colorize_(folder|film)|film_files)\.py",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "abort_on_example_error": True,
    # notebooks show their figures whatever backend is set
    "first_notebook_cell": "%matplotlib inline",
    "image_srcset": ["2x"],
}
