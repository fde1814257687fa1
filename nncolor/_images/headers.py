"""Checks of the headers of image files, for each container format that is supported."""

import os
import struct

# Bits of a sample that Pillow keeps; it reduces deeper samples without a warning.
_BITS = 8
# Transfer functions of cICP and nclx for SDR images: BT.709 and its equivalents, unspecified, and sRGB.
_SDR = (1, 2, 6, 13, 14, 15)


class Refused(ValueError):
    """Error for an intact file that is not supported; the message says why, and what to do."""


def check_precision(content):
    """Raise `Refused` for a JPEG of more than 8 bits, which Pillow does not recognize as an image."""
    content.seek(0)
    if content.read(2) == b"\xff\xd8":
        _check_jpeg(content)


def check_header(file, content):
    """Raise `Refused` if Pillow would not read everything that a file declares.

    Parameters
    ----------
    file : PIL.ImageFile.ImageFile
        Opened by Pillow.
    content : file
        The same, opened to read bytes.
    """
    if file.format not in _CHECKS:
        raise Refused(f"it is a {file.format} file, which is not supported; convert it to PNG or TIFF")
    check = _CHECKS[file.format]
    if check is not None:
        content.seek(0)
        check(content)
    # the further frames of a phone's MPO are other renderings of the same photograph
    if file.format != "MPO":
        check_frames(getattr(file, "n_frames", 1))
    if len(file.info.get("sizes", ())) > 1:
        raise Refused(f"it holds {len(file.info['sizes'])} pictures; save the one you need as PNG")


def check_frames(n_frames):
    if n_frames > 1:
        raise Refused(f"it holds {n_frames} frames; save each as a separate file")


def _check_depth(bits):
    if bits > _BITS:
        raise Refused(f"its {bits} bits for each channel would be reduced to {_BITS}; convert it to TIFF")


def _check_transfer(transfer):
    if transfer not in _SDR:
        raise Refused(
            f"its colours are encoded for high dynamic range (transfer function {transfer}); convert it to "
            "sRGB"
        )


def _check_png(content):
    header = content.read(26)
    depth, color_type = header[24], header[25]
    if color_type != 0:  # 16-bit grey keeps its bits
        _check_depth(depth)
    content.seek(8)
    while len(head := content.read(8)) == 8 and head[4:] not in (b"IDAT", b"IEND"):
        data = content.read(struct.unpack(">I", head[:4])[0])
        if head[4:] == b"cICP" and len(data) == 4:
            _check_transfer(data[1])
        content.seek(4, os.SEEK_CUR)


def _check_jpeg(content):
    content.seek(2)
    while len(marker := content.read(2)) == 2 and marker[0] == 0xFF:
        if marker[1] == 0xFF:  # a fill byte
            content.seek(-1, os.SEEK_CUR)
            continue
        # start of frame, except DHT, JPG and DAC
        if 0xC0 <= marker[1] <= 0xCF and marker[1] not in (0xC4, 0xC8, 0xCC):
            _check_depth(content.read(3)[2])
            return
        length = int.from_bytes(content.read(2), "big")
        if length < 2:  # the file ends here, or is damaged; Pillow reports it
            return
        content.seek(length - 2, os.SEEK_CUR)


def jpeg2000_header(content):
    """Bits of each component, ICC profile and colour space of a JPEG 2000 file or bare codestream.

    Returns
    -------
    bits : list of int
    profile : bytes or None
        ICC profile.
    color_space : int or None
        Enumerated colour space of the file format.
    """
    content.seek(0)
    data = content.read()
    profile = color_space = None
    boxes = [] if data[:4] == b"\xff\x4f\xff\x51" else list(_boxes(data))
    for kind, box in boxes:
        if kind == b"jp2h":
            for inner, color in _boxes(box):
                if inner == b"colr" and profile is None and color_space is None:
                    if color[0] == 1:
                        color_space = int.from_bytes(color[3:7], "big")
                    elif color[0] in (2, 3):
                        profile = color[3:]
    stream = data if not boxes else next((box for kind, box in boxes if kind == b"jp2c"), b"")
    # OpenJPEG paints the missing part black
    if stream.rstrip(b"\0")[-2:] != b"\xff\xd9":
        raise EOFError("the end of its codestream is missing")
    n_components = int.from_bytes(stream[40:42], "big")
    sizes = stream[42 : 42 + 3 * n_components : 3]
    if any(size & 0x80 for size in sizes):
        raise Refused("its samples are signed; convert it to TIFF")
    return [size + 1 for size in sizes], profile, color_space


