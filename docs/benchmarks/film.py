"""Error and flicker of a film that is coloured from one key frame at its start, and from three.

    python docs/benchmarks/film.py --film FILE[@START] [FILE[@START] ...] --train FOLDER

START is the first frame of the clip, 120 frames long. One colorizer is trained on the key frames, the other
on the photographs of FOLDER. They are compared with the chroma of the nearest key frame left in its place,
with that chroma along one optical flow (TV-L1) from the key frame, and with colours frame by frame. The
frames that are not key frames are measured by mean CIEDE2000 and flicker, the mean change of chroma along
the motion between neighbouring frames where lightness agrees. With a lamp the lightness of each frame is
multiplied by 1 + 0.12 times a normal random number; grain has a standard deviation of 7 of 255 levels. The
last table has the correlations by which cuts are found. The tables are printed as Markdown and written to
results/film.md. It needs PyAV: pip install "nncolor[film]".
"""

import argparse
import time
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from _report import RESULTS, machine, table
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates
from skimage.io import imread
from skimage.registration import optical_flow_tvl1
from skimage.transform import resize

from nncolor import SOMColorizer, to_gray
from nncolor._images.color import image_lightness, join_lightness_chroma, lightness_chroma
from nncolor._painting.motion import FrameView, correlation, flow_between, motion_between, sample
from nncolor._painting.settings import FilmSettings
from nncolor.datasets import load_image_folder
from nncolor.metrics import mean_ciede2000

N_PAIRS = 100
STRIP = (2, 30, 60, 119)


def read(path, start, n_frames):
    with av.open(str(path)) as container:
        frames = []
        for number, frame in enumerate(container.decode(video=0)):
            if number >= start:
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


def flow_tvl1(one, other):
    return optical_flow_tvl1(one / 100, other / 100, dtype=np.float32, num_warp=3, num_iter=8)


class Film:
    """Frames of a film, its key frames, and the motion between its frames."""

    def __init__(self, path, n_frames, n_keyframes, start=0):
        self.frames = read(path, start, n_frames)
        self.greys = [to_gray(frame) for frame in self.frames]
        self.step = max(1, round(np.sqrt(self.greys[0].size) / 200))
        self.choose_keys(n_keyframes)
        planes = [self.small(image_lightness(grey)) for grey in self.greys]
        self.motion = []
        for before, after in pairwise(planes):
            flow = flow_tvl1(after, before)
            agrees = np.abs(self.moved(before, flow) - after) < 2
            self.motion.append((flow, agrees))

    def choose_keys(self, n_keyframes):
        """One key frame is the first frame; more are evenly spaced."""
        n = len(self.frames)
        evenly = [int(n * (2 * number + 1) / (2 * n_keyframes)) for number in range(n_keyframes)]
        self.keys = [0] if n_keyframes == 1 else evenly
        self.keyframes = {key: self.frames[key] for key in self.keys}

    def small(self, image):
        return image[:: self.step, :: self.step]

    @staticmethod
    def moved(plane, flow):
        points = np.indices(plane.shape, np.float32) + flow
        return map_coordinates(plane, points, order=1, mode="nearest")

    def flicker(self, colored):
        chroma = [self.small(lightness_chroma(image)[1]) for image in colored]
        changes = []
        for (before, after), (flow, agrees) in zip(pairwise(chroma), self.motion, strict=True):
            if agrees.mean() > 0.4:  # not over a cut
                change = [after[..., axis] - self.moved(before[..., axis], flow) for axis in (0, 1)]
                changes.append(np.hypot(*change)[agrees].mean())
        return np.mean(changes)

    def error(self, colored, greys):
        """Mean CIEDE2000 of the frames that are not key frames; the truth has the lightness of the grey."""
        return np.mean(list(self.errors(colored, greys).values()))

    def errors(self, colored, greys):
        """Mean CIEDE2000 of each frame that is not a key frame."""
        found = {}
        for number, frame in enumerate(self.frames):
            if number not in self.keys:
                chroma = lightness_chroma(frame)[1]
                truth = join_lightness_chroma(image_lightness(greys[number]), chroma, np.uint8)
                found[number] = mean_ciede2000([self.small(truth)], [self.small(colored[number])])
        return found

    def error_of_key_chroma(self, with_flow):
        """Error of the chroma of the nearest key frame, in its place or along one flow from the key frame."""
        errors = []
        for number, frame in enumerate(self.frames):
            if number in self.keys:
                continue
            key = min(self.keys, key=lambda key, number=number: abs(key - number))
            chroma = self.small(lightness_chroma(self.frames[key])[1])
            lightness = self.small(image_lightness(self.greys[number]))
            if with_flow:
                flow = flow_tvl1(lightness, self.small(image_lightness(self.greys[key])))
                chroma = np.stack([self.moved(chroma[..., axis], flow) for axis in (0, 1)], axis=-1)
            truth = self.small(lightness_chroma(frame)[1])
            images = [join_lightness_chroma(lightness, values, np.uint8) for values in (truth, chroma)]
            errors.append(mean_ciede2000(images[:1], images[1:]))
        return np.mean(errors)


