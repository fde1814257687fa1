import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
from conftest import srgb_of
from numpy.testing import assert_allclose, assert_array_equal
from skimage.color import deltaE_ciede2000, rgb2lab, rgb2luv
from sklearn.cluster import KMeans

from nncolor import SOMQuantizer, plotting, sample_pixels
from nncolor.plotting import CodebookDisplay, ColorizationDisplay, QuantizationDisplay

mpl.use("agg")
from matplotlib import pyplot as plt  # noqa: E402


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def quantizers(photos):
    chroma = sample_pixels(photos, 400, random_state=0, working_size=None).chroma
    return [SOMQuantizer(shape, n_iter=1000, random_state=0).fit(chroma) for shape in ((2, 3), (4, 4))]


def image_of(ax):
    return np.asarray(ax.get_images()[0].get_array())


def at_lightness_50(image):
    luv = rgb2luv(image)
    luv[..., 0] = 50
    return srgb_of(luv)


class TestCodebook:
    def test_hexagonal_map(self):
        data = np.random.default_rng(0).normal(0, 30, (2000, 2))
        quantizer = SOMQuantizer((4, 5), topology="hexagonal", n_iter=2000, random_state=0).fit(data)
        display = CodebookDisplay.from_estimator(quantizer, lightness=60)
        hexagons = display.ax_.patches
        assert len(hexagons) == len(display.ax_.texts) == 20
        luv = np.column_stack([np.full(20, 60), quantizer.codebook_])
        for hexagon, color in zip(hexagons, srgb_of(luv), strict=True):
            assert_allclose(hexagon.get_facecolor()[:3], color, atol=1e-3)
        # a neuron inside touches six others
        distances = np.linalg.norm(display.hexagons[:, None] - display.hexagons, axis=-1)
        neighbours = (np.abs(distances - 1) < 0.01).sum(axis=1)
        assert neighbours.max() == 6
        assert ((distances > 0.99) | (distances == 0)).all()

    def test_map(self, quantizers):
        display = CodebookDisplay.from_estimator(quantizers[0], lightness=60)
        colors = srgb_of(np.dstack([np.full((2, 3), 60), quantizers[0].codebook_.reshape(2, 3, 2)]))
        assert_allclose(image_of(display.ax_), colors, atol=1e-4)
        assert_array_equal(display.counts, np.bincount(quantizers[0].labels_))
        shares = [text.get_text() for text in display.ax_.texts]
        assert shares == [f"{share:.0%}" for share in display.counts / display.counts.sum()]

    def test_plane(self, quantizers):
        display = CodebookDisplay.from_estimator(quantizers[1], kind="plane")
        (points,) = display.ax_.collections
        assert_allclose(points.get_offsets(), quantizers[1].codebook_)
        assert display.ax_.get_xlabel() == "u*"

    def test_colorizer_and_kmeans(self, colorizer, photos):
        assert CodebookDisplay.from_estimator(colorizer).map_shape == (3, 3)
        kmeans = KMeans(5, n_init=1, random_state=0).fit(sample_pixels(photos, 50, working_size=None).chroma)
        assert CodebookDisplay.from_estimator(kmeans).map_shape == (1, 5)

    def test_without_counts_and_on_given_axes(self):
        figure, ax = plt.subplots()
        display = CodebookDisplay(np.zeros((4, 2)), (2, 2)).plot(ax=ax)
        assert display.ax_ is ax
        assert display.figure_ is figure
        assert not ax.texts
        assert display.plot(kind="plane") is display

    def test_bad_kind(self):
        with pytest.raises(ValueError, match='"map" or "plane"'):
            CodebookDisplay(np.zeros((4, 2)), (2, 2)).plot(kind="globe")


