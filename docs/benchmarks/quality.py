"""Colour quality on held-out photographs, step by step from the paper to the defaults.

    python docs/benchmarks/quality.py --images FOLDER

prints the tables as Markdown and writes them to results/quality.md, with a plot. Five folds
of whole photographs; every configuration sees the same folds. It takes more than an hour on two cores, and
can be stopped and started again. The U-Net is left out where PyTorch is not installed.
"""

import argparse
import time
import warnings
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from _report import RESULTS, Results, machine, table
from joblib import Parallel, delayed
from sklearn.ensemble import HistGradientBoostingClassifier, VotingClassifier
from sklearn.neighbors import KNeighborsClassifier

from nncolor import CodewordClassifier, PatchExtractor, SOMColorizer, SOMQuantizer, sample_pixels, to_gray
from nncolor._images.color import join_lightness_chroma, lightness_chroma
from nncolor._images.files import read_image
from nncolor._painting.quantization import quantize_image
from nncolor._training import DEFAULTS
from nncolor.datasets import load_image_folder, load_sample_photos
from nncolor.metrics import ciede2000, colorfulness, mean_ciede2000

N_FOLDS = 5
# CPU seconds of the U-Net for each training photograph.
UNET_SECONDS = 1.5
# Pixels of a held-out photograph on which classifiers that are slow to predict are evaluated.
JUDGED = 500
# A region is flat where neighbours differ by less than _FLAT in lightness; a strong edge is a difference of
# more than _EDGE between pixels _ACROSS apart. All in L* and pixels.
_FLAT, _EDGE, _ACROSS = 1.0, 20.0, 4


# Configurations -----------------------------------------------------------------------------------------


def paper():
    return SOMColorizer.paper(random_state=0)


def steps():
    """From the paper towards the defaults, one addition after the other; `DECODED` continue from there."""
    scales = DEFAULTS["extractor"]().context_scales
    changes = {
        "the paper": {},
        "+ a short training with a penalty": {"classifier": None},
        "+ working size": {"working_size": 384},
        "+ position, 3x3 patch": {"extractor": PatchExtractor(3, position=True)},
        "+ context": {"extractor": PatchExtractor(3, position=True, context_scales=scales)},
    }
    found, done = {}, {}
    for name, change in changes.items():
        done |= change
        found[name] = paper().set_params(**done)
    return found


# For comparison: half as many epochs, after which it overfits the photographs less.
PAPER_STOPPED = "the paper, stopped after 100 epochs"


# The defaults are fitted once, for all of these: temperature and smoothing come afterwards.
DEFAULT = "+ guided filter: the defaults"
DECODED = {
    "+ 25 codewords": {"temperature": 0, "smoothing_radius": 0},
    "+ annealed mean": {"smoothing_radius": 0},
    DEFAULT: {},
}
OTHER_TEMPERATURES = {
    "winner instead of annealed mean": {"temperature": 0},
    "mean chroma instead of annealed mean": {"temperature": 1},
}


def tried():
    """Variants of the defaults, except for those of temperature."""
    defaults = partial(SOMColorizer, random_state=0)
    # inside another classifier no held-out images choose, so they are trained for 400,000 pixels
    ensemble = VotingClassifier(
        [(str(i), CodewordClassifier(random_state=i)) for i in range(4)], voting="soft"
    )
    return {
        "rebalance 0.25": defaults(rebalance=0.25),
        "rebalance 0.5": defaults(rebalance=0.5),
        "9 codewords": defaults(quantizer=SOMQuantizer((3, 3))),
        "100 codewords": defaults(quantizer=SOMQuantizer((10, 10))),
        "2500 pixels of each photograph": defaults(pixels_per_image=2500),
        "working size 256": defaults(working_size=256),
        "working size 512": defaults(working_size=512),
        "four networks, averaged": defaults(classifier=ensemble),
    }


def augmentations():
    """Photographs made from a training photograph, for training in addition to it."""
    return {
        "mirrored photographs too": lambda image: [image[:, ::-1]],
        "other tone curves too": lambda image: [tone(image, 0.7), tone(image, 1.4)],
    }


def tone(image, gamma):
    """Another contrast, the same chroma."""
    lightness, chroma = lightness_chroma(image)
    return join_lightness_chroma(100 * (lightness / 100) ** gamma, chroma, np.float32)


