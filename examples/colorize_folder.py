"""Colour a folder of grey photographs with what a folder of colour photographs teaches.

    python examples/colorize_folder.py COLOUR_FOLDER GREY_FOLDER OUTPUT_FOLDER

Every image of GREY_FOLDER is written to OUTPUT_FOLDER under its own name, in its own size. What is there
already is left alone, so an interrupted run can be started again. Whatever is not coloured is named, and
the exit status is 1 if a file that should have been coloured was not.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from nncolor import SOMColorizer
from nncolor.datasets import IMAGE_SUFFIXES, load_image_folder


def save_image(path, image):
    """Write an image under a temporary name and rename it, so that a file is whole or not there."""
    temporary = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        if path.suffix.lower() in (".tif", ".tiff"):
            tifffile.imwrite(temporary, image, photometric="rgb")
        elif image.dtype == np.uint8:
            Image.fromarray(image).save(temporary, quality=95)
        else:
            raise ValueError(
                f"colour of dtype {image.dtype} cannot be kept in a {path.suffix} file; convert it to .tif"
            )
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def to_do(grey, output):
    """Names of the files to colour; says what is left out and why."""
    names = []
    for path in sorted(grey.iterdir()):
        if not path.is_file() or path.suffix.lower() not in IMAGE_SUFFIXES:
            print(f"left out {path.name}: no image file")
        elif (output / path.name).exists():
            print(f"left alone {path.name}: already in {output}")
        else:
            names.append(path.name)
    return names


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("colour_folder", type=Path, help="colour photographs to learn from")
    parser.add_argument("grey_folder", type=Path, help="grey photographs to colour")
    parser.add_argument("output_folder", type=Path, help="where the coloured photographs go")
    parser.add_argument("--n-jobs", type=int, default=-1, help="threads (default: all cores)")
    parser.add_argument("--random-state", type=int, default=0, help="seed (default: 0)")
    options = parser.parse_args(arguments)
    if not options.grey_folder.is_dir():
        parser.error(f"there is no folder {options.grey_folder}")
    options.output_folder.mkdir(parents=True, exist_ok=True)
    if options.output_folder.samefile(options.grey_folder):
        parser.error("the output folder is the grey folder; its images would be overwritten")

    names = to_do(options.grey_folder, options.output_folder)
    if not names:
        print("nothing to colour")
        return 0
    try:
        paths = load_image_folder(options.colour_folder)
        colorizer = SOMColorizer(n_jobs=options.n_jobs, random_state=options.random_state, verbose=1).fit(
            paths
        )
    except (OSError, ValueError) as error:
        print(f"cannot learn from {options.colour_folder}: {error}", file=sys.stderr)
        return 1
    colorizer.set_params(verbose=0)

    failures = []
    for number, name in enumerate(names, start=1):
        try:
            save_image(options.output_folder / name, colorizer.colorize(options.grey_folder / name))
            print(f"[{number}/{len(names)}] {name}")
        except (OSError, ValueError) as error:
            failures.append(f"{name}: {error}")
            print(f"[{number}/{len(names)}] {name} FAILED")
    print(f"coloured {len(names) - len(failures)} of {len(names)} images into {options.output_folder}")
    for failure in failures:
        print(f"not coloured: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
