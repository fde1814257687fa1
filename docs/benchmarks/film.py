"""Error and flicker of a film that is coloured frame by frame, by its key frames alone, and by both.

    python docs/benchmarks/film.py --film FILE [FILE ...] --keyframes 3

A colorizer is trained on evenly placed key frames of each film. The other frames are measured by mean
CIEDE2000 and flicker, the mean change of chroma along the motion between neighbouring frames where
lightness agrees. With a lamp the lightness of each frame is multiplied by 1 + 0.12 times a normal random
number; grain has a standard deviation of 7 of 255 levels. The tables are printed as Markdown and written to
results/film.md.
It needs PyAV: pip install "nncolor[film]".
"""

import argparse
import time
from copy import copy
from pathlib import Path

import av
import numpy as np
from _report import RESULTS, machine, table
from scipy.ndimage import map_coordinates
from skimage.registration import optical_flow_tvl1

from nncolor import SOMColorizer, to_gray
from nncolor._images.color import image_lightness, join_lightness_chroma, lightness_chroma
from nncolor._painting.settings import FilmSettings, PaintingSettings
from nncolor.metrics import mean_ciede2000


def read(path, n_frames):
    with av.open(str(path)) as container:
        frames = []
        for frame in container.decode(video=0):
            frames.append(frame.to_ndarray(format="rgb24"))
            if len(frames) == n_frames:
                break
    return frames


def noisy(greys, seed):
    """Greys with a flickering lamp and grain; None leaves them clean."""
    if seed is None:
        return greys
    rng = np.random.default_rng(seed)
    found = []
    for grey in greys:
        lightness = np.clip(image_lightness(grey) * np.float32(1 + 0.12 * rng.standard_normal()), 0, 100)
        lit = join_lightness_chroma(lightness, np.zeros((*grey.shape, 2), np.float32), np.uint8)[..., 0]
        found.append(np.clip(np.rint(lit + 7 * rng.standard_normal(grey.shape)), 0, 255).astype(np.uint8))
    return found


class Film:
    """Frames of a film, its key frames, and the motion between its frames."""

    def __init__(self, path, n_frames, n_keyframes):
        self.frames = read(path, n_frames)
        n_frames = len(self.frames)
        self.keys = [int(n_frames * (2 * number + 1) / (2 * n_keyframes)) for number in range(n_keyframes)]
        self.keyframes = {key: self.frames[key] for key in self.keys}
        self.greys = [to_gray(frame) for frame in self.frames]
        self.step = max(1, round(np.sqrt(self.greys[0].size) / 200))
        planes = [image_lightness(grey)[:: self.step, :: self.step] for grey in self.greys]
        self.motion = []
        for before, after in zip(planes[:-1], planes[1:], strict=True):
            flow = optical_flow_tvl1(after / 100, before / 100, dtype=np.float32, num_warp=3, num_iter=8)
            agrees = np.abs(self.moved(before, flow) - after) < 2
            self.motion.append((flow, agrees))

    @staticmethod
    def moved(plane, flow):
        points = np.indices(plane.shape, np.float32) + flow
        return map_coordinates(plane, points, order=1, mode="nearest")

    def flicker(self, colored):
        chroma = [lightness_chroma(image)[1][:: self.step, :: self.step] for image in colored]
        changes = []
        for before, after, (flow, agrees) in zip(chroma[:-1], chroma[1:], self.motion, strict=True):
            if agrees.mean() > 0.4:  # not over a cut
                change = [after[..., axis] - self.moved(before[..., axis], flow) for axis in (0, 1)]
                changes.append(np.hypot(*change)[agrees].mean())
        return np.mean(changes)

    def error(self, colored, greys):
        """Mean CIEDE2000 of the frames that are not key frames; the truth has the lightness of the grey."""
        others = [number for number in range(len(self.frames)) if number not in self.keys]
        truth = []
        for number in others:
            chroma = lightness_chroma(self.frames[number])[1]
            truth.append(join_lightness_chroma(image_lightness(greys[number]), chroma, np.uint8))
        step = self.step
        return mean_ciede2000(
            [image[::step, ::step] for image in truth], [colored[number][::step, ::step] for number in others]
        )


def coloured(clip, colorizer, greys):
    """Films coloured by each method, and seconds a frame."""
    methods = {
        "frame by frame": lambda: colorizer.predict(greys),
        "key frames alone": lambda: colored_by_keys_alone(colorizer, greys, clip.keyframes),
        "with key frames": lambda: list(colorizer.colorize_film(greys, keyframes=clip.keyframes)),
        "without key frames": lambda: list(colorizer.colorize_film(greys)),
    }
    found = {}
    for name, method in methods.items():
        start = time.perf_counter()
        found[name] = method(), (time.perf_counter() - start) / len(greys)
    return found


def colored_by_keys_alone(colorizer, greys, keyframes):
    """Key frames carried along the motion to both sides; predictions have almost no weight."""
    alone = copy(colorizer)
    alone._painting = PaintingSettings(film=FilmSettings(key_weight=4e11, ahead=len(greys)))
    return list(alone.colorize_film(greys, keyframes=keyframes))


def report(name, clip, colorizer, seeds):
    lines = []
    for seed in (None, *range(seeds)):
        greys = noisy(clip.greys, seed)
        base = None
        for method, (colored, seconds) in coloured(clip, colorizer, greys).items():
            error, flicker = clip.error(colored, greys), clip.flicker(colored)
            base = base or (error, flicker)
            lines.append(
                [
                    "clean" if seed is None else f"lamp and grain, seed {seed}",
                    method,
                    f"{error:.2f} ({error / base[0]:.3f} x)",
                    f"{flicker:.2f} ({flicker / base[1]:.2f} x)",
                    f"{seconds:.2f}",
                ]
            )
            print(lines[-1], flush=True)
    header = ["film", "method", "CIEDE2000", "flicker", "seconds a frame"]
    height, width = clip.greys[0].shape
    text = f"## {name}: {len(clip.frames)} frames of {width} x {height}, key frames {clip.keys}\n\n"
    return text + f"Flicker of the true colours: {clip.flicker(clip.frames):.2f}.\n\n" + table(header, lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--film", required=True, nargs="+", help="video files", type=Path)
    parser.add_argument("--keyframes", type=int, default=3)
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--seeds", type=int, default=2, help="draws of lamp and grain")
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--output", default=RESULTS / "film.md", type=Path)
    options = parser.parse_args()
    parts = [f"Measured by `docs/benchmarks/film.py`. {machine()}."]
    for path in options.film:
        clip = Film(path, options.frames, options.keyframes)
        colorizer = SOMColorizer(n_jobs=options.n_jobs, random_state=0)
        colorizer.fit(list(clip.keyframes.values()))
        parts.append(report(path.stem, clip, colorizer, options.seeds))
    text = "\n\n".join(parts) + "\n"
    print(text)
    options.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