def slow_classifiers():
    """Other classifiers in the same SOMColorizer, and the training pixels of each photograph."""
    return {
        "CodewordClassifier, the default": (CodewordClassifier(), 2500),
        "KNeighborsClassifier(100)": (KNeighborsClassifier(100), 250),
        "HistGradientBoostingClassifier": (HistGradientBoostingClassifier(max_iter=60), 500),
    }


# Measures of one fold ------------------------------------------------------------------------------------


def folds(paths):
    fold = np.random.default_rng(0).permutation(len(paths)) % N_FOLDS
    return [
        (
            [p for p, f in zip(paths, fold, strict=True) if f != k],
            [p for p, f in zip(paths, fold, strict=True) if f == k],
        )
        for k in range(N_FOLDS)
    ]


def difference(a, b):
    return np.linalg.norm(a - b, axis=-1)


def judge(paths, predictions):
    """Sums and means over the photographs of a fold: error, chroma, its noise and its edges."""
    totals = {"error": [], "near edges": [], "chroma": [], "noise": [], "across": [], "colorfulness": []}
    for path, prediction in zip(paths, predictions, strict=True):
        truth = read_image(path)
        lightness = lightness_chroma(truth)[0]
        chroma = lightness_chroma(prediction)[1]
        error = ciede2000(*(image.reshape(-1, 3) / np.float32(255) for image in (truth, prediction)))
        error = error.reshape(lightness.shape)
        flat = np.abs(np.diff(lightness, axis=1)) < _FLAT
        edge = np.abs(lightness[:, _ACROSS:] - lightness[:, :-_ACROSS]) > _EDGE
        totals["error"].append(error.mean())
        totals["near edges"].append((error[:, :-_ACROSS] + error[:, _ACROSS:])[edge] / 2)
        totals["chroma"].append(np.linalg.norm(chroma, axis=-1).mean())
        totals["noise"].append(difference(chroma[:, 1:], chroma[:, :-1])[flat])
        totals["across"].append(difference(chroma[:, _ACROSS:], chroma[:, :-_ACROSS])[edge])
        totals["colorfulness"].append(colorfulness([prediction]))
    return {
        name: float(np.mean(np.concatenate(values) if np.ndim(values[0]) else values))
        for name, values in totals.items()
    }


def truth_of_fold(paths):
    return judge(paths, map(read_image, paths))


def grey_of_fold(paths):
    return judge(paths, (np.repeat(to_gray(path)[..., None], 3, axis=-1) for path in paths))


def run(colorizer, train, test, augment=None):
    if augment is not None:
        train = [
            image for path in train for photo in [read_image(path)] for image in [photo, *augment(photo)]
        ]
    start = time.process_time()
    colorizer.fit(train)
    seconds = time.process_time() - start
    return judge(test, (colorizer.colorize(path) for path in test)) | {"cpu": seconds}


def run_on_pixels(classifier, pixels_per_image, train, test):
    """Error at single pixels of the photographs, without smoothing."""
    start = time.process_time()
    colorizer = SOMColorizer(classifier=classifier, pixels_per_image=pixels_per_image, random_state=0).fit(
        train
    )
    seconds = time.process_time() - start
    pixels = sample_pixels(test, pixels_per_image=JUDGED, random_state=0)
    start = time.process_time()
    error = -colorizer.score(pixels)
    predicting = (time.process_time() - start) / len(pixels) * 1e6
    chroma = float(np.linalg.norm(colorizer.predict_chroma(pixels), axis=1).mean())
    return {"error": error, "chroma": chroma, "cpu": seconds, "microseconds": predicting}


def run_oracle(side, train, test):
    quantizer = SOMQuantizer((side, side), random_state=0)
    quantizer.fit(sample_pixels(train, random_state=0).chroma)
    return judge(test, (quantize_image(quantizer, read_image(path)) for path in test))


def run_unet(train, test):
    import _unet

    network, facts = _unet.train(train, UNET_SECONDS * len(train))
    chroma = _unet.predict_chroma(network, test)
    images = (
        join_lightness_chroma(lightness_chroma(read_image(path))[0], values, np.uint8)
        for path, values in zip(test, chroma, strict=True)
    )
    return judge(test, images) | facts


def run_defaults(train, test):
    """The defaults, decoded in several ways, and the reliability of their confidence and warnings."""
    start = time.process_time()
    colorizer = SOMColorizer(random_state=0).fit(train)
    found = {"cpu": time.process_time() - start}
    given = colorizer.get_params(deep=False)
    for name, change in (DECODED | OTHER_TEMPERATURES).items():
        colorizer.set_params(**{key: given[key] for key in ("temperature", "smoothing_radius")} | change)
        found[name] = judge(test, (colorizer.colorize(path) for path in test)) | {"cpu": found["cpu"]}
    colorizer.set_params(**{key: given[key] for key in ("temperature", "smoothing_radius")})
    return found | {"risk": risk_coverage(colorizer, test), "unfamiliar": unfamiliar(colorizer, test)}


