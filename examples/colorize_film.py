"""Colour a film with a colorizer trained on some of its frames, coloured by hand.

    python examples/colorize_film.py FILM --shots
    python examples/colorize_film.py FILM --export FOLDER --every 100
    python examples/colorize_film.py FILM OUTPUT --keyframes FOLDER

The first call lists the shots: each needs a key frame, as colours do not cross a cut. The second call writes
every 100th frame to FOLDER as PNG, named by its number, counted from 0; files that are already there are
kept. Colour some of them, by hand or with nncolor's HintEditor, and remove the others. The third call trains
on the remaining files, and colours the film; these key frames are kept unchanged. With --model FILE a
colorizer that was saved with joblib is used, and key frames are optional.

The film is read once before anything is written: a key frame that does not show its frame, or lies beyond the
end, is refused. Until the film is complete, coloured parts are kept in a folder named as OUTPUT, with .parts:
a run that was stopped continues at a cut when it is started again with the same arguments.

The output has the frame rate, the time stamps, the bit depth (up to 10), the colour space and the shape of
pixels of the film, and its sound, subtitles, chapters and title, as far as its container can hold them; what
it cannot hold is named. A film that is marked as rotated or mirrored is turned upright. Interlaced films,
films of a high dynamic range and films whose size changes are refused. Of a damaged film, what can be read is
coloured. The script needs PyAV: pip install "nncolor[film]", and colorize_folder.py and film_files.py beside
it.

Exit status: 0 if all went well, 1 if not, 2 for wrong arguments, 3 if the film is damaged and a part of it
was coloured, 130 after Ctrl-C.
"""

import argparse
import json
import re
import shutil
import sys
import warnings
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
from PIL import Image
from skimage.color import rgb2luv
from tqdm import tqdm

from colorize_folder import load_model, write_whole
from film_files import Assembly, Reader, av, write_part
from nncolor import SOMColorizer, find_shots, to_gray
from nncolor.datasets import load_image_folder

# A part of the coloured film ends at the first cut after this number of frames.
PART_LENGTH = 200
# Correlation of the lightness of a key frame and its frame; other pictures of the same kind have up to 0.7.
MIN_CORRELATION = 0.8
# Damaged frames that are named.
MAX_NAMED = 10
# Size of the pictures that are compared.
COMPARED = (64, 48)


def export(path, folder, every):
    """Write every `every`-th frame of a film as PNG, except those that are there."""
    folder.mkdir(parents=True, exist_ok=True)
    n_written = n_kept = 0
    reader = Reader(path, bits=8)
    for number, image in enumerate(reader):
        file = folder / f"{number:06}.png"
        if number % every:
            continue
        if file.exists():
            n_kept += 1
        else:
            write_whole(file, Image.fromarray(image).save)
            n_written += 1
    kept = f"; {n_kept} files were already there, and are kept" if n_kept else ""
    print(f"wrote {n_written} of {number + 1} frames to {folder}{kept}")
    return report_damage(reader.damage, number + 1)


def load_keyframes(folder):
    """Paths of the key frames by the number of their frame, the digits at the end of their names."""
    keyframes = {}
    for path in load_image_folder(folder):
        digits = re.search(r"[0-9]+$", Path(path).stem)
        if not digits:
            raise ValueError(
                f"the key frame {path} is not named by the number of its frame, counted from 0; rename it, such "
                "as 000000.png for the first frame"
            )
        number = int(digits[0])
        if number in keyframes:
            raise ValueError(
                f"there are two key frames {number}: {keyframes[number]} and {path}"
            )
        keyframes[number] = path
    return dict(sorted(keyframes.items()))


@dataclass
class Film:
    """What is known about a film after it has been read once.

    Attributes
    ----------
    reader : Reader
    shots : list of range
    unlike : list of int
        Key frames that do not show their frame.
    """

    reader: object
    shots: list = field(default_factory=list)
    unlike: list = field(default_factory=list)

    @property
    def n_frames(self):
        return self.shots[-1].stop


def look_through(path, keyframes):
    """Read a film once: its shots, and whether the key frames are of their frames."""
    film = Film(Reader(path))
    # None: no progress bar in a log
    frames = tqdm(film.reader, "finding shots", unit="frame", disable=None)
    film.shots = find_shots(_compared(frames, keyframes, film.unlike))
    return film


def _compared(frames, keyframes, unlike):
    """Yield frames, and note the key frames that do not show them."""
    for number, frame in enumerate(frames):
        if number in keyframes:
            key = np.asarray(Image.open(keyframes[number]).convert("RGB"))
            if key.shape[:2] != frame.shape[:2]:
                (height, width), (rows, columns) = key.shape[:2], frame.shape[:2]
                raise ValueError(
                    f"key frame {number} has {height} x {width} pixels, and the frames of the film have "
                    f"{rows} x {columns}"
                )
            if _correlation(key, frame) < MIN_CORRELATION:
                unlike.append(number)
        yield frame


