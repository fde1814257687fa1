"""Images of extreme sizes, and several threads at once."""

import struct
import threading
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
import tifffile
from conftest import quick_colorizer
from numpy.testing import assert_array_equal
from PIL import Image

from nncolor import SOMColorizer
from nncolor._images.parallel import map_batch, run_in_threads


def predicted_and_peak(colorizer, image):
    """Colour image, and the peak of the memory in bytes."""
    tracemalloc.start()
    colored = colorizer.predict([image])[0]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return colored, peak


@pytest.mark.parametrize("shape", [(1, 10_000_000), (10_000_000, 1)])
def test_a_strip_is_coloured_in_bounded_memory(colorizer, shape):
    strip = np.tile(np.arange(250, dtype=np.uint8), 40_000).reshape(shape)
    colored, peak = predicted_and_peak(colorizer, strip)
    assert colored.shape == (*shape, 3)
    # the result has 3 bytes for each pixel
    assert peak < 10 * strip.size
    part = colorizer.predict([strip.ravel()[:1000].reshape((1, -1) if shape[0] == 1 else (-1, 1))])[0]
    assert_array_equal(colored.reshape(-1, 3)[:900], part.reshape(-1, 3)[:900])


@pytest.mark.parametrize("shape", [(1, 1_000_000), (1_000_000, 1)])
def test_a_strip_at_a_working_size(shape):
    photo = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    colorizer = quick_colorizer(working_size=384, smoothing_radius=8).fit([photo])
    strip = np.tile(np.arange(250, dtype=np.uint8), 4000).reshape(shape)
    colored, peak = predicted_and_peak(colorizer, strip)
    assert colored.shape == (*shape, 3)
    assert peak < 1e9


def png_of(width, height):
    """A small file that says it is a large image, and holds the beginning of one."""

    def chunk(name, content):
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    header = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(10_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("method", ["fit", "predict"])
@pytest.mark.parametrize("kind", ["png", "tif"])
def test_a_decompression_bomb_is_refused(colorizer, kind, method, tmp_path):
    path = tmp_path / f"bomb.{kind}"
    if kind == "png":
        path.write_bytes(png_of(100_000, 100_000))
    else:
        tifffile.imwrite(path, np.zeros((100, 100), np.uint16), compression="zlib", rowsperstrip=100)
        with tifffile.TiffFile(path, mode="r+") as file:
            for tag in ("ImageWidth", "ImageLength", "RowsPerStrip"):
                file.pages[0].tags[tag].overwrite(60_000)
    estimator = SOMColorizer() if method == "fit" else colorizer
    tracemalloc.start()
    with pytest.raises(
        OSError, match=rf"image 0 \(.*bomb.{kind}\) cannot be read \(its \d+ pixels are more than"
    ):
        getattr(estimator, method)([path])
    assert tracemalloc.get_traced_memory()[1] < 1e8
    tracemalloc.stop()


def test_a_tiff_of_many_values_for_each_pixel_is_refused(colorizer, tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((20, 30, 9), np.uint16), photometric="minisblack", planarconfig="contig")
    with pytest.raises(OSError, match="it holds 9 values for each pixel"):
        colorizer.predict([path])


def test_the_limit_can_be_lifted(tmp_path, colorizer, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", np.full((40, 50), 30_000, np.uint16))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 900)
    with pytest.raises(OSError, match="its 2000 pixels are more than 1800.*set PIL.Image.MAX_IMAGE_PIXELS"):
        colorizer.predict([tmp_path / "a.tif"])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert colorizer.predict([tmp_path / "a.tif"])[0].shape == (40, 50, 3)


def test_threads_that_share_a_colorizer(colorizer, photos):
    expected = colorizer.predict(photos)
    chroma = colorizer.predict_chroma(photos)
    together = threading.Barrier(4)

    def work(method):
        together.wait(timeout=60)
        return [getattr(colorizer, method)(photos) for _ in range(10)]

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(work, ["predict", "predict_chroma"] * 2))
    for repeated, right in zip(results, [expected, chroma] * 2, strict=True):
        for result in repeated:
            for one, other in zip(result, right, strict=True):
                assert_array_equal(one, other)


@pytest.mark.parametrize(("n_jobs", "n_images", "n_threads"), [(2, 4, 1), (2, 1, 2), (1, 4, 1)])
def test_threads_go_to_images_or_to_a_single_image(photos, n_jobs, n_images, n_threads):
    # each image is told how many threads it may use
    told = map_batch(lambda image, threads: threads, photos[:n_images], n_jobs=n_jobs)
    assert told == [n_threads] * n_images


def test_one_thread_is_that_of_the_caller():
    here, used = threading.get_ident(), []
    run_in_threads(1, lambda item: used.append(threading.get_ident()), range(3))
    run_in_threads(4, lambda item: used.append(threading.get_ident()), range(1))
    assert used == [here] * 4
    used.clear()
    run_in_threads(2, lambda item, other: used.append((item + other, threading.get_ident())), range(3), 10)
    assert sorted(value for value, _ in used) == [10, 11, 12]
    assert here not in {thread for _, thread in used}


def test_a_batch_is_sent_in_eight_chunks_for_each_worker(monkeypatch):
    """A lazy sequence image by image, so that no more are in memory than there are workers."""
    n_tasks = []

    class Counted(joblib.Parallel):
        def __call__(self, tasks):
            tasks = list(tasks)
            n_tasks.append(len(tasks))
            return super().__call__(tasks)

    monkeypatch.setattr("nncolor._images.parallel.Parallel", Counted)
    images = [np.full((2, 2), level, np.uint8) for level in range(64)]
    for batch in (images, (image for image in images)):
        assert map_batch(lambda image, n_threads: image[0, 0], batch, n_jobs=2) == list(range(64))
    assert n_tasks == [16, 64]