def risk_coverage(colorizer, test):
    """Mean error of the most confident share of all pixels, by confidence."""
    errors, confidences = [], []
    for path in test:
        truth, prediction = read_image(path), colorizer.colorize(path)
        pair = (image.reshape(-1, 3) / np.float32(255) for image in (truth, prediction))
        errors.append(ciede2000(*pair))
        confidences.append(colorizer.predict_confidence([path])[0].ravel())
    errors, confidences = np.concatenate(errors), np.concatenate(confidences)
    order = np.argsort(-confidences, kind="stable")
    curve = np.cumsum(errors[order]) / np.arange(1, len(errors) + 1)
    shares = np.linspace(0.1, 1, 10)
    by_tenth = np.array_split(errors[order], 10)
    return {
        "risk": [float(curve[int(share * len(curve)) - 1]) for share in shares],
        "tenths": [float(part.mean()) for part in by_tenth],
        "confidence": [float(part.mean()) for part in np.array_split(confidences[order], 10)],
    }


def run_single(colorizer, train, test):
    """Trained on one photograph, evaluated on the fold; the mean over six such photographs."""
    errors = [run(colorizer, [path], test[:20]) for path in train[:6]]
    return {name: float(np.mean([error[name] for error in errors])) for name in errors[0]}


def run_halves(colorizer):
    """Right half of each bundled photograph, coloured by training on its left half."""
    errors = {}
    photos = load_sample_photos()
    for name, photo in zip(photos.names, photos.images, strict=True):
        middle = photo.shape[1] // 2
        left, right = photo[:, :middle], photo[:, middle:]
        errors[name] = mean_ciede2000([right], [colorizer.fit([left]).colorize(right)])
    return errors


def unfamiliar(colorizer, test):
    """Share of images of several kinds that `predict` warns of."""
    rng = np.random.default_rng(0)
    grey = [lightness_chroma(read_image(path))[0] / 100 for path in test]
    kinds = {
        "held-out photographs of the class": grey,
        "other subjects: the bundled photographs": load_sample_photos().images,
        "negatives": [1 - image for image in grey],
        "upside down": [image[::-1] for image in grey],
        "with noise (standard deviation 0.15)": [
            np.clip(image + rng.normal(0, 0.15, image.shape), 0, 1) for image in grey
        ],
        "nothing but noise": [rng.random((256, 256)) for _ in range(20)],
        "one level everywhere": [np.full((256, 256), level) for level in np.linspace(0, 1, 20)],
    }
    return {name: float(np.mean(colorizer.unfamiliarity(images) > 1)) for name, images in kinds.items()}


# All of it -----------------------------------------------------------------------------------------------


PARTS = ("steps", "tried", "classifiers")


def trials(part):
    """Functions (train, test) that measure the configurations of a part on a fold, by name."""
    defaults = SOMColorizer(random_state=0)
    if part == "tried":
        found = {name: partial(run, colorizer) for name, colorizer in tried().items()}
        return found | {
            name: partial(run, defaults, augment=function) for name, function in augmentations().items()
        }
    if part == "classifiers":
        return {name: partial(run_on_pixels, *args) for name, args in slow_classifiers().items()}
    found = {
        "truth": lambda train, test: truth_of_fold(test),
        "grey": lambda train, test: grey_of_fold(test),
        "defaults": run_defaults,
    }
    found |= {f"oracle {side}": partial(run_oracle, side) for side in (3, 5, 10)}
    found |= {name: partial(run, colorizer) for name, colorizer in steps().items()}
    found[PAPER_STOPPED] = partial(run, paper().set_params(classifier__max_iter=100))
    found |= {
        "one photograph, the paper": partial(run_single, paper()),
        "one photograph, the defaults": partial(run_single, defaults),
    }
    if find_spec("torch"):
        found["U-Net"] = run_unet
    return found


def measure_fold(part, name, train, test):
    warnings.filterwarnings("ignore", message="The lightness of")
    return trials(part)[name](train, test)


def measure_halves(name):
    return run_halves(paper() if name == "with the paper" else SOMColorizer(random_state=0))