def _correlation(one, other):
    """Correlation of the lightness of two images of one size; 1 for blank ones."""
    small = []
    for image in (one, other):
        grey = (to_gray(image) / np.iinfo(image.dtype).max).astype(np.float32)
        small.append(
            np.asarray(
                Image.fromarray(grey).resize(COMPARED, Image.Resampling.BOX)
            ).ravel()
        )
    if min(plane.std() for plane in small) < 0.01:
        return 1.0
    return np.corrcoef(*small)[0, 1]


def check_keyframes(film, keyframes):
    """Raise if a key frame cannot be used."""
    beyond = [number for number in keyframes if number >= film.n_frames]
    if beyond:
        raise ValueError(
            f"key frame {', '.join(map(str, beyond))} lies beyond the end of the film, which has "
            f"{film.n_frames} frames, counted from 0"
        )
    if film.unlike:
        names = ", ".join(str(keyframes[number]) for number in film.unlike)
        raise ValueError(
            f"{names}: the lightness is not that of frame {', '.join(map(str, film.unlike))} of the film. "
            "Name a key frame by the number of its frame, counted from 0, or remove it"
        )


def print_shots(film, keyframes):
    """List the shots, and their key frames."""
    n_keyed = 0
    for number, shot in enumerate(film.shots, start=1):
        inside = [str(key) for key in keyframes if key in shot]
        n_keyed += bool(inside)
        keys = f"key frame {', '.join(inside)}" if inside else "no key frame"
        frames = (
            f"frames {shot.start} to {shot.stop - 1}"
            if len(shot) > 1
            else f"frame {shot.start}"
        )
        print(f"shot {number}: {frames} ({len(shot)}), {keys}")
    print(f"{n_keyed} of {len(film.shots)} shots have a key frame")


def parts_of(shots):
    """Ranges of frames of whole shots, after which a stopped run can continue."""
    starts = [shots[0].start]
    for shot in shots:
        if shot.start - starts[-1] >= PART_LENGTH:
            starts.append(shot.start)
    return [range(*ends) for ends in pairwise([*starts, shots[-1].stop])]


class Parts:
    """Folder of the coloured parts of a film, with a record of the run that they are from.

    Parameters
    ----------
    output : Path
        File of the coloured film.
    inputs : dict of str to list of Path
        Files that the colours depend on, by what they are.
    settings : dict
    """

    def __init__(self, output, inputs, settings):
        self.folder = output.with_suffix(".parts")
        run = {
            name: [
                [str(path), path.stat().st_size, path.stat().st_mtime_ns]
                for path in paths
            ]
            for name, paths in inputs.items()
        }
        run.update(settings)
        record = self.folder / "run.json"
        if self.folder.exists():
            before = json.loads(record.read_text()) if record.exists() else {}
            changed = [name for name in run if before.get(name) != run[name]]
            if changed:
                raise ValueError(
                    f"{self.folder} has parts of another run: {', '.join(changed)} changed since. Remove that "
                    "folder to start again, or choose another output"
                )
        self.folder.mkdir(exist_ok=True)
        record.write_text(json.dumps(run))

    def file(self, part):
        return self.folder / f"{part.start:08}.mp4"

    def n_done(self):
        return len(list(self.folder.glob("[0-9]*.mp4")))

    def remove(self):
        shutil.rmtree(self.folder)


def tint_of(keyframes, colorizer):
    """Mean tint of all key frames, so that parts have the same; None if the colorizer has none."""
    if not keyframes or not colorizer.has_tint_:
        return None
    tints = []
    for path in keyframes.values():
        image = np.asarray(Image.open(path).convert("RGB"))
        tints.append(rgb2luv(image)[..., 1:].mean(axis=(0, 1)))
    return tuple(np.mean(tints, axis=0))


def colour(film, parts, colorizer, keyframes):
    """Write the parts of the coloured film that are not there yet; returns the file of each by its start."""
    ranges = parts_of(film.shots)
    n_left = sum(len(part) for part in ranges if not parts.file(part).exists())
    tint = tint_of(keyframes, colorizer)
    frames = iter(film.reader)
    with tqdm(total=n_left, desc="colouring", unit="frame", disable=None) as bar:
        for part in ranges:
            images, file = islice(frames, len(part)), parts.file(part)
            if file.exists():
                deque(images, maxlen=0)
                continue
            of_part = {
                number - part.start: path
                for number, path in keyframes.items()
                if number in part
            }
            colored = colorizer.colorize_film(images, keyframes=of_part, tint=tint)
            write = partial(
                write_part,
                images=_counted(colored, bar),
                picture=film.reader.picture,
                rate=film.reader.rate,
            )
            write_whole(file, write)
    return {part.start: parts.file(part) for part in ranges}


def _counted(images, bar):
    for image in images:
        yield image
        bar.update()


