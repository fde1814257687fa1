"""HintEditor in JupyterLab and in Notebook 7, driven by a browser.

It needs both of them, ipympl, selenium, Chromium and its driver; in Debian these are the packages
chromium and chromium-driver.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from nncolor import save_image
from nncolor.datasets import load_sample_photos

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if not (BROWSER and DRIVER):
    pytest.skip("There is no Chromium with its driver.", allow_module_level=True)
for package in ("jupyterlab", "notebook", "ipympl", "selenium", "jupyter_client"):
    pytest.importorskip(package)

# those that the page shows
PAGE = (Path(__file__).parent.parent / "docs" / "editor.md").read_text(encoding="utf-8")
THREE_LINES = re.search(r"```text\n(%matplotlib widget\n.*?)\n```", PAGE, re.DOTALL)[1]
TRAINING = """\
from sklearn.naive_bayes import GaussianNB
from nncolor import PatchExtractor, SOMColorizer, SOMQuantizer
from nncolor.datasets import load_sample_photos
photos = [photo[::4, ::4] for photo in load_sample_photos().images]
colorizer = SOMColorizer(
    PatchExtractor(3), SOMQuantizer((3, 3), n_iter=2000), GaussianNB(),
    working_size=64, pixels_per_image=200, validation_fraction=0, random_state=0,
).fit(photos[:4])"""
STATIC = f"""\
%matplotlib inline
from nncolor.interactive import HintEditor
{TRAINING}
HintEditor(colorizer, "grey/photograph.png")"""
FIGURE = ".jp-OutputArea .jupyter-matplotlib-canvas-div"
SECONDS = 60


def notebook(cells):
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{number}",
            "source": cell,
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
        for number, cell in enumerate(cells)
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def wait_for(condition):
    """The first true value of a condition that is asked again and again."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.1)
    pytest.fail(f"{condition.__name__} has not come true in {SECONDS} seconds.")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Address of a JupyterLab, which serves Notebook 7 too, and the folder of its notebooks."""
    folder = tmp_path_factory.mktemp("jupyterlab")
    editor = [TRAINING, THREE_LINES]
    for name, cells in (("lab", editor), ("notebook", editor), ("static", ["", STATIC])):
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook(cells)), encoding="utf-8")
    (folder / "grey").mkdir()
    save_image(folder / "grey" / "photograph.png", load_sample_photos().images[2][::2, ::2, 1])
    settings = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("RUNTIME", "CONFIG")}
    settings["JUPYTERLAB_SETTINGS_DIR"] = str(folder / "settings")
    settings["JUPYTERLAB_WORKSPACES_DIR"] = str(folder / "workspaces")
    environment = {**os.environ, **settings}
    environment.pop("MPLBACKEND", None)  # a notebook chooses its own
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0", "--IdentityProvider.token="]
    options += [
        f"--ServerApp.root_dir={folder}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=",
    ]
    options[-1] += "jupyterlab.NeverCheckForUpdate"
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], env=environment, stdout=log, stderr=log
        )
        try:

            def running():
                assert process.poll() is None, (folder / "log.txt").read_text()
                return list((folder / "runtime").glob("jpserver-*.json"))

            yield json.loads(wait_for(running)[0].read_text())["url"], folder
        finally:
            process.terminate()
            process.wait(SECONDS)


@pytest.fixture
def driver(tmp_path):
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in ("--headless=new", "--no-sandbox", "--window-size=1200,1400", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.add_argument(f"--user-data-dir={tmp_path / 'profile'}")
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def run_notebook(driver, server, page):
    """Open the page of a notebook, run its cells, and connect to its kernel."""
    from jupyter_client import BlockingKernelClient
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    url, folder = server
    before = set((folder / "runtime").glob("kernel-*.json"))
    driver.get(f"{url}{page}")

    def started():
        new = set((folder / "runtime").glob("kernel-*.json")) - before
        return [path for path in new if path.stat().st_size]

    client = BlockingKernelClient(connection_file=str(wait_for(started).pop()))
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(SECONDS)

    def cells():
        return driver.find_elements(By.CSS_SELECTOR, ".jp-Notebook .jp-CodeCell .cm-content")

    for number in range(2):
        wait_for(lambda number=number: len(cells()) > number)
        cells()[number].click()
        cells()[number].send_keys(Keys.SHIFT, Keys.ENTER)
    return client


def value_of(client, expression):
    """Value of an expression in the kernel of the notebook; None as long as it has none."""
    reply = client.execute(
        "", user_expressions={"value": f"__import__('json').dumps({expression})"}, reply=True, timeout=SECONDS
    )
    value = reply["content"]["user_expressions"]["value"]
    return json.loads(eval(value["data"]["text/plain"])) if value["status"] == "ok" else None


class Canvas:
    """The canvas of an editor in the browser; its actions are at pixels of the image that axes show."""

    def __init__(self, driver, client):
        from selenium.webdriver.common.by import By

        self.driver, self.client = driver, client

        def canvases():
            return driver.find_elements(By.CSS_SELECTOR, f"{FIGURE} canvas")

        # ipympl lays a second canvas, for the rubber band, over the picture
        self.element = wait_for(canvases)[-1]

    def move_to(self, row, column, axes="ax_", chain=None):
        from selenium.webdriver import ActionChains

        left, top, width, height = value_of(
            self.client,
            f"[*map(float, editor.{axes}.transData.transform(({column}, {row})))] + "
            "[float(size) for size in editor.figure_.bbox.size]",
        )
        size = self.element.size
        scale = size["width"] / width
        right = left * scale - size["width"] / 2
        down = (height - top) * scale - size["height"] / 2
        chain = chain or ActionChains(self.driver)
        return chain.move_to_element_with_offset(self.element, round(right), round(down))

    def click(self, *place):
        self.move_to(*place).click().perform()

    def drag(self, start, end):
        chain = self.move_to(*start).click_and_hold()
        for step in range(1, 6):
            row, column = (a + (b - a) * step / 5 for a, b in zip(start, end, strict=True))
            chain = self.move_to(row, column, chain=chain)
        chain.release().perform()


@pytest.mark.parametrize(
    "page", ["lab/workspaces/lab/tree/lab.ipynb", "notebooks/notebook.ipynb"], ids=["lab", "notebook"]
)
def test_a_photograph_is_corrected_and_saved(driver, server, page, tmp_path):
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    saved = server[1] / "grey" / "photograph_colored.png"
    saved.unlink(missing_ok=True)
    client = run_notebook(driver, server, page)
    canvas = Canvas(driver, client)
    client.execute("editor = _", reply=True, timeout=SECONDS)
    wait_for(lambda: value_of(client, "len(editor.tints_)") == 5)
    driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", canvas.element)
    time.sleep(1)  # the figure is laid out when it is first drawn
    # the picture is there once, and no toolbar covers it
    assert len(driver.find_elements(By.CSS_SELECTOR, FIGURE)) == 1
    toolbars = driver.find_elements(By.CSS_SELECTOR, ".jupyter-matplotlib-toolbar")
    assert not any(toolbar.is_displayed() for toolbar in toolbars)

    def becomes(expression, expected=True):
        wait_for(lambda: value_of(client, expression) == expected)

    name = driver.find_element(By.CSS_SELECTOR, ".widget-text input")
    for color, chosen in (("grean", "#808000"), ("red", "red")):
        name.send_keys(Keys.CONTROL + "a" + Keys.NULL + color + Keys.ENTER)
        wait_for(lambda color=color: message_of(driver, "grean") == (color == "grean"))
        becomes("editor.color", chosen)

    canvas.click(100, 60)
    becomes("[hint[2] for hint in editor.hints]", ["red"])
    row, column = value_of(client, "editor.hints[0][:2]")
    assert abs(row - 100) <= 1
    assert abs(column - 60) <= 1
    painted = value_of(client, f"editor.colored_[{row}, {column}].tolist()")
    assert painted[0] > painted[1] + 30

    canvas.drag((row, column), (50, 90))
    becomes("abs(editor.hints[0][0] - 50) < 3 and abs(editor.hints[0][1] - 90) < 3")
    canvas.click(120, 200)
    becomes("len(editor.hints)", 2)
    canvas.move_to(*value_of(client, "editor.hints[0][:2]")).context_click().perform()
    becomes("len(editor.hints)", 1)
    assert driver.find_elements(By.CSS_SELECTOR, ".lm-Menu") == []
    canvas.click(*value_of(client, "editor.hints[0][:2]"))
    becomes("editor.selected", 0)
    ActionChains(driver).send_keys(Keys.DELETE).perform()
    becomes("editor.hints", [])

    button = {
        element.text: element
        for kind in ("button", "toggle-button")
        for element in driver.find_elements(By.CSS_SELECTOR, f"button.widget-{kind}")
    }
    button["undo"].click()
    becomes("len(editor.hints)", 1)
    canvas.click(20, 20, "alternatives_ax_[2]")
    becomes("editor.tint is editor.tints_[2]")
    canvas.click(0, 3, "palette_ax_")
    becomes("editor.color == editor.palette_[3]")
    canvas.move_to(30, 30).key_down(Keys.SHIFT).click().key_up(Keys.SHIFT).perform()
    becomes("editor.color != editor.palette_[3]")
    assert len(value_of(client, "editor.hints")) == 1

    saturation, reach = driver.find_elements(By.CSS_SELECTOR, ".noUi-handle")
    ActionChains(driver).drag_and_drop_by_offset(saturation, 40, 0).perform()
    becomes("editor.saturation > 1")
    ActionChains(driver).drag_and_drop_by_offset(reach, -70, 0).perform()
    becomes("editor.hint_reach is not None")
    button["before"].click()
    becomes("editor.before")
    button["before"].click()
    becomes("editor.before", False)

    # with zoom, a drag is no hint
    button["zoom"].click()
    becomes("str(editor.figure_.canvas.toolbar.mode)", "zoom rect")
    canvas.drag((20, 20), (90, 120))
    becomes("bool(editor.ax_.get_xlim()[0] > 10)")
    button["whole"].click()
    becomes("bool(editor.ax_.get_xlim()[0] < 0)")
    becomes("str(editor.figure_.canvas.toolbar.mode)", "")
    assert len(value_of(client, "editor.hints")) == 1

    button["save"].click()
    wait_for(lambda: message_of(driver, "photograph_colored.png is saved"))
    written = np.array(PIL.Image.open(saved))
    assert written.tolist() == value_of(client, "editor.colored_.tolist()")
    driver.save_screenshot(str(tmp_path / "editor.png"))
    client.stop_channels()


def message_of(driver, text):
    """Whether a text is in a message."""
    from selenium.webdriver.common.by import By

    messages = driver.find_elements(By.CSS_SELECTOR, ".widget-html-content")
    return any(text in element.text for element in messages)


def test_without_the_magic_a_warning_names_it(driver, server):
    from selenium.webdriver.common.by import By

    client = run_notebook(driver, server, "lab/workspaces/static/tree/static.ipynb")

    def outputs():
        return [element.text for element in driver.find_elements(By.CSS_SELECTOR, ".jp-OutputArea-output")]

    wait_for(lambda: any("%matplotlib widget" in text for text in outputs()))
    assert len(driver.find_elements(By.CSS_SELECTOR, ".jp-OutputArea-output img")) == 1
    client.stop_channels()