def measure_all(paths, parts, results, n_jobs):
    """Measure what is not in the results yet, n_jobs at a time."""
    halves = ("with the paper", "with the defaults")
    names = [(part, name) for part in parts for name in trials(part)]
    jobs = {f"halves, {name}": (measure_halves, name) for name in halves}
    jobs |= {
        f"{name} / {k}": (measure_fold, part, name, *fold)
        for part, name in names
        for k, fold in enumerate(folds(paths))
    }
    missing = {key: job for key, job in jobs.items() if key not in results.values}

    def named(key, function, *args):
        return key, function(*args)

    running = Parallel(n_jobs=n_jobs, return_as="generator_unordered")(
        delayed(named)(key, *job) for key, job in missing.items()
    )
    for key, value in running:
        results.measure(key, lambda value=value: value)
    found = {name: [results.values[f"{name} / {k}"] for k in range(N_FOLDS)] for _, name in names}
    for name in [*DECODED, *OTHER_TEMPERATURES, "risk", "unfamiliar"]:
        found[name] = [fold[name] for fold in found["defaults"]]
    return found | {name: results.values[f"halves, {name}"] for name in halves}


def mean(found, name, key):
    return float(np.mean([fold[key] for fold in found[name]]))


def colour_table(found, names, rival=None):
    """Means of each configuration; with a rival, also the number of folds in which it is better."""
    truth, of_paper = mean(found, "truth", "chroma"), mean(found, "the paper", "error")
    lines = []
    for name, title in names.items():
        error = mean(found, name, "error")
        lines.append(
            [
                title,
                f"{error:.2f}",
                f"{100 * (error / of_paper - 1):+.1f} %",
                f"{100 * mean(found, name, 'chroma') / truth:.0f} %",
                f"{mean(found, name, 'colorfulness'):.1f}",
                f"{mean(found, name, 'cpu'):.0f}" if "cpu" in found[name][0] else "",
            ]
        )
        if rival is not None:
            pairs = zip(found[name], found[rival], strict=True)
            n_better = sum(one["error"] < other["error"] for one, other in pairs)
            lines[-1].append("" if name == rival else f"{n_better} of {N_FOLDS}")
    header = ["", "CIEDE2000", "beside the paper", "chroma", "colourfulness", "CPU seconds of training"]
    return table(header + (["folds better than the defaults"] if rival else []), lines)


def noise_table(found, names):
    lines = [
        [title, *(f"{mean(found, name, key):.2f}" for key in ("noise", "across", "near edges"))]
        for name, title in names.items()
    ]
    header = ["", "noise in flat regions", "step across strong edges", "CIEDE2000 at strong edges"]
    return table(header, lines)


def report(found, n_images):
    ours = {name: name for name in [*steps(), *DECODED]}
    references = {"truth": "the truth", "grey": "grey"} | {
        f"oracle {side}": f"true codewords of {side**2}" for side in (3, 5, 10)
    }
    references[PAPER_STOPPED] = PAPER_STOPPED
    unet = {"U-Net": "U-Net"} if "U-Net" in found else {}
    text = f"## Step by step\n\n{n_images} photographs, {N_FOLDS} folds; means over the folds.\n\n"
    text += colour_table(found, references | ours | unet)
    if unet:
        first = found["U-Net"][0]
        text += (
            f"\nThe U-Net has {first['weights']:,} weights and took {mean(found, 'U-Net', 'cpu'):.0f} CPU "
            f"seconds for {mean(found, 'U-Net', 'epochs'):.0f} epochs; the best one on a tenth of its "
            "training photographs counts.\n"
        )
    text += "\n## Noise and edges\n\n"
    text += (
        "Mean difference of chroma (u*, v*) between neighbours whose lightness differs by less than "
        f"{_FLAT:g}, and between pixels {_ACROSS} apart whose lightness differs by more than {_EDGE:g}.\n\n"
    )
    text += noise_table(found, {"truth": "the truth"} | ours | unet)
    text += "\n## Very few training images\n\nCIEDE2000.\n\n"
    lines = [
        [
            f"right half of {name}, from its left half",
            f"{error:.2f}",
            f"{found['with the defaults'][name]:.2f}",
        ]
        for name, error in found["with the paper"].items()
    ]
    pair = (
        f"{mean(found, f'one photograph, {name}', 'error'):.2f}" for name in ("the paper", "the defaults")
    )
    lines.append(["20 photographs of a fold, from a single other one", *pair])
    text += table(["", "the paper", "the defaults"], lines)
    text += "\n## Confidence and unfamiliarity\n\n"
    text += "Pixels of all held-out photographs, the most confident tenth first.\n\n"
    lines = [
        [f"{10 * (tenth + 1)} %"]
        + [f"{np.mean([fold[key][tenth] for fold in found['risk']]):.{digits}f}" for key, digits in keys]
        for tenth in range(10)
        for keys in [[("confidence", 2), ("tenths", 1), ("risk", 1)]]
    ]
    header = [
        "most confident",
        "confidence of the last tenth",
        "CIEDE2000 of the last tenth",
        "CIEDE2000 of all",
    ]
    text += table(header, lines)
    text += "\n## Share of unfamiliar images\n\n"
    lines = [
        [kind, f"{100 * np.mean([fold[kind] for fold in found['unfamiliar']]):.0f} %"]
        for kind in found["unfamiliar"][0]
    ]
    text += table(["images", "warned of"], lines)
    text += "\n## What was tried on top of the defaults\n\n"
    others = [name for name in [*tried(), *augmentations()] if name in found]
    text += colour_table(found, {name: name for name in [DEFAULT, *OTHER_TEMPERATURES, *others]}, DEFAULT)
    return text + (classifier_table(found) if set(slow_classifiers()) <= set(found) else "")


