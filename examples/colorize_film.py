"""Colour a film with a colorizer trained on some of its frames, coloured by hand.

    python examples/colorize_film.py FILM --export FOLDER --every 100
    python examples/colorize_film.py FILM OUTPUT --keyframes FOLDER

The first call writes every 100th frame to FOLDER as PNG, named by its number, counted from 0. Colour some of
them, by hand or with nncolor's HintEditor, and remove the others. The second call trains on the remaining
files, and colours the film; these key frames are kept unchanged. With --model FILE a colorizer that was saved
with joblib is used, and key frames are optional.

The output has the frame rate, the time stamps and the sound of the film; it is written under a temporary name
and renamed when it is complete. A film that is marked as rotated is turned upright. Interlaced films and
films whose size changes are refused. The script needs PyAV: pip install "nncolor[film]", and
colorize_folder.py beside it.

Exit status: 0 if all went well, 1 if not, 2 for wrong arguments, 130 after Ctrl-C.
"""

import argparse
import sys
import warnings
from collections import deque
from pathlib import Path

import av
import numpy as np
from PIL import Image
from tqdm import tqdm

from colorize_folder import load_model, write_whole
from nncolor import SOMColorizer
from nncolor.datasets import load_image_folder


def open_film(path):
    container = av.open(str(path))
    if not container.streams.video:
        container.close()
        raise ValueError(f"{path} has no video stream")
    return container


def to_image(frame, number):
    """RGB of a frame, upright."""
    if frame.interlaced_frame:
        raise ValueError(
            f"frame {number} is interlaced; deinterlace the film first: ffmpeg -vf yadif"
        )
    return np.ascontiguousarray(
        np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)
    )


def export(path, folder, every):
    """Write every `every`-th frame of a film as PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_film(path) as container:
        for number, frame in enumerate(container.decode(video=0)):
            if number % every == 0:
                Image.fromarray(to_image(frame, number)).save(
                    folder / f"{number:06}.png"
                )
    print(f"wrote {number // every + 1} of {number + 1} frames to {folder}")


def load_keyframes(folder):
    """Paths of the key frames by the number of their frame."""
    keyframes = {}
    for path in load_image_folder(folder):
        name = Path(path).stem
        if not name.isdecimal():
            raise ValueError(
                f"the key frame {path} is not named by its number, such as 000100.png"
            )
        if int(name) in keyframes:
            raise ValueError(
                f"there are two key frames {int(name)}: {keyframes[int(name)]} and {path}"
            )
        keyframes[int(name)] = path
    return keyframes


class Writer:
    """Output file of a film: coloured frames, and sound packets copied from the source."""

    def __init__(self, path, source):
        self.container = av.open(str(path), "w")
        self.film = source.streams.video[0]
        self.video = self.container.add_stream(
            "libx264", rate=self.film.average_rate, options={"crf": "18"}
        )
        self.video.codec_context.time_base = self.film.time_base
        # sound is kept until the size of the frames is known: the first packet writes the header
        self.waiting = []
        self.is_sized = False
        self.sound = {
            stream: self.container.add_stream_from_template(stream)
            for stream in source.streams.audio
        }

    def add_sound(self, packet):
        if packet.dts is None:  # the end of the stream
            return
        packet.stream = self.sound[packet.stream]
        if self.is_sized:
            self.container.mux(packet)
        else:
            self.waiting.append(packet)

    def add_frame(self, image, pts):
        if not self.is_sized:
            context, (height, width) = self.video.codec_context, image.shape[:2]
            context.width, context.height, self.is_sized = width, height, True
            # yuv420p has one chroma sample for 2 x 2 pixels
            context.pix_fmt = "yuv444p" if height % 2 or width % 2 else "yuv420p"
            self.container.mux(self.waiting)
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts, frame.time_base = pts, self.film.time_base
        self.container.mux(self.video.encode(frame))

    def close(self, *, is_whole):
        if is_whole:
            self.container.mux(self.video.encode(None))
        self.container.close()


def read_frames(source, writer, stamps):
    """Yield the frames of a film as images; their time stamps go to a queue, and the sound to the output."""
    number = 0
    for packet in source.demux(source.streams.video[0], *source.streams.audio):
        if packet.stream in writer.sound:
            writer.add_sound(packet)
            continue
        for frame in packet.decode():
            stamps.append(frame.pts)
            yield to_image(frame, number)
            number += 1


def colour(path, output, colorizer, keyframes):
    """Colour a film, and write it to a file."""
    stamps = deque()
    with open_film(path) as source:
        writer = Writer(output, source)
        is_whole = False
        try:
            frames = read_frames(source, writer, stamps)
            colored = colorizer.colorize_film(frames, keyframes=keyframes)
            # None: no progress bar in a log
            bar = tqdm(
                colored,
                total=source.streams.video[0].frames or None,
                unit="frame",
                disable=None,
            )
            for image in bar:
                writer.add_frame(image, stamps.popleft())
            is_whole = True
        finally:
            writer.close(is_whole=is_whole)


def main(arguments=None):
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
        help="folder of coloured frames, named by their numbers",
    )
    parser.add_argument("--model", type=Path, help="joblib file of a fitted colorizer")
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
    if options.export is None and (
        options.output is None or not (options.keyframes or options.model)
    ):
        parser.error("pass --export, or an output and --keyframes or --model")
    if options.output is not None and options.output.exists():
        parser.error(
            f"there is already a file {options.output}; remove it or choose another name"
        )
    try:
        if options.export is not None:
            export(options.film, options.export, options.every)
            return 0
        keyframes = load_keyframes(options.keyframes) if options.keyframes else {}
        if options.model is not None:
            colorizer = load_model(options.model).set_params(
                n_jobs=options.n_jobs, verbose=0
            )
        else:
            colorizer = SOMColorizer(
                n_jobs=options.n_jobs, random_state=options.random_state, verbose=1
            )
            colorizer.fit(list(keyframes.values())).set_params(verbose=0)
        write_whole(
            options.output,
            lambda part: colour(options.film, part, colorizer, keyframes),
        )
    # most, but not all, av.FFmpegErrors are also an OSError or a ValueError
    except (OSError, ValueError, av.FFmpegError) as error:
        print(
            error if options.export else f"nothing was written: {error}",
            file=sys.stderr,
        )
        return 1
    print(f"wrote {options.output}")
    return 0


if __name__ == "__main__":
    # without the line of code that they come from
    warnings.formatwarning = lambda message, *_: f"{message}\n"
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\ninterrupted; nothing was written", file=sys.stderr)
        sys.exit(130)
