"""Colour a folder of grey photographs with a colorizer trained on a folder of colour photographs.

    python examples/colorize_folder.py COLOUR_FOLDER GREY_FOLDER OUTPUT_FOLDER

Every image of GREY_FOLDER is coloured and written to OUTPUT_FOLDER under the same name, with the same size,
depth and resolution, upright and in sRGB; an image whose format cannot keep them, such as a 16-bit JPEG 2000,
becomes a PNG. With --recursive, subfolders are coloured too, into the same subfolders. An image that is
already in colour gets new colours. Files with other extensions are left out. Files that are already there are
not changed, so an interrupted run can be started again; a file is written under a temporary name and renamed
when it is complete. Metadata such as captions and dates is not copied.

Training simulates the film of the photographs in GREY_FOLDER, of which at most 40 are looked at; photographs
like today's change nothing. With --model FILE the fitted colorizer is saved as a joblib file; if the file
already exists, it is used instead of training on COLOUR_FOLDER; remove it to train again. Without it, a run
that continues trains again, perhaps for another film. With --skip-broken,
colour photographs that cannot be read, or are grey, are named and left out; without it, the first that cannot
be read or has one channel stops the run. All images that were not coloured are named at the end.

--tint takes a colour ("#8a7f78"), a pair of colours for the upper and the lower half ("skyblue,olive"), or a
reference photograph. --sheet FILE writes a page of thumbnails to look through: each image grey, coloured, and
in its alternatives, with its name and their numbers; --tint 2 colours in the alternative with the number 2. To
colour single images again, put them into a folder of their own. For hints, see HintEditor in a notebook.

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
from PIL import Image, ImageDraw
from sklearn.utils.validation import check_is_fitted
from tqdm import tqdm

from nncolor import SOMColorizer, sample_pixels, save_image, to_gray
from nncolor.datasets import IMAGE_SUFFIXES, load_image_folder

# formats that are written, and those of them that keep more than 8 bits
WRITTEN = (".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
DEEP = (".png", ".tif", ".tiff")
# largest |u*|, |v*| of grey pixels after rounding
NEUTRAL_CHROMA = 0.1
# of a thumbnail, in pixels
THUMBNAIL = 240
N_ALTERNATIVES = 4


def write_whole(path, write):
    """Call write(temporary path) and rename the file, so that it is never incomplete."""
    # short, because the name itself may have the maximum length
    temporary = path.with_name(f".{os.getpid()}.part{path.suffix}")
    try:
        write(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def image_files(folder, recursive):
    """Files of a folder without hidden ones, relative to it; folders too, unless they are entered."""
    found = []
    for path in sorted(folder.rglob("*") if recursive else folder.iterdir()):
        name = path.relative_to(folder)
        # operating systems store hidden files beside the images
        is_hidden = any(part.startswith(".") for part in name.parts)
        if not (is_hidden or (recursive and path.is_dir())):
            found.append(name)
    return found


def output_names(output, name):
    """Where the coloured version of an image may be: under its own name, or as a PNG."""
    own = [output / name] if name.suffix.lower() in WRITTEN else []
    return [*own, output / name.with_name(f"{name.name}.png")]


def to_do(grey, output, recursive):
    """Names of the files to colour, of those that are done, and failures: files that are no images, and why.

    Prints which other files are left out.
    """
    names, done, failures = [], [], []
    for name in image_files(grey, recursive):
        path = grey / name
        is_image = path.suffix.lower() in IMAGE_SUFFIXES
        if not path.exists():
            failures.append(f"{name}: it is a link to a file that does not exist")
        elif not path.is_file() and is_image:
            failures.append(f"{name}: it is not a file but a folder or a device")
        elif path.is_dir():
            print(f"left out {name}: it is a folder; --recursive colours what is in it")
        elif not is_image:
            print(
                f"left out {name}: its extension is not one of {', '.join(IMAGE_SUFFIXES)}"
            )
        elif any(out.exists() for out in output_names(output, name)):
            done.append(name)
        else:
            names.append(name)
    if done:
        print(
            f"skipped {len(done)} images that are already in {output}; to colour them again, remove them there "
            "or name another folder"
        )
    return names, done, failures


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


def readable(folder, recursive):
    """At most 40 of the grey photographs, without those that cannot be read; these are named later."""
    names = image_files(folder, recursive)
    paths = [folder / name for name in names if name.suffix.lower() in IMAGE_SUFFIXES]
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
    colorizer.fit(
        photographs, gray=readable(options.grey_folder, options.recursive) or None
    )
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


def in_color(colorizer, path, tint, saturation):
    """Colour an image; the tint may be the number of an alternative."""
    if isinstance(tint, int):
        tint = colorizer.typical_tints(n_alternatives(colorizer), image=path)[tint]
    return colorizer.colorize(path, tint=tint, saturation=saturation)


def n_alternatives(colorizer):
    """Number of alternatives: four, if the training photographs have as many tints."""
    return min(N_ALTERNATIVES, len(np.unique(colorizer.tints_, axis=0)))


def colour(colorizer, names, grey, output, sheet, done, **wishes):
    """Colour the files one after the other; returns the failures, with their reasons.

    The sheet has those that were coloured by earlier runs, too.
    """
    failures, rows = [], []
    # in a log, a line every half minute
    interval = 0.1 if sys.stderr.isatty() else 30
    bar = tqdm(names, unit="image", mininterval=interval, disable=not names)
    for name in bar:
        try:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                colored = in_color(colorizer, grey / name, **wishes)
                keep(output, name, colored, grey / name)
                if sheet is not None:
                    rows.append(row_of_sheet(colorizer, grey / name, name, colored))
            for warning in caught:
                tqdm.write(f"{name}: {warning.message}")
        # an error in one file must not stop the others
        except Exception as error:
            failures.append(f"{name}: {error or type(error).__name__}")
    if sheet is not None:
        for name in done:
            colored = in_color(colorizer, grey / name, **wishes)
            rows.append(row_of_sheet(colorizer, grey / name, name, colored))
        write_sheet(sheet, sorted(rows, key=lambda row: row[0]))
        print(f"wrote {sheet}")
    return failures


def keep(output, name, colored, source):
    """Write a coloured image under the name of its source, or as a PNG."""
    own = name.suffix.lower()
    is_kept = own in WRITTEN and (colored.dtype == np.uint8 or own in DEEP)
    path = output_names(output, name)[0 if is_kept else -1]
    path.parent.mkdir(parents=True, exist_ok=True)
    save_image(path, colored, like=source)


def thumbnail(image):
    if image.dtype != np.uint8:
        scale = 1 if image.dtype.kind == "f" else np.iinfo(image.dtype).max
        image = np.rint(image / scale * 255).astype(np.uint8)
    picture = Image.fromarray(image).convert("RGB")
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    return picture


def row_of_sheet(colorizer, path, name, colored):
    """Name and thumbnails of an image: grey, coloured, and in the alternatives that there are."""
    pictures = [to_gray(path), colored]
    if colorizer.has_tint_:
        n = n_alternatives(colorizer)
        pictures += list(colorizer.alternatives(path, n, max_size=THUMBNAIL))
    return str(name), [thumbnail(picture) for picture in pictures]


def write_sheet(path, rows):
    n_columns = max((len(pictures) for _, pictures in rows), default=2)
    titles = ["grey", "coloured", *map(str, range(n_columns - 2))]
    heights = [max(picture.height for picture in pictures) + 24 for _, pictures in rows]
    page = Image.new("RGB", (n_columns * (THUMBNAIL + 8), 20 + sum(heights)), "white")
    draw, top = ImageDraw.Draw(page), 20
    for column, title in enumerate(titles):
        draw.text((column * (THUMBNAIL + 8) + 4, 4), title, fill="black")
    for (name, pictures), height in zip(rows, heights, strict=True):
        # the default font has no other characters
        draw.text((4, top + 4), name.encode("ascii", "replace").decode(), fill="black")
        for column, picture in enumerate(pictures):
            page.paste(picture, (column * (THUMBNAIL + 8), top + 20))
        top += height
    save_image(path, np.asarray(page))


def parse_tint(text):
    """A colour, a pair of them separated by a comma, a path, or the number of an alternative; None for None."""
    if text in [str(number) for number in range(N_ALTERNATIVES)]:
        return int(text)
    if text is None or os.path.exists(text) or text.count(",") != 1:
        return text
    upper, lower = (part.strip() for part in text.split(","))
    return upper, lower


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
        "--recursive", action="store_true", help="colour the images in subfolders, too"
    )
    parser.add_argument(
        "--tint",
        help="overall colour: a colour, a pair such as skyblue,olive, a file, or the number of an alternative",
    )
    parser.add_argument(
        "--saturation",
        type=float,
        default=1.0,
        help="factor of the chroma (default: 1)",
    )
    parser.add_argument(
        "--sheet", type=Path, help="write a page of thumbnails, a .jpg or .png file"
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
    if options.sheet is not None:
        if not options.sheet.resolve().parent.is_dir():
            parser.error(f"there is no folder for the sheet {options.sheet}")
        if options.sheet.suffix.lower() not in WRITTEN:
            parser.error(f"the sheet {options.sheet} must be a .jpg or .png file")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        parser.error(f"the output folder {output} cannot be made: {error}")
    for folder, name in ((grey, "grey"), (options.colour_folder, "colour")):
        if folder.is_dir() and output.samefile(folder):
            parser.error(
                f"the output folder is the {name} folder; its images would be mixed up"
            )

    names, done, failures = to_do(grey, output, options.recursive)
    if not names and not (done and options.sheet):
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
    colorizer.set_params(verbose=0, n_jobs=options.n_jobs)
    wishes = {"tint": parse_tint(options.tint), "saturation": options.saturation}
    try:
        # once, and not for every image
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            in_color(colorizer, np.zeros((9, 9), np.uint8), **wishes)
    except (OSError, ValueError, IndexError) as error:
        print(
            f"nothing was coloured, because of --tint or --saturation: {error}",
            file=sys.stderr,
        )
        return 1
    failed = colour(colorizer, names, grey, output, options.sheet, done, **wishes)
    if names:
        n_colored = len(names) - len(failed)
        print(f"coloured {n_colored} of {len(names)} images into {output}")
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