def _check_jpeg2000(content):
    bits, _, color_space = jpeg2000_header(content)
    if len(bits) > 1:
        _check_depth(max(bits))
    # Pillow reads fewer than 8 bits as the upper bits of 8, and 9 bits as 8
    if not {*bits} <= {8, *range(10, 17)}:
        raise Refused(f"its {max(bits)} bits for each channel are not supported; convert it to TIFF or PNG")
    # sRGB, grey and sYCC
    if color_space not in (None, 16, 17, 18):
        raise Refused(
            f"its colour space has the number {color_space}, which is not supported; convert it to sRGB"
        )


def _boxes(data):
    """Yield (kind, content) of the boxes of an ISO base media file or JPEG 2000 file."""
    start = 0
    while start + 8 <= len(data):
        size, kind, head = int.from_bytes(data[start : start + 4], "big"), data[start + 4 : start + 8], 8
        if size == 1:
            size, head = int.from_bytes(data[start + 8 : start + 16], "big"), 16
        end = len(data) if size == 0 else start + size
        if end < start + head:
            return
        yield kind, data[start + head : end]
        start = end


def _check_heif(content):
    """Check the bits of the codecs and the transfer function of the colours of AVIF and HEIF."""
    for kind, box in _boxes(content.read()):
        if kind != b"meta":
            continue
        for kind, properties in _boxes(box[4:]):
            if kind != b"iprp":
                continue
            for kind, container in _boxes(properties):
                if kind == b"ipco":
                    _check_heif_properties(container)


def _check_heif_properties(container):
    for kind, value in _boxes(container):
        if kind == b"av1C" and len(value) > 2:
            _check_depth(8 + 2 * (value[2] >> 6 & 1) + 2 * (value[2] >> 5 & value[2] >> 6 & 1))
        elif kind == b"hvcC" and len(value) > 17:
            _check_depth(8 + (value[17] & 7))
        elif kind == b"pixi" and len(value) > 5:
            _check_depth(max(value[5 : 5 + value[4]]))
        elif kind == b"colr" and value[:4] == b"nclx":
            _check_transfer(int.from_bytes(value[6:8], "big"))


def _check_pnm(content):
    # P1 and P4 are bilevel; Pillow keeps all bits of grey (P2 and P5)
    kind = content.read(2)
    if kind in (b"P3", b"P6"):
        tokens, head = [], content.read(1 << 16)
        for line in head.splitlines():
            tokens += line.split(b"#")[0].split()
            if len(tokens) >= 3:
                break
        _check_depth(int(tokens[2]).bit_length())
    elif kind not in (b"P1", b"P2", b"P4", b"P5"):
        raise Refused(f"it is a portable map of kind {kind!r}, which is not supported; convert it to TIFF")


# Check of each container by Pillow's name for it, made before Pillow reads it; None for those with at most 8
# bits. TIFF has its own module, and Pillow opens only JPEG files of 8 bits.
_CHECKS = {
    "AVIF": _check_heif,
    "BMP": None,
    "DIB": None,
    "GIF": None,
    "HEIF": _check_heif,
    "ICO": None,
    "JPEG": None,
    "JPEG2000": _check_jpeg2000,
    "MPO": None,
    "PCX": None,
    "PNG": _check_png,
    "PPM": _check_pnm,
    "TGA": None,
    "WEBP": None,
}
