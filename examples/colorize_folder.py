"""Colour a folder of grey photographs with a colorizer trained on a folder of colour photographs.

    python examples/colorize_folder.py COLOUR_FOLDER GREY_FOLDER OUTPUT_FOLDER

Every image of GREY_FOLDER is coloured and written to OUTPUT_FOLDER under the same name, with the same size
and depth, upright and in sRGB. Only TIFF files can keep more than 8 bits. An image that is already in colour
gets new colours. Files with other extensions are left out. Files that are already there are not changed, so
an interrupted run can be started again; a file is written under a temporary name and renamed when it is
complete. Metadata such as captions and dates is not copied. With --model FILE the fitted colorizer is saved
as a joblib file; if the file already exists, it is used instead of training on COLOUR_FOLDER; remove it to
train again. Training simulates the film of the photographs in GREY_FOLDER, of which at most 40 are looked at;
photographs like today's change nothing. With --skip-broken, colour photographs that cannot be read, or are grey, are named and left out;
without it, the first that cannot be read or has one channel stops the run. All images that were not coloured
are named at the end.

Exit status: 0 if everything was coloured, 1 if a file was not or there is no colorizer, 2 for wrong
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

from nncolor import SOMColorizer, sample_pixels, to_gray
from nncolor.datasets import IMAGE_SUFFIXES, load_image_folder

TIFF = (".tif", ".tiff")
# largest |u*|, |v*| of grey pixels after rounding
NEUTRAL_CHROMA = 0.1
# ignored by other formats
JPEG = {"quality": 95, "subsampling": 0}


def write_whole(path, write):
    """Call write(temporary path) and rename the file, so that it is never incomplete."""
    # short, because the name itself may have the maximum length
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
        write_whole(
            path,
            lambda part: tifffile.imwrite(
                part, image, photometric="rgb", metadata=None
            ),
        )
    else:
        write_whole(path, lambda part: Image.fromarray(image).save(part, **JPEG))


def to_do(grey, output):
    """Names of the files to colour, and failures: files named like images that are not, and why.

    Prints which other files are left out.
    """
    names, failures, n_done = [], [], 0
    for path in sorted(grey.iterdir()):
        if path.name.startswith("."):
            continue  # operating systems store hidden files beside the images
        is_image = path.suffix.lower() in IMAGE_SUFFIXES
        if not path.exists():
            failures.append(f"{path.name}: it is a link to a file that does not exist")
        elif not path.is_file() and is_image:
            failures.append(f"{path.name}: it is not a file but a folder or a device")
        elif path.is_dir():
            print(f"left out {path.name}: it is a folder")
        elif not is_image:
            print(
                f"left out {path.name}: its extension is not one of {', '.join(IMAGE_SUFFIXES)}"
            )
        elif (output / path.name).exists():
            n_done += 1
        else:
            names.append(path.name)
    if n_done:
        print(f"skipped {n_done} images that are already in {output}")
    return names, failures


def colour_photographs(folder, skip_broken):
    """Paths of the colour photographs; prints which files are left out."""
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
            if (
                np.abs(sample_pixels([path], 2500, random_state=0).chroma).max()
                < NEUTRAL_CHROMA
            ):
                raise ValueError("all its pixels are grey")
            whole.append(path)
        # as in `colour`, whatever the error
        except Exception as error:
            print(f"left out {path}: {error or type(error).__name__}")
    return whole


def readable(folder):
    """At most 40 of the grey photographs, without those that cannot be read; these are named later."""
    paths = [
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in IMAGE_SUFFIXES
    ]
    found = []
    for path in paths[:: -(-len(paths) // 40)]:
        try:
            to_gray(path)
            found.append(path)
        except (OSError, ValueError):
            continue
    return found


def learn(options):
    """Load the colorizer of the model file, or train one on the colour photographs."""
    if options.model is not None and options.model.exists():
        print(f"using the fitted colorizer of {options.model}")
        return load_model(options.model)
    colorizer = SOMColorizer(
        n_jobs=options.n_jobs, random_state=options.random_state, verbose=1
    )
    photographs = colour_photographs(options.colour_folder, options.skip_broken)
    colorizer.fit(photographs, gray=readable(options.grey_folder) or None)
    if options.model is not None:
        write_whole(options.model, lambda part: joblib.dump(colorizer, part))
    return colorizer


def load_model(path):
    try:
        model = joblib.load(path)
        check_is_fitted(model)
    # a file that is damaged or not a pickle fails in many ways
    except Exception as error:
        raise ValueError(
            f"the model {path} cannot be used: {type(error).__name__}: {error}"
        ) from error
    if not isinstance(model, SOMColorizer):
        raise ValueError(
            f"the model {path} is not a SOMColorizer but a {type(model).__name__}"
        )
    return model


def colour(colorizer, names, grey, output):
    """Colour the files one after the other; returns the failures, with their reasons."""
    failures = []
    for number, name in enumerate(names, start=1):
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                save_image(output / name, colorizer.colorize(grey / name))
            outcome = "".join(f"\n    {warning.message}" for warning in caught)
        # an error in one file must not stop the others
        except Exception as error:
            failures.append(f"{name}: {error or type(error).__name__}")
            outcome = f" FAILED: {error or type(error).__name__}"
        print(f"[{number}/{len(names)}] {name}{outcome}")
    return failures


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "colour_folder", type=Path, help="colour photographs to train on"
    )
    parser.add_argument("grey_folder", type=Path, help="grey photographs to colour")
    parser.add_argument(
        "output_folder", type=Path, help="folder for the coloured photographs"
    )
    parser.add_argument(
        "--model",
        type=Path,
        help="joblib file of the fitted colorizer, read if it exists, else written; loading can run code",
    )
    parser.add_argument(
        "--skip-broken",
        action="store_true",
        help="leave out colour photographs that cannot be read or are grey",
    )
    parser.add_argument(
        "--n-jobs", type=int, default=-1, help="threads (default: all cores)"
    )
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
            parser.error(
                f"the output folder is the {name} folder; its images would be mixed up"
            )

    names, failures = to_do(grey, output)
    if not names:
        print("nothing to colour")
        return report(failures)
    try:
        colorizer = learn(options)
    except (OSError, ValueError) as error:
        print(
            f"nothing was coloured, because there is no colorizer: {error}",
            file=sys.stderr,
        )
        return 1
    failed = colour(
        colorizer.set_params(verbose=0, n_jobs=options.n_jobs), names, grey, output
    )
    print(f"coloured {len(names) - len(failed)} of {len(names)} images into {output}")
    return report(failures + failed)


def report(failures):
    """Print which images were not coloured; returns the exit status."""
    for failure in failures:
        print(f"not coloured: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        # file names may have characters that the console cannot show
        stream.reconfigure(errors="backslashreplace")
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print(
            "\ninterrupted; all output files are complete, and the next run continues",
            file=sys.stderr,
        )
        sys.exit(130)
