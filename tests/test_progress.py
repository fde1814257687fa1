import re

from conftest import quick_colorizer

from nncolor import CodewordClassifier, SOMQuantizer, sample_pixels


def test_silence_by_default(photos, capfd):
    quick_colorizer().fit(photos).predict(photos)
    sample_pixels(photos, working_size=None)
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_bars_of_all_steps(photos, capfd):
    classifier = CodewordClassifier(n_training_pixels=50_000)
    quick_colorizer(verbose=1, classifier=classifier).fit(photos).predict(photos)
    bars = capfd.readouterr().err
    assert re.search(r"reading: 100%.* 4/4 ", bars)
    assert re.search(r"self-organizing map: 100%.* 2000/2000 ", bars)
    assert re.search(r"training: 100%.* 5/5 ", bars)
    assert re.search(r"images: 100%.* 4/4 ", bars)


def test_bars_of_the_parts(photos, capfd):
    pixels = sample_pixels(photos, verbose=1, working_size=None)
    SOMQuantizer(n_iter=1500, verbose=1).fit(pixels.chroma)
    bars = capfd.readouterr().err
    assert re.search(r"reading: 100%.* 4/4 ", bars)
    assert re.search(r"self-organizing map: 100%.* 1500/1500 ", bars)


def test_bars_do_not_flood_a_log(photos, capfd):
    # capfd is no terminal
    quick_colorizer(verbose=1).fit(photos * 30).predict(photos * 30)
    lines = re.split(r"[\r\n]", capfd.readouterr().err)
    for bar in ("reading", "self-organizing map", "images"):
        assert 1 <= sum(line.startswith(bar) for line in lines) <= 4