def timed(colour, n_frames):
    """Coloured frames, and seconds of all threads for each."""
    start = time.process_time()
    colored = list(colour())
    return colored, (time.process_time() - start) / n_frames


def save_strip(path, frames, colored):
    """Frames 2, 30, 60 and 119, true and coloured."""
    rows = []
    for images in (frames, colored):
        small = [Image.fromarray(images[n]).resize((320, 200)) for n in STRIP if n < len(images)]
        rows.append(np.concatenate([np.asarray(image) for image in small], axis=1))
    Image.fromarray(np.concatenate(rows)).save(path)


def report(name, clip, n_keyframes, trained, n_jobs, seed, strips=None):
    """Table of one clip with a number of key frames."""
    clip.choose_keys(n_keyframes)
    own = SOMColorizer(n_jobs=n_jobs, random_state=0).fit(list(clip.keyframes.values()))
    lines = []

    def add(film, method, error, flicker=None, seconds=None):
        cells = ["" if value is None else f"{value:.2f}" for value in (error, flicker, seconds)]
        lines.append([film, method, *cells])
        print(name, n_keyframes, lines[-1], flush=True)

    add("clean", "chroma of the key frame in place", clip.error_of_key_chroma(with_flow=False))
    add("clean", "one TV-L1 flow from the key frame", clip.error_of_key_chroma(with_flow=True))
    # what depends least on the key frames is measured with several of them only
    for film, seeds in (("clean", None), ("lamp and grain", seed))[: 1 if n_keyframes == 1 else 2]:
        greys = noisy(clip.greys, seeds)
        films = {
            "frame by frame": lambda greys=greys: own.predict(greys),
            "colorize_film": lambda greys=greys: own.colorize_film(greys, keyframes=clip.keyframes),
        }
        if seeds is None:
            for label, colorizer in trained.items():
                films[f"colorize_film, trained on {label}"] = lambda colorizer=colorizer, greys=greys: (
                    colorizer.colorize_film(greys, keyframes=clip.keyframes)
                )
            if n_keyframes > 1:
                films["colorize_film, without key frames"] = lambda greys=greys: own.colorize_film(greys)
        for method, colour in films.items():
            colored, seconds = timed(colour, len(greys))
            add(film, method, clip.error(colored, greys), clip.flicker(colored), seconds)
            if method.startswith("colorize_film") and strips:
                save_strip(strips / f"{name}, {n_keyframes}, {film}, {method}.png", clip.frames, colored)
    header = ["film", "method", "CIEDE2000", "flicker", "processor seconds a frame"]
    height, width = clip.greys[0].shape
    text = f"## {name}, key frames {', '.join(map(str, clip.keys))}\n\n"
    text += f"{len(clip.frames)} frames of {width} x {height}. "
    return text + f"Flicker of the true colours: {clip.flicker(clip.frames):.2f}.\n\n" + table(header, lines)


