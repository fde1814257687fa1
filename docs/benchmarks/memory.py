"""Memory of colouring above its input and output, in a process of its own for each image.

    python docs/benchmarks/memory.py

prints the table as Markdown and writes it to results/memory.md. Linux only: the peak is read from
/proc.
"""

import argparse
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from _report import RESULTS, machine, table
from inference import grey_image, paper_colorizer
from sklearn.pipeline import make_pipeline

from nncolor import SOMColorizer
from nncolor.datasets import load_sample_photos

SIZES = [(2500, 4000), (10_000, 10_000)]


def peak():
    """Largest resident memory of this process since `forget_peak`, in bytes."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def forget_peak():
    Path("/proc/self/clear_refs").write_text("5")


def measure(model_path, height, width, kind):
    """Bytes above input and output that colouring one image takes at its peak."""
    predict = pickle.loads(Path(model_path).read_bytes())
    predict([grey_image(64, 64)])  # imports and threads
    image = grey_image(height, width)
    if kind == "float":
        image = image.astype(np.float32) / 255
    elif kind == "rgb":
        image = np.repeat(image[..., None], 3, axis=-1)
    forget_peak()
    before = peak()
    result = predict([image])[0]
    return peak() - before - result.nbytes


def in_new_process(model, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.pickle"
        path.write_bytes(pickle.dumps(model))
        command = [sys.executable, __file__, "--measure", str(path), *map(str, arguments)]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--measure", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--output", default=RESULTS / "memory.md", type=Path)
    options = parser.parse_args()
    if options.measure:
        path, height, width, kind = options.measure
        print(measure(path, int(height), int(width), kind))
        return
    paper = paper_colorizer()
    defaults = SOMColorizer(random_state=0, n_jobs=2).fit(load_sample_photos().images)
    pipeline = make_pipeline(paper.extractor_, paper.classifier_)
    trials = [
        ("the paper's configuration", paper.predict, ["uint8", "rgb", "float"], SIZES),
        ("the defaults", defaults.predict, ["uint8", "rgb", "float"], SIZES),
        ("scikit-learn's pipeline on the whole matrix (labels only)", pipeline.predict, ["uint8"], SIZES[:1]),
    ]
    lines = []
    for name, model, kinds, sizes in trials:
        for kind in kinds:
            found = [f"{in_new_process(model, *size, kind) / 1e6:.0f}" for size in sizes]
            lines.append([name, kind, *found, *[""] * (len(SIZES) - len(sizes))])
    header = ["", "image", *(f"{h * w // 10**6} megapixels" for h, w in SIZES)]
    text = f"Measured by `docs/benchmarks/memory.py`. {machine()}.\n\n"
    text += "Peak of resident memory above the image and the result, in MB, two threads.\n\n" + table(
        header, lines
    )
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
