"""HintEditor in JupyterLab, driven by a browser.

It needs JupyterLab, ipympl, selenium, Chromium and its driver; in Debian these are the packages chromium and
chromium-driver.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
if not (BROWSER and DRIVER):
    pytest.skip("There is no Chromium with its driver.", allow_module_level=True)
for package in ("jupyterlab", "ipympl", "selenium", "jupyter_client"):
    pytest.importorskip(package)

CELLS = [
    "%matplotlib widget",
    """\
import numpy as np
from sklearn.naive_bayes import GaussianNB
from nncolor import PatchExtractor, SOMColorizer, SOMQuantizer
from nncolor.datasets import load_sample_photos
from nncolor.interactive import HintEditor
photos = [photo[::4, ::4] for photo in load_sample_photos().images]
colorizer = SOMColorizer(
    PatchExtractor(3), SOMQuantizer((3, 3), n_iter=2000), GaussianNB(),
    working_size=64, pixels_per_image=200, validation_fraction=0, random_state=0,
).fit(photos[:4])
editor = HintEditor(colorizer, photos[2][..., 1], n_alternatives=3, color="#ff0000")
editor""",
]
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
    """Address of a JupyterLab, and the folder of its notebooks and connection files."""
    folder = tmp_path_factory.mktemp("jupyterlab")
    (folder / "editor.ipynb").write_text(json.dumps(notebook(CELLS)), encoding="utf-8")
    (folder / "pictures.ipynb").write_text(
        json.dumps(notebook(["%matplotlib inline", CELLS[1]])), encoding="utf-8"
    )
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


def run_notebook(driver, server, name):
    """Open a notebook, run its cells, and connect to its kernel."""
    from jupyter_client import BlockingKernelClient
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    url, folder = server
    before = set((folder / "runtime").glob("kernel-*.json"))
    driver.get(f"{url}lab/workspaces/{Path(name).stem}/tree/{name}")

    def started():
        return set((folder / "runtime").glob("kernel-*.json")) - before

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


def click(driver, canvas, client, axes, x, y):
    """Click on a point of axes, in pixels of the image they show."""
    from selenium.webdriver import ActionChains

    left, top, width, height = value_of(
        client,
        f"[*map(float, editor.{axes}.transData.transform(({x}, {y})))] + "
        "[float(size) for size in editor.figure_.bbox.size]",
    )
    scale = canvas.size["width"] / width
    right = left * scale - canvas.size["width"] / 2
    down = (height - top) * scale - canvas.size["height"] / 2
    ActionChains(driver).move_to_element_with_offset(canvas, round(right), round(down)).click().perform()


def test_a_photograph_is_corrected(driver, server, tmp_path):
    from selenium.webdriver.common.by import By

    client = run_notebook(driver, server, "editor.ipynb")

    def canvases():
        return driver.find_elements(By.CSS_SELECTOR, ".jp-OutputArea .jupyter-matplotlib-canvas-div canvas")

    # ipympl lays a second canvas, for the rubber band, over the picture
    canvas = wait_for(canvases)[-1]
    wait_for(lambda: value_of(client, "len(editor.tints_)") == 4)
    time.sleep(1)  # the figure is laid out when it is first drawn
    # the picture is there once
    assert len(driver.find_elements(By.CSS_SELECTOR, ".jp-OutputArea .jupyter-matplotlib-canvas-div")) == 1

    click(driver, canvas, client, "ax_", 30, 50)
    wait_for(lambda: value_of(client, "editor.hints") == [[50, 30, "#ff0000"]])
    painted = value_of(client, "editor.colored_[50, 30].tolist()")
    assert painted[0] > painted[1] + 30

    click(driver, canvas, client, "alternatives_ax_[2]", 20, 20)
    wait_for(lambda: value_of(client, "editor.tint is editor.tints_[2]"))
    assert value_of(client, "editor.hints") == [[50, 30, "#ff0000"]]

    # with the toolbar's zoom, a drag is no hint
    driver.find_element(By.CSS_SELECTOR, "button[title^='Zoom to rectangle']").click()
    wait_for(lambda: value_of(client, "str(editor.figure_.canvas.toolbar.mode)") == "zoom rect")
    drag(driver, canvas, client, (20, 20), (90, 70))
    wait_for(lambda: value_of(client, "editor.ax_.get_xlim()[0]") > 10)
    assert len(value_of(client, "editor.hints")) == 1
    driver.find_element(By.CSS_SELECTOR, "button[title^='Zoom to rectangle']").click()
    wait_for(lambda: value_of(client, "str(editor.figure_.canvas.toolbar.mode)") == "")
    click(driver, canvas, client, "ax_", 60, 40)
    wait_for(lambda: len(value_of(client, "editor.hints")) == 2)
    assert value_of(client, "editor.hints")[1][:2] == [40, 60]

    name = driver.find_element(By.CSS_SELECTOR, ".widget-text input")
    for wrong, expected in (("grean", "#ff0000"), ("teal", "teal")):
        name.send_keys("\ue009a\ue000" + wrong + "\ue007")  # control and a, enter
        wait_for(
            lambda wrong=wrong: (
                driver.find_element(By.CSS_SELECTOR, ".widget-text input").get_attribute("value") == wrong
            )
        )
        wait_for(lambda expected=expected: value_of(client, "editor.color") == expected)
        message = driver.find_element(By.CSS_SELECTOR, ".widget-html-content")
        wait_for(lambda wrong=wrong, message=message: ("grean" in message.text) == (wrong == "grean"))

    button = {
        element.text: element for element in driver.find_elements(By.CSS_SELECTOR, "button.widget-button")
    }
    button["clear"].click()
    wait_for(lambda: value_of(client, "editor.hints") == [])
    for n_hints, tint in ((2, "2"), (1, "2"), (1, "0")):
        button["undo"].click()
        wait_for(lambda n_hints=n_hints: len(value_of(client, "editor.hints")) == n_hints)
        wait_for(lambda tint=tint: value_of(client, f"editor.tint is editor.tints_[{tint}]"))
    driver.save_screenshot(str(tmp_path / "editor.png"))
    client.stop_channels()


def drag(driver, canvas, client, start, end):
    from selenium.webdriver import ActionChains

    places = []
    for x, y in (start, end):
        left, top, width, height = value_of(
            client,
            f"[*map(float, editor.ax_.transData.transform(({x}, {y})))] + "
            "[float(size) for size in editor.figure_.bbox.size]",
        )
        scale = canvas.size["width"] / width
        places.append(
            (
                round(left * scale - canvas.size["width"] / 2),
                round((height - top) * scale - canvas.size["height"] / 2),
            )
        )
    chain = ActionChains(driver).move_to_element_with_offset(canvas, *places[0]).click_and_hold()
    for step in range(1, 6):
        chain = chain.move_to_element_with_offset(
            canvas, *(round(a + (b - a) * step / 5) for a, b in zip(*places, strict=True))
        )
    chain.release().perform()


def test_without_the_magic_a_warning_names_it(driver, server):
    from selenium.webdriver.common.by import By

    client = run_notebook(driver, server, "pictures.ipynb")

    def outputs():
        return [element.text for element in driver.find_elements(By.CSS_SELECTOR, ".jp-OutputArea-output")]

    wait_for(lambda: any("%matplotlib widget" in text for text in outputs()))
    assert len(driver.find_elements(By.CSS_SELECTOR, ".jp-OutputArea-output img")) == 1
    client.stop_channels()