def classifier_table(found):
    text = "\n## Other classifiers in the same SOMColorizer\n\n"
    text += f"Measured at {JUDGED} pixels of each held-out photograph, without smoothing.\n\n"
    truth = mean(found, "truth", "chroma")
    return text + table(
        [
            "",
            "pixels of each photograph",
            "CIEDE2000",
            "chroma",
            "CPU seconds of training",
            "microseconds a pixel",
        ],
        [
            [
                f"`{name}`" if "(" in name or "Hist" in name else name,
                n,
                f"{mean(found, name, 'error'):.2f}",
                f"{100 * mean(found, name, 'chroma') / truth:.0f} %",
                f"{mean(found, name, 'cpu'):.0f}",
                f"{mean(found, name, 'microseconds'):.1f}",
            ]
            for name, (_, n) in slow_classifiers().items()
        ],
    )


# Offset in points of the name of a point, where it would lie on another one.
_LABELS = {
    "grey": (8, -3),
    "the paper": (8, -3),
    "+ annealed mean": (4, 14),
    DEFAULT: (-2, -18),
    "U-Net": (-8, -3),
}


def plot(found, path):
    """Error against chroma: good is low and to the right."""
    from matplotlib import pyplot

    truth = mean(found, "truth", "chroma")
    figure, ax = pyplot.subplots(figsize=(8, 5), layout="constrained")
    ours = [*steps(), *DECODED]
    places = {
        name: (100 * mean(found, name, "chroma") / truth, mean(found, name, "error"))
        for name in ["grey", *ours, *tried(), "U-Net"]
        if name in found
    }
    ax.plot(*zip(*(places[name] for name in ours), strict=True), color="tab:blue", linewidth=0.8, zorder=1)
    for name, place in places.items():
        kind = "tab:red" if name in ("grey", "U-Net") else "tab:blue" if name in ours else "0.7"
        ax.scatter(*place, color=kind, zorder=2)
        if kind != "0.7":
            x, y = _LABELS.get(name, (-8, 4))
            ax.annotate(
                name.removeprefix("+ "),
                place,
                xytext=(x, y),
                textcoords="offset points",
                fontsize=8,
                ha="left" if x > 0 else "right",
            )
    ax.set(xlabel="mean chroma, % of the truth's", ylabel="mean CIEDE2000", xlim=(-3, 110))
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--images", required=True, help="folder of colour photographs")
    parser.add_argument("--limit", type=int, help="largest number of photographs")
    parser.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS, help="default: all; always steps")
    parser.add_argument("--state", default="quality.json", help="file that keeps the results so far")
    parser.add_argument("--n-jobs", type=int, default=2)
    docs = Path(__file__).parent.parent
    parser.add_argument("--output", default=RESULTS / "quality.md", type=Path)
    parser.add_argument("--plot", default=docs / "_static" / "quality.svg", type=Path)
    options = parser.parse_args()
    paths = load_image_folder(options.images)[: options.limit]
    options.parts = [part for part in PARTS if part == "steps" or part in options.parts]
    found = measure_all(paths, options.parts, Results(options.state), options.n_jobs)
    text = f"Measured by `docs/benchmarks/quality.py`. {machine()}.\n\n" + report(found, len(paths))
    print(text)
    options.output.write_text(text, encoding="utf-8")
    plot(found, options.plot)


if __name__ == "__main__":
    main()