def trained(options, keyframes):
    if options.model is not None:
        return load_model(options.model).set_params(n_jobs=options.n_jobs, verbose=0)
    colorizer = SOMColorizer(
        n_jobs=options.n_jobs, random_state=options.random_state, verbose=1
    )
    return colorizer.fit(list(keyframes.values())).set_params(verbose=0)


def colour_file(options):
    """Colour a film, and write it to a file; returns the exit status."""
    keyframes = load_keyframes(options.keyframes) if options.keyframes else {}
    film = look_through(options.film, keyframes)
    check_keyframes(film, keyframes)
    stamps, time_base = film.reader.timing()
    damage = film.reader.damage
    inputs = {
        "the film": [options.film],
        "the key frames": list(map(Path, keyframes.values())),
        "the model": [options.model] if options.model else [],
    }
    parts = Parts(options.output, inputs, {"the seed": options.random_state})
    try:
        files = colour(film, parts, trained(options, keyframes), keyframes)
        assembly = Assembly(options.film, files, stamps, time_base, film.reader.rate)
        write_whole(options.output, assembly.write)
    except BaseException as error:
        _say_what_is_kept(parts, is_stopped=isinstance(error, KeyboardInterrupt))
        raise
    parts.remove()
    if film.reader.picture.bits > 10:
        print(f"the film has {film.reader.picture.bits} bits, and the output 10")
    for name in assembly.dropped:
        print(f"not copied: {name}")
    print(f"wrote {options.output}")
    return report_damage(damage, film.n_frames)


def _say_what_is_kept(parts, is_stopped):
    if parts.n_done():
        print(
            f"\n{parts.n_done()} parts are kept in {parts.folder}; the same call continues after them",
            file=sys.stderr,
        )
        return
    parts.remove()
    if is_stopped:
        print(
            f"\nnothing is kept: a run continues at a cut, and no cut came after {PART_LENGTH} frames yet",
            file=sys.stderr,
        )


def report_damage(damage, n_frames):
    """Print what could not be read; returns the exit status."""
    if not damage:
        return 0
    print(
        f"the film is damaged, and {n_frames} frames of it were read:", file=sys.stderr
    )
    for text in damage[:MAX_NAMED]:
        print(f"    {text}", file=sys.stderr)
    if len(damage) > MAX_NAMED:
        print(f"    and at {len(damage) - MAX_NAMED} other frames", file=sys.stderr)
    return 3


def parse(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("film", type=Path, help="the film to colour")
    parser.add_argument(
        "output", type=Path, nargs="?", help="file of the coloured film, .mp4 or .mkv"
    )
    parser.add_argument(
        "--keyframes",
        type=Path,
        help="folder of coloured frames, whose names end with their numbers",
    )
    parser.add_argument("--model", type=Path, help="joblib file of a fitted colorizer")
    parser.add_argument(
        "--shots", action="store_true", help="list the shots and their key frames"
    )
    parser.add_argument("--export", type=Path, help="folder that frames are written to")
    parser.add_argument(
        "--every",
        type=int,
        default=100,
        help="export every EVERY-th frame (default: 100)",
    )
    parser.add_argument(
        "--n-jobs", type=int, default=-1, help="threads (default: all cores)"
    )
    parser.add_argument("--random-state", type=int, default=0, help="seed (default: 0)")
    options = parser.parse_args(arguments)
    if options.every < 1:
        parser.error("--every must be at least 1")
    if options.export is not None and (
        options.output or options.keyframes or options.model or options.shots
    ):
        parser.error(
            "--export writes frames and nothing else; pass it without output, --keyframes, --model, --shots"
        )
    if options.shots and (options.output or options.model):
        parser.error(
            "--shots lists shots and colours nothing; pass it without output and --model"
        )
    if options.export is None and not options.shots:
        if options.output is None or not (options.keyframes or options.model):
            parser.error(
                "pass --shots, or --export, or an output and --keyframes or --model"
            )
        if options.output.exists():
            parser.error(
                f"there is already a file {options.output}; remove it or choose another name"
            )
    return options


def main(arguments=None):
    options = parse(arguments)
    if av is None:
        print('films need PyAV: pip install "nncolor[film]"', file=sys.stderr)
        return 1
    try:
        if options.export is not None:
            return export(options.film, options.export, options.every)
        if options.shots:
            keyframes = load_keyframes(options.keyframes) if options.keyframes else {}
            film = look_through(options.film, keyframes)
            print_shots(film, keyframes)
            check_keyframes(film, keyframes)
            return report_damage(film.reader.damage, film.n_frames)
        return colour_file(options)
    # most, but not all, av.FFmpegErrors are also an OSError or a ValueError
    except (OSError, ValueError, av.FFmpegError) as error:
        print(
            error
            if options.output is None
            else f"{options.output} was not written: {error}",
            file=sys.stderr,
        )
        return 1


if __name__ == "__main__":
    # without the line of code that they come from
    warnings.formatwarning = lambda message, *_: f"{message}\n"
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)
