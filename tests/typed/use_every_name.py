"""A user's script that uses every public name, checked by `mypy --strict` in test_typing.py and never run."""

from pathlib import Path
from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import nncolor
from nncolor import (
    EmulsionSimulator,
    PatchExtractor,
    PixelSamples,
    SOMColorizer,
    SOMQuantizer,
    datasets,
    find_shots,
    metrics,
    plotting,
    propagate_hints,
    sample_pixels,
    save_image,
    to_gray,
)
from nncolor.interactive import HintEditor

Array = NDArray[Any]

version: str = nncolor.__version__
paths: list[str] = datasets.load_image_folder(Path("colour"), "*.jpg")
photos: list[Array] = datasets.load_sample_photos().images
scenes: list[str] = datasets.fetch_open_country(category="coast", verbose=0).images
stack: Array = np.zeros((2, 8, 8, 3))
mixed: list[Array | str | Path] = [photos[0], "grey.png", Path("grey.png")]

pixels: PixelSamples = sample_pixels(photos, pixels_per_image=100, random_state=0, n_jobs=2, verbose=0)
few: PixelSamples = pixels[pixels.groups == 1]
n: int = len(few) + few.shape[0]
columns: tuple[Array, ...] = (
    few.chroma,
    few.lightness,
    few.groups,
    few.rows,
    few.columns,
    few.heights,
    few.widths,
)
plane: Array = few.image_lightness(0)
around: Array = few.lightness_at(few.rows, few.columns)
tints: Array = few.tints
side: int = few.cached("side", lambda: 3)

plates: list[Array] = datasets.load_plates().blue
emulsion: EmulsionSimulator = EmulsionSimulator("orthochromatic", gamma=(1, 2)).fit(plates, photos)
pictures: list[Array] = emulsion.transform(photos)
plane = emulsion.record(photos[0], 384, np.random.default_rng(0))
fading: float | tuple[float, float] = emulsion.fading_
as_seen: PixelSamples = sample_pixels(photos, emulsion=emulsion)

extractor: PatchExtractor = PatchExtractor(3, position=True, context_scales=(8, 16)).fit()
features: Array = extractor.transform(pixels)
names: Array = extractor.get_feature_names_out()
parameters: dict[str, Any] = extractor.get_params()

quantizer: SOMQuantizer = SOMQuantizer((3, 3), topology="hexagonal", sigma=(1, 1), random_state=0).fit(
    few.chroma
)
labels: Array = quantizer.predict(few.chroma)
fitted: tuple[Array, ...] = (quantizer.codebook_, quantizer.cluster_centers_, quantizer.labels_)
errors: tuple[float, float] = (quantizer.quantization_error_, quantizer.topographic_error_)
units: tuple[Array, Array, int] = (quantizer.mean_, quantizer.scale_, quantizer.n_iter_)
codes: Array = quantizer.inverse_transform(quantizer.transform(few.chroma))
negative_error: float = quantizer.score(few.chroma)