class TestQuantization:
    def test_from_estimator(self, quantizers, photos):
        display = QuantizationDisplay.from_estimator(quantizers, photos[0])
        assert [ax.get_title() for ax in display.ax_] == ["original", "6 codewords", "16 codewords"]
        assert_allclose(image_of(display.ax_[0]), photos[0] / 255, atol=1e-6)
        colors = rgb2luv(image_of(display.ax_[1]))[..., 1:].reshape(-1, 2)
        inside = np.abs(colors[:, None] - quantizers[0].codebook_).max(axis=-1).min(axis=1) < 1
        assert inside.mean() > 0.8  # the others are clipped by sRGB

    def test_it_paints_as_quantize_does(self, colorizer, photos):
        display = QuantizationDisplay.from_estimator(colorizer, photos[1])
        assert_allclose(display.painted[0] * 255, colorizer.quantize([photos[1]])[0], atol=1)

    def test_given_axes(self, photos):
        figure, axes = plt.subplots(1, 2)
        display = QuantizationDisplay.from_predictions(photos[0], [photos[0]], ["same"], ax=axes)
        assert list(display.ax_) == list(axes)
        assert display.figure_ is figure
        with pytest.raises(ValueError, match="needs 1 x 3 axes; ax holds 2"):
            QuantizationDisplay.from_predictions(photos[0], [photos[0]] * 2, ["a", "b"], ax=axes)

    def test_grey_image(self, quantizers, grey):
        with pytest.raises(ValueError, match="the image is grey .* Pass a colour image"):
            QuantizationDisplay.from_estimator(quantizers, grey)


class TestColorization:
    def test_the_five_columns_of_figure_10(self, colorizer, photos):
        display = ColorizationDisplay.from_estimator(colorizer, photos[:2])
        assert display.ax_.shape == (2, 5)
        titles = [ax.get_title() for ax in display.ax_[0]]
        assert titles == ["original", "chroma, L = 50", "lightness", "predicted chroma", "predicted"]
        for row, photo, predicted in zip(display.ax_, photos, colorizer.predict(photos), strict=False):
            original, chroma, lightness, predicted_chroma, last = map(image_of, row)
            assert_allclose(original, photo / 255, atol=1e-6)
            assert_allclose(chroma, at_lightness_50(photo), atol=1e-3)
            assert_allclose(rgb2luv(lightness)[..., 0], rgb2luv(photo)[..., 0], atol=0.05)
            assert np.ptp(lightness, axis=-1).max() < 2e-3
            assert_allclose(predicted_chroma, at_lightness_50(predicted), atol=1e-3)
            assert_allclose(last, predicted / 255, atol=1e-6)

    def test_maps_of_error_and_confidence(self, colorizer, photos):
        display = ColorizationDisplay.from_estimator(
            colorizer, photos[:1], error_map=True, confidence_map=True
        )
        assert [ax.get_title() for ax in display.ax_[0, 5:]] == ["error, CIEDE2000", "confidence"]
        predicted = colorizer.predict(photos[:1])[0]
        expected = deltaE_ciede2000(rgb2lab(photos[0]), rgb2lab(predicted))
        assert_allclose(image_of(display.ax_[0, 5]), expected, atol=1e-2)
        confidence = colorizer.predict_proba(photos[:1])[0].max(axis=-1)
        assert_allclose(image_of(display.ax_[0, 6]), confidence)
        # drawn again from what it keeps
        assert display.plot(error_map=False).ax_.shape == (1, 6)

    def test_from_predictions(self, photos):
        display = ColorizationDisplay.from_predictions(photos[:2], photos[:2], error_map=True)
        assert display.ax_.shape == (2, 6)
        assert image_of(display.ax_[1, 5]).max() == 0
        assert display.figure_ is display.ax_[0, 0].figure

    def test_sizes_that_differ(self, photos):
        with pytest.raises(ValueError, match="image 0 has shape .* in truth and"):
            ColorizationDisplay.from_predictions(photos[:1], photos[1:2])


def test_without_matplotlib(photos):
    script = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "import numpy as np, nncolor\n"
        "try:\n"
        "    nncolor.plotting.CodebookDisplay(np.zeros((1, 2)), (1, 1)).plot()\n"
        "except ImportError as error:\n"
        "    print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert 'pip install "nncolor[plot]"' in said


def test_all_displays_are_public():
    assert plotting.__all__ == [
        "AlternativesDisplay",
        "CodebookDisplay",
        "ColorizationDisplay",
        "EmulsionDisplay",
        "QuantizationDisplay",
    ]