def alike(one, other, settings):
    """Correlations of two motion-compensated pictures, as `motion_between` computes them."""
    flow = flow_between(one, other, settings)
    moved = sample(other.pattern, np.indices(one.pattern.shape, np.float32) + flow)
    details = [plane - gaussian_filter(plane, settings.detail_smoothing) for plane in (one.pattern, moved)]
    return correlation(one.pattern, moved), correlation(*details)


def cuts(clips, folder):
    """Table of the correlations of neighbouring frames, and of pairs of different photographs."""
    settings, lines = FilmSettings(), []
    for name, clip in clips.items():
        for film, seed in (("clean", None), ("lamp and grain", 0)):
            views = [FrameView(grey, settings, 1) for grey in noisy(clip.greys, seed)[::3]]
            again = [FrameView(grey, settings, 1) for grey in noisy(clip.greys, seed)[1::3]]
            pairs = [pair for pair in zip(again, views, strict=False) if motion_between(*pair, settings)]
            found = np.min([alike(*pair, settings) for pair in pairs], axis=0)
            lines.append(
                [name, f"{film}, {len(pairs)} pairs, smallest", *(f"{value:.2f}" for value in found)]
            )
    paths, rng = load_image_folder(folder), np.random.default_rng(0)
    found = []
    for _ in range(N_PAIRS):
        one, other = (to_gray(imread(paths[index])) for index in rng.permutation(len(paths))[:2])
        other = (resize(other, one.shape) * 255).astype(np.uint8)
        found.append(alike(*(FrameView(image, settings, 1) for image in (one, other)), settings))
    largest = [f"{value:.2f}" for value in np.max(found, axis=0)]
    lines.append([Path(folder).name, f"{N_PAIRS} pairs of different photographs, largest", *largest])
    n_alike = sum(pair[0] >= settings.cut or pair[1] >= settings.detail_cut for pair in found)
    text = (
        "## Cuts\n\nCorrelation of motion-compensated patterns of neighbouring frames within shots, and of "
        f"their details. There is a cut below {settings.cut} and {settings.detail_cut}; {n_alike} of "
        f"{N_PAIRS} pairs of photographs are taken for one shot.\n\n"
    )
    return text + table(["pictures", "pairs", "patterns", "details"], lines)


def parse_film(text):
    path, _, start = text.partition("@")
    return Path(path), int(start or 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--film", required=True, nargs="+", help="FILE or FILE@START", type=parse_film)
    parser.add_argument("--train", required=True, help="folder of colour photographs", type=Path)
    parser.add_argument("--keyframes", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0, help="of lamp and grain")
    parser.add_argument("--n-jobs", type=int, default=2)
    parser.add_argument("--strips", type=Path, help="folder for pictures of some frames, to look at")
    parser.add_argument("--output", default=RESULTS / "film.md", type=Path)
    options = parser.parse_args()
    trained = {
        options.train.name: SOMColorizer(n_jobs=options.n_jobs, random_state=0).fit(
            load_image_folder(options.train)
        )
    }
    parts, clips = [f"Measured by `docs/benchmarks/film.py`. {machine()}.\n"], {}
    for path, start in options.film:
        name = path.stem + (f" from frame {start}" if start else "")
        clips[name] = Film(path, options.frames, 1, start)
        for n_keyframes in options.keyframes:
            parts.append(
                report(name, clips[name], n_keyframes, trained, options.n_jobs, options.seed, options.strips)
            )
            # a stopped run has measured the clips before
            options.output.write_text("\n".join(parts), encoding="utf-8")
        clips[name].frames = clips[name].motion = None
    parts.append(cuts(clips, options.train))
    print("\n".join(parts))
    options.output.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