colorizer: SOMColorizer = SOMColorizer(
    extractor,
    quantizer,
    nncolor.CodewordClassifier((50, 50)),
    pixels_per_image=100,
    temperature=0.7,
    n_jobs=2,
    verbose=1,
)
paper: SOMColorizer = SOMColorizer.paper(random_state=0)
colorizer = colorizer.fit(paths).partial_fit(stack).fit(pixels).set_params(temperature=0)
assert_type(colorizer.predict(mixed), list[Array])
assert_type(colorizer.predict(stack), Array)
assert_type(colorizer.predict_labels(photos), list[Array])
assert_type(colorizer.predict_labels(pixels), Array)
assert_type(colorizer.predict_proba(stack), Array)
assert_type(colorizer.predict_proba(mixed), list[Array])
assert_type(colorizer.predict_confidence(pixels), Array)
assert_type(colorizer.predict_chroma(photos), list[Array])
assert_type(colorizer.quantize(photos), list[Array])
assert_type(colorizer.predict(mixed, tint="olive"), list[Array])
assert_type(colorizer.predict(stack, tint=[(3, 4), None]), Array)
assert_type(colorizer.predict(mixed, tint=("skyblue", "olive")), list[Array])
typical: Array = colorizer.typical_tints(4)
of_image: Array = colorizer.typical_tints(4, image="grey.png")
alternatives: Array = colorizer.alternatives("grey.png", 9, hints=[(1, 2, "red")], max_size=512)
of_training: tuple[Array, bool] = (colorizer.tints_, colorizer.has_tint_)
score: float = colorizer.score(photos)
held_out: tuple[float | None, float | None] = (colorizer.validation_error_, colorizer.validation_gray_error_)
painted_share: float = colorizer.chroma_scale_
distances: Array = colorizer.unfamiliarity(paths)
learned: tuple[Array, ...] = (colorizer.codebook_, colorizer.classes_, colorizer.image_statistics_)
hints = [(3, 4, "olive"), (5, 6, (10, 20, 30))]
colored: Array = colorizer.colorize("grey.png", hints=hints)
colored = colorizer.colorize("grey.png", hints=hints, tint=of_image[0], saturation=1.2, hint_reach=0.3)
colored = propagate_hints(photos[0], hints)
save_image("coloured.png", colored, like="grey.png")
shots: list[range] = find_shots(paths)
film: list[Array] = list(colorizer.colorize_film(paths, keyframes={0: "first.png"}, tint=(3, 4)))
grey: Array = to_gray(colored)

error: float = metrics.mean_ciede2000(photos, colorizer.predict(photos))
others: list[float] = [
    metrics.chroma_rmse(photos, photos),
    metrics.raw_accuracy_auc(stack, stack),
    metrics.psnr(photos, photos),
    metrics.ssim(photos, photos),
    metrics.colorfulness(photos),
    metrics.mean_chroma(stack),
]
best: Array = metrics.tint_errors(colorizer, paths, n_alternatives=9).best_alternative
scorers: list[metrics.ColorizationScorer] = [
    metrics.neg_mean_ciede2000_scorer,
    metrics.neg_chroma_rmse_scorer,
    metrics.raw_accuracy_auc_scorer,
    metrics.psnr_scorer,
    metrics.ssim_scorer,
    metrics.ColorizationScorer(metrics.psnr, greater_is_better=True),
]
value: float = scorers[0](colorizer, photos)
values: dict[str, float] = metrics.MultimetricScorer(psnr=metrics.psnr_scorer)(colorizer, photos)

codebook = plotting.CodebookDisplay.from_estimator(colorizer, kind="plane", lightness=60).plot()
painted = plotting.QuantizationDisplay.from_estimator([quantizer], photos[0]).plot()
display = plotting.ColorizationDisplay.from_estimator(colorizer, photos, error_map=True)
display = plotting.ColorizationDisplay.from_predictions(photos, photos).plot(ax=display.ax_)
shown = plotting.AlternativesDisplay.from_estimator(colorizer, "grey.png", 4, max_size=None)
shown = plotting.AlternativesDisplay.from_predictions(alternatives, typical).plot(ax=shown.ax_)
simulated = plotting.EmulsionDisplay.from_estimator(emulsion, photos, plates).plot()
figures: list[Any] = [simulated.figure_, codebook.figure_, painted.figure_, display.figure_, shown.figure_]

editor = HintEditor(colorizer, "grey.png", hints=[(1, 2, "red")], color="#808000")
editor.add(200, 100, "saddlebrown")
editor.move(0, 210, 100)
editor.select(0)
editor.delete()
editor.pick_color(3, 4)
editor.saturation, editor.hint_reach, editor.before, editor.picks_color = 1.2, None, True, False
editor.save("colored.png")
colors: tuple[list[str], int | None] = (editor.palette_, editor.selected)
editor.pick(2)
editor.pick(None)
editor.undo()
editor.clear()
state: tuple[Array, Any] = (editor.colored_, editor.widget())
HintEditor("grey.png", colorizer)  # type: ignore[arg-type]
