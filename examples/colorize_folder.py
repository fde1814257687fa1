"""Colour a folder of grey photographs with what a folder of colour photographs teaches.

    python examples/colorize_folder.py COLOUR_FOLDER GREY_FOLDER OUTPUT_FOLDER

Every image of GREY_FOLDER is written to OUTPUT_FOLDER under its own name, in its own size and depth,
upright and in sRGB. What is there already is left alone, so an interrupted run can be started again; a file
is written under a temporary name and renamed when it is whole. Captions, dates and other notes inside the
files are not carried over. With --model FILE the fitted colorizer is kept as a joblib file: where that is
there already, it is used, whatever is in COLOUR_FOLDER; remove it to train on other photographs. With
--skip-broken, colour photographs that cannot be read, or are grey, are named and left out; without it, they
end the run. Whatever is not coloured is named at the end.

Exit status: 0 if everything is coloured, 1 if a file is not or there is no colorizer, 2 for wrong
arguments, 130 after Ctrl-C.
"""

import argparse
import os
import sys
import warnings
from pathlib import Path

import joblib
import numpy as np
import tifffile
from PIL import Image
from sklearn.utils.validation import check_is_fitted

from nncolor import SOMColorizer, sample_pixels
from nncolor.datasets import IMAGE_SUFFIXES, load_image_folder

TIFF = (".tif", ".tiff")
# other formats do not mind
JPEG = {"quality": 95, "subsampling": 0}


def write_whole(path, write):
    """Call write(temporary path) and rename the file, so that it is whole or not there."""
    # short, since the name itself may be as long as a name can be
    temporary = path.with_name(f".{os.getpid()}.part{path.suffix}")
    try:
        write(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def save_image(path, image):
    suffix = path.suffix.lower()
    if suffix == ".gif":
        raise ValueError("a .gif file keeps 256 colours only; convert it to .png")
    if image.dtype != np.uint8 and suffix not in TIFF:
        raise ValueError(
            f"colour of dtype {image.dtype} cannot be kept in a {suffix} file; convert it to .tif"
        )
    if suffix in TIFF:
        write_whole(path, lambda part: tifffile.imwrite(part, image, photometric="rgb", metadata=None))
    else:
        write_whole(path, lambda part: Image.fromarray(image).save(part, **JPEG))


def to_do(grey, output):
    """Names of the files to colour, and failures: what looks like an image and is none, and why.

    Says what else is left out.
    """
    names, failures, n_done = [], [], 0
    for path in sorted(grey.iterdir()):
        if path.name.startswith("."):
            continue  # notes that systems leave beside the images
        is_image = path.suffix.lower() in IMAGE_SUFFIXES
        if not path.exists():
            failures.append(f"{path.name}: it is a link to a file that is not there")
        elif not path.is_file() and is_image:
            failures.append(f"{path.name}: it is no file but a folder or a device")
        elif not is_image:
            print(f"left out {path.name}: its ending is none of {', '.join(IMAGE_SUFFIXES)}")
        elif (output / path.name).exists():
            n_done += 1
        else:
            names.append(path.name)
    if n_done:
        print(f"left alone {n_done} images that are in {output} already")
    return names, failures


def colour_photographs(folder, skip_broken):
    """Paths of the colour photographs; says which files are left out."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        paths = load_image_folder(folder, skip_unreadable=skip_broken)
    for warning in caught:
        print(warning.message)
    if not skip_broken:
        return paths
    whole = []
    for path in paths:
        try:
            sample_pixels([path], 1)
            whole.append(path)
        # as in `colour`, whatever is in a file
        except Exception as error:
            print(f"left out {path}: {error or type(error).__name__}")
    return whole


def learn(options):
    """The colorizer of the model file, or one that learns from the colour photographs."""
    if options.model is not None and options.model.exists():
        print(f"taking the fitted colorizer of {options.model}")
        return load_model(options.model)
    colorizer = SOMColorizer(n_jobs=options.n_jobs, random_state=options.random_state, verbose=1)
    colorizer.fit(colour_photographs(options.colour_folder, options.skip_broken))
    if options.model is not None:
        write_whole(options.model, lambda part: joblib.dump(colorizer, part))
    return colorizer


def load_model(path):
    try:
        model = joblib.load(path)
        check_is_fitted(model)
    # a file that is damaged or no pickle fails in many ways
    except Exception as error:
        raise ValueError(f"the model {path} cannot be used: {type(error).__name__}: {error}") from error
    if not isinstance(model, SOMColorizer):
        raise ValueError(f"the model {path} is no SOMColorizer but {type(model).__name__}")
    return model


def colour(colorizer, names, grey, output):
    """Colour the files one after the other; what failed, and why."""
    failures = []
    for number, name in enumerate(names, start=1):
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                save_image(output / name, colorizer.colorize(grey / name))
            outcome = "".join(f"\n    {warning.message}" for warning in caught)
        # no file, whatever is in it, may stop the others
        except Exception as error:
            failures.append(f"{name}: {error or type(error).__name__}")
            outcome = " FAILED"
        print(f"[{number}/{len(names)}] {name}{outcome}")
    return failures


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("colour_folder", type=Path, help="colour photographs to train on")
    parser.add_argument("grey_folder", type=Path, help="grey photographs to colour")
    parser.add_argument("output_folder", type=Path, help="where the coloured photographs go")
    parser.add_argument(
        "--model",
        type=Path,
        help="joblib file of the fitted colorizer, read if it is there, else written; loading runs code",
    )
    parser.add_argument(
        "--skip-broken", action="store_true", help="leave out colour photographs that cannot be read"
    )
    parser.add_argument("--n-jobs", type=int, default=-1, help="threads (default: all cores)")
    parser.add_argument("--random-state", type=int, default=0, help="seed (default: 0)")
    options = parser.parse_args(arguments)
    grey, output = options.grey_folder, options.output_folder
    if not grey.is_dir():
        parser.error(f"there is no folder {grey}")
    if output.exists() and not output.is_dir():
        parser.error(f"the output folder {output} is a file")
    if options.model is not None and not options.model.resolve().parent.is_dir():
        parser.error(f"there is no folder for the model {options.model}")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"the output folder {output} cannot be made: {error}")
    for folder, name in ((grey, "grey"), (options.colour_folder, "colour")):
        if folder.is_dir() and output.samefile(folder):
            parser.error(f"the output folder is the {name} folder; its images would be mixed up")

    names, failures = to_do(grey, output)
    if not names:
        print("nothing to colour")
        return report(failures)
    try:
        colorizer = learn(options)
    except (OSError, ValueError) as error:
        print(f"nothing is coloured, there is no colorizer: {error}", file=sys.stderr)
        return 1
    failed = colour(colorizer.set_params(verbose=0, n_jobs=options.n_jobs), names, grey, output)
    print(f"coloured {len(names) - len(failed)} of {len(names)} images into {output}")
    return report(failures + failed)


def report(failures):
    """Name what is not coloured; the exit status."""
    for failure in failures:
        print(f"not coloured: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        # names of files may hold what the console cannot show
        stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\ninterrupted; every file that is there is whole, the next run goes on", file=sys.stderr)
        sys.exit(130)
