"""Film files for colorize_film.py: what a file holds, its frames, parts of a coloured film, the finished file.

Colours are converted by ffmpeg's `scale` filter, streams are copied by PyAV's templates.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

try:
    import av
except ModuleNotFoundError:
    # --help must work without it
    av = None

# Matrices by their number in ITU-T H.273: the names of the `scale` filter.
MATRICES = {
    1: "bt709",
    4: "fcc",
    5: "bt470",
    6: "smpte170m",
    7: "smpte240m",
    9: "bt2020",
}
RGB, UNSPECIFIED, LIMITED, FULL = 0, 2, 1, 2
WIDE_PRIMARIES, HIGH_DYNAMIC_RANGE = 9, {16: "PQ", 18: "HLG"}
# exact rounding, and chroma at the full size
SCALING = "flags=bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
# The `scale` filter has 256 steps of 16 bits for one of 8 bits, and 65535 / 255 is 257.
WHITE_OF_SCALE = 255 * 256


@dataclass
class Picture:
    """How the pixels of a film are stored, and shown.

    Attributes
    ----------
    matrix : int
        Key of MATRICES; that of the coloured film, too.
    is_rgb, is_full, is_full_encoded : bool
        Whether the film has no matrix; whether all levels are used, by the film and by the coloured one.
    primaries, transfer : int
        Numbers in ITU-T H.273.
    bits : int
    aspect : Fraction
        Width of a pixel, divided by its height, after turning.
    turn : (bool, bool, bool)
        Whether the picture is transposed, and then flipped to the right and upside down.
    """

    matrix: int
    is_rgb: bool
    is_full: bool
    is_full_encoded: bool
    primaries: int
    transfer: int
    bits: int
    aspect: Fraction
    turn: tuple[bool, bool, bool]

    @classmethod
    def of_frame(cls, frame, stream):
        """Picture of a frame of a film; raises if it is of a kind that cannot be coloured."""
        # the tags of frames are newer than PyAV 16
        context = stream.codec_context
        if context.color_trc in HIGH_DYNAMIC_RANGE:
            raise ValueError(
                f"the film has a high dynamic range ({HIGH_DYNAMIC_RANGE[context.color_trc]}), which cannot be "
                "coloured; convert it to BT.709 with a video editor first"
            )
        if context.color_primaries == WIDE_PRIMARIES:
            raise ValueError(
                "the film has the primaries of BT.2020; convert it to BT.709 with a video editor first"
            )
        components = frame.format.components
        is_rgb = frame.format.is_rgb
        is_hd = frame.width >= 1280 or frame.height >= 720
        matrix = frame.colorspace
        if is_rgb or matrix == RGB:
            matrix = 1
        elif matrix == UNSPECIFIED:
            matrix = 1 if is_hd else 5 if frame.height == 576 else 6
        elif matrix not in MATRICES:
            raise ValueError(
                f"the film has the matrix {matrix} of ITU-T H.273, which is not supported; convert it to BT.709"
            )
        # ffmpeg's own rule: these formats are full where nothing is said
        is_always_full = is_rgb or frame.format.name.startswith(("gray", "yuvj"))
        is_full = frame.color_range == FULL or (
            frame.color_range != LIMITED and is_always_full
        )
        turn = turn_of(frame)
        aspect = (
            stream.sample_aspect_ratio or context.sample_aspect_ratio or Fraction(1)
        )
        return cls(
            matrix=matrix,
            is_rgb=is_rgb,
            is_full=is_full,
            is_full_encoded=is_full
            and not is_rgb
            and not frame.format.name.startswith("gray"),
            # as for the matrix; the numbers of those of 601 and 709 are the same
            primaries=matrix
            if context.color_primaries == UNSPECIFIED and matrix in (1, 5, 6)
            else context.color_primaries,
            transfer={1: 1, 5: 6, 6: 6}.get(matrix, UNSPECIFIED)
            if context.color_trc == UNSPECIFIED
            else context.color_trc,
            bits=max(component.bits for component in components),
            aspect=1 / aspect if turn[0] else aspect,
            turn=turn,
        )


def turn_of(frame):
    """How a frame is turned upright, from its display matrix, see `Picture.turn`."""
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None:
        return False, False, False
    a, b, _, c, d = np.frombuffer(bytes(data)[:36], "<i4")[:5] / 65536
    if (b, c) == (0, 0) and {abs(a), abs(d)} == {1}:
        return False, bool(a < 0), bool(d < 0)
    if (a, d) == (0, 0) and {abs(b), abs(c)} == {1}:
        return True, bool(c < 0), bool(b < 0)
    raise ValueError(
        "the film is turned by an angle that is not a multiple of 90 degrees; turn it with a video editor first"
    )


class Converter:
    """Frames to RGB or from RGB, by ffmpeg's `scale` filter."""

    def __init__(self, scale, output):
        self.scale, self.output, self.graph, self.kind = scale, output, None, None

    def __call__(self, frame):
        kind = frame.width, frame.height, frame.format.name
        if kind != self.kind:
            self.graph, self.kind = av.filter.Graph(), kind
            nodes = [
                self.graph.add_buffer(
                    width=kind[0],
                    height=kind[1],
                    format=kind[2],
                    time_base=Fraction(1, 1000),
                ),
                self.graph.add("scale", f"{self.scale}:{SCALING}"),
                self.graph.add("format", self.output),
                self.graph.add("buffersink"),
            ]
            for node, following in zip(nodes[:-1], nodes[1:], strict=True):
                node.link_to(following)
            self.graph.configure()
        frame.pts = 0
        self.graph.push(frame)
        return self.graph.pull()


class Reader:
    """Frames of a film as upright images, one by one.

    Attributes
    ----------
    picture : Picture or None
        Known after the first frame, as `stamps` and `damage` are after the last one.
    stamps : list of int or None
        Time stamp of each frame, in units of `time_base`; one for all frames read.
    damage : list of str
        What could not be read.
    """

    def __init__(self, path, bits=16):
        self.path, self.bits = path, bits
        self.picture, self.stamps, self.damage = None, [], []
        with open_film(path) as container:
            stream = container.streams.video[0]
            self.rate = stream.guessed_rate or stream.average_rate or Fraction(25)
            self.time_base = stream.time_base
        self.jumps_back_at = None

    def __iter__(self) -> Iterator[np.ndarray]:
        self.stamps, self.damage = [], []
        convert = None
        for frame, stream in self._decoded():
            number = len(self.stamps)
            if frame.interlaced_frame:
                raise ValueError(
                    f"frame {number} is interlaced; deinterlace the film first: ffmpeg -vf yadif"
                )
            if self.picture is None:
                self.picture = Picture.of_frame(frame, stream)
            if convert is None:
                convert = self._converter()
            self.stamps.append(frame.pts)
            yield self._upright(convert(frame).to_ndarray())
        if not self.stamps:
            raise ValueError(
                f"{self.path} has no frame that can be read{': ' if self.damage else ''}"
                + "; ".join(self.damage)
            )

    def _converter(self):
        picture = self.picture
        scale = f"in_range={'pc' if picture.is_full else 'tv'}:out_range=pc"
        if not picture.is_rgb:
            scale += f":in_color_matrix={MATRICES[picture.matrix]}"
        is_deep = min(picture.bits, self.bits) > 8
        return Converter(scale, "rgb48le" if is_deep else "rgb24")

    def _upright(self, image):
        if image.dtype == np.uint16:
            image = np.minimum(image.astype(np.uint32) * 65535 // WHITE_OF_SCALE, 65535)
            image = image.astype(np.uint16)
        is_transposed, to_right, upside_down = self.picture.turn
        if is_transposed:
            image = image.swapaxes(0, 1)
        image = image[::-1] if upside_down else image
        image = image[:, ::-1] if to_right else image
        return np.ascontiguousarray(image)

    def _decoded(self):
        """Yield the frames and their stream; damage is noted, and what can be read after it follows."""
        av.logging.set_level(av.logging.ERROR)
        with open_film(self.path) as container:
            stream = container.streams.video[0]
            # with several threads the messages of the decoder would come from them
            stream.thread_type = "NONE"
            n_declared, n_discarded, last_time, last_stamp = stream.frames, 0, 0.0, None
            packets = container.demux()
            while True:
                try:
                    packet = next(packets, None)
                except av.FFmpegError as error:
                    self._note(f"the file cannot be read on ({error.strerror})")
                    break
                if packet is None:
                    break
                if packet.dts is not None:
                    last_time = max(
                        last_time,
                        float((packet.dts + (packet.duration or 0)) * packet.time_base),
                    )
                if packet.stream is not stream:
                    continue
                if packet.dts is not None:
                    if last_stamp is not None and packet.dts < last_stamp:
                        self.jumps_back_at = self.jumps_back_at or len(self.stamps)
                    last_stamp = packet.dts
                n_discarded += packet.is_discard
                if packet.is_corrupt:
                    self._note("the file has damaged packets")
                yield from self._frames_of(packet, stream)
            start = (container.start_time or 0) / av.time_base
            declared = (container.duration or 0) / av.time_base
        n_missing = n_declared - n_discarded - len(self.stamps)
        if n_missing > 0:
            self._note(f"the file declares {n_missing} frames more than can be read")
        elif declared and last_time - start < declared - max(1, 0.02 * declared):
            self._note(
                f"the file declares {declared:.1f} s, and ends after {last_time - start:.1f} s"
            )

    def _frames_of(self, packet, stream):
        """Yield the frames of a packet; the decoder reports in its log what it has guessed."""
        with av.logging.Capture(local=False) as messages:
            try:
                frames = packet.decode()
            except av.FFmpegError as error:
                frames = []
                messages.append((av.logging.ERROR, "decoder", error.strerror))
        if any(level <= av.logging.ERROR for level, *_ in messages) or any(
            frame.is_corrupt for frame in frames
        ):
            self._note(f"the film is damaged at about frame {len(self.stamps)}")
        for frame in frames:
            yield frame, stream

    def _note(self, text):
        if text not in self.damage:
            self.damage.append(text)

    def timing(self):
        """Time stamps that increase, and their unit; those of constant rate where the film has none.

        Raises if the stamps jump back.
        """
        constant = list(range(len(self.stamps))), 1 / self.rate
        if None in self.stamps:
            return constant
        if any(later < stamp for stamp, later in pairwise(self.stamps)):
            if self.jumps_back_at is None:
                # AVI has the order of the packets only
                return constant
            raise ValueError(
                f"the time stamps of the film jump back at frame {self.jumps_back_at}; give it new ones "
                "first: ffmpeg -i FILM -c copy NEW.mkv"
            )
        # equal ones differ by one unit, as a file cannot have them
        stamps = self.stamps[:1]
        for stamp in self.stamps[1:]:
            stamps.append(max(stamp, stamps[-1] + 1))
        return stamps, self.time_base


def open_film(path):
    container = av.open(str(path))
    if not container.streams.video:
        container.close()
        raise ValueError(f"{path} has no video stream")
    return container


def write_part(path, images, picture, rate):
    """Write coloured frames to a file without time stamps: each has its number."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "18"})
        convert, context = None, stream.codec_context
        for number, image in enumerate(images):
            is_deep = image.dtype == np.uint16
            if convert is None:
                context.height, context.width = image.shape[:2]
                # 4:2:0 has one chroma sample for 2 x 2 pixels
                is_odd = context.height % 2 or context.width % 2
                context.pix_fmt = (
                    f"yuv{'444' if is_odd else '420'}p{'10le' if is_deep else ''}"
                )
                context.sample_aspect_ratio = picture.aspect
                context.colorspace, context.color_range = (
                    picture.matrix,
                    FULL if picture.is_full_encoded else LIMITED,
                )
                context.color_primaries, context.color_trc = (
                    picture.primaries,
                    picture.transfer,
                )
                scale = (
                    f"in_range=pc:out_range={'pc' if picture.is_full_encoded else 'tv'}"
                )
                convert = Converter(
                    f"{scale}:out_color_matrix={MATRICES[picture.matrix]}",
                    context.pix_fmt,
                )
            if is_deep:
                image = np.rint(image * np.float32(WHITE_OF_SCALE / 65535)).astype(
                    np.uint16
                )
            frame = convert(
                av.VideoFrame.from_ndarray(
                    image, format="rgb48le" if is_deep else "rgb24"
                )
            )
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@dataclass
class Assembly:
    """The finished file: the video of the parts, and all else of the source that its container can hold."""

    source: Path
    parts: dict
    stamps: list
    time_base: Fraction
    rate: Fraction
    dropped: list = field(default_factory=list)

    def write(self, path):
        """Write the file; `dropped` names what it cannot hold."""
        first = next(iter(self.parts.values()))
        with (
            av.open(str(path), "w") as output,
            av.open(str(first)) as part,
            open_film(self.source) as source,
        ):
            film = source.streams.video[0]
            video = output.add_stream_from_template(part.streams.video[0])
            video.time_base = self.time_base
            _copy_description(film, video)
            copied = self._copied_streams(source, film, output)
            output.metadata.update(
                {
                    key: value
                    for key, value in source.metadata.items()
                    if key in ("title", "artist", "comment", "date")
                }
            )
            if source.chapters():
                output.set_chapters(source.chapters())
            packets = heapq.merge(
                self._video_packets(video), _other_packets(source, copied), key=_time_of
            )
            for packet in packets:
                output.mux(packet)

    def _copied_streams(self, source, film, output):
        """Streams of the output by the index of the stream of the source that is copied to them."""
        copied = {}
        for stream in source.streams:
            if stream is film:
                continue
            # the decoder may have another name than the format: mp3float
            codec = stream.codec_context and stream.codec_context.codec.canonical_name
            name = f"{stream.type} {stream.index}" + (f" ({codec})" if codec else "")
            if stream.type not in ("audio", "subtitle") or codec is None:
                self.dropped.append(name)
            elif not _holds(output, stream, codec):
                self.dropped.append(f"{name}, which this container cannot hold")
            else:
                copied[stream.index] = output.add_stream_from_template(stream)
                _copy_description(stream, copied[stream.index])
        return copied

    def _video_packets(self, video):
        """Yield the packets of all parts, with their time stamps."""
        for start, path in self.parts.items():
            with av.open(str(path)) as part:
                for packet in part.demux(video=0):
                    if packet.dts is None:
                        continue
                    unit = packet.time_base * self.rate
                    pts, dts = (
                        start + round(stamp * unit)
                        for stamp in (packet.pts, packet.dts)
                    )
                    packet.stream, packet.time_base = video, self.time_base
                    packet.pts, packet.dts = self._stamp(pts), self._stamp(dts)
                    packet.duration = self._stamp(pts + 1) - packet.pts
                    yield packet

    def _stamp(self, number):
        """Time stamp of a frame; decoding starts before the first one."""
        step = max(1, round(1 / (self.rate * self.time_base)))
        if number < 0:
            return self.stamps[0] + number * step
        if number >= len(self.stamps):
            return self.stamps[-1] + (number - len(self.stamps) + 1) * step
        return self.stamps[number]


def _holds(output, stream, codec):
    if codec not in output.supported_codecs:
        return False
    # MP4 lists codecs of other subtitles as well
    return (
        stream.type != "subtitle" or output.format.name != "mp4" or codec == "mov_text"
    )


def _copy_description(stream, copy):
    """Language, title and flags of a stream."""
    for key in ("language", "title"):
        if key in stream.metadata:
            copy.metadata[key] = stream.metadata[key]
    # a number in some versions of PyAV
    copy.disposition = getattr(stream.disposition, "value", stream.disposition)


def _other_packets(source, copied):
    """Yield the packets of the streams that are copied; they end where the file is damaged."""
    if not copied:
        return
    packets = source.demux([source.streams[index] for index in copied])
    last = dict.fromkeys(copied)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return
        if packet is None:
            return
        index = packet.stream.index
        # a damaged packet may have any stamp
        if packet.dts is None or (
            last[index] is not None and packet.dts <= last[index]
        ):
            continue
        last[index] = packet.dts
        packet.stream = copied[index]
        yield packet


def _time_of(packet):
    return packet.dts * packet.time_base
