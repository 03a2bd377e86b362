"""Every format in every mode, and photographs with odd properties: the pixels of ImageDecoder against Pillow's.

Equal to the bit, but where a table here says otherwise: Pillow and we use other versions of libjpeg-turbo, libpng and
libwebp, and still agree. The files go through tests/common/image/picture_tool, which is the library and nothing else.
"""

import io
import os
import pathlib
import struct
import subprocess
import zlib

import numpy
import pytest
from PIL import Image, ImageCms, ImageOps

TOOL = pathlib.Path(os.environ["MILLRACE_BIN"]).parent / "tests" / "common" / "image" / "picture_tool"
ORIENTATION = 0x0112


class Picture:
    def __init__(self, form, width, height, channels, data):
        self.format, self.data = form, data
        shape = (height, width, channels)
        self.shape = shape
        if len(data) == width * height * channels:
            self.pixels = numpy.frombuffer(data, "uint8").reshape(shape)


def ask(requests):
    """[(options, path)] → [Picture or "reason detail"], in one run of the tool."""
    text = "".join(f"{options}\t{path}\n" for options, path in requests).encode()
    done = subprocess.run([TOOL], input=text, capture_output=True, timeout=120, check=True)
    out = io.BytesIO(done.stdout)
    answers = []
    for _ in requests:
        words = out.readline().decode().rstrip("\n").split(" ", 2)
        if words[0] == "error":
            answers.append(" ".join(words[1:]))
            continue
        width, height, channels, size = map(int, words[2].split())
        answers.append(Picture(words[1], width, height, channels, out.read(size)))
    assert out.read() == b""
    return answers


# ---- what Pillow makes of a file ----
def over_white(image):
    """How a transparent picture looks on a white page."""
    gray = image.mode in ("LA", "La")
    white = Image.new("L" if gray else "RGB", image.size, "white")
    white.paste(image.convert("L" if gray else "RGB"), mask=image.getchannel("A"))
    return white


def as_stored(path):
    """The picture in 8-bit gray or RGB, as docs/images.md says."""
    image = Image.open(path)
    image.load()
    if image.mode.startswith("I"):  # 16-bit gray: the high byte
        high = numpy.asarray(image).astype("uint32") >> 8
        return Image.fromarray(high.astype("uint8"))
    if image.mode == "1":
        return image.convert("L")
    if "transparency" in image.info:
        image = image.convert("LA" if image.mode == "L" else "RGBA")
    if image.mode == "RGBA" and path.suffix == ".png" and path.read_bytes()[25] == 4:
        image = image.convert("LA")  # Pillow has no mode for 16-bit gray with alpha, and makes colours of it
    if image.mode in ("LA", "RGBA"):
        return over_white(image)
    return image if image.mode == "L" else image.convert("RGB")


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
BILINEAR = Image.Resampling.BILINEAR


class Asked:
    """Stands in for an image, to learn which size and box ImageOps would ask for."""

    mode = "L"

    def __init__(self, size):
        self.size = (self.width, self.height) = size

    def resize(self, size, resample=None, box=None):
        return size, box or (0, 0, *self.size)


def resized(image, word):
    """Rows first, then columns: new versions of Pillow take the other order where that is cheaper (±1)."""
    for name, ask_for in (
        ("stretch", lambda asked, size: asked.resize(size)),
        ("fit", ImageOps.contain),
        ("crop", ImageOps.fit),
    ):
        if word.startswith(name):
            size = tuple(map(int, word[len(name) :].split("x")))
            asked = ask_for(Asked(image.size), size)
            if isinstance(asked, Image.Image):  # contain() rounds a side of a very long picture to 0, we to 1
                asked = tuple(max(1, side) for side in asked.size), (0, 0, *image.size)
            (width, height), (left, top, right, bottom) = asked
            rows = image.resize((width, image.height), BILINEAR, box=(left, 0, right, image.height))
            return rows.resize((width, height), BILINEAR, box=(0, top, width, bottom))
    return None


def expected(path, options):
    image = as_stored(path)
    words = options.split(",")
    turn = TURNS.get(Image.open(path).getexif().get(ORIENTATION)) if "exif" in words else None
    for word in words:
        if word[:3] in ("str", "fit", "cro"):  # in the stored orientation, then turned
            if turn in (TURNS[5], TURNS[6], TURNS[7], TURNS[8]):
                name = word.rstrip("0123456789x")
                word = name + "x".join(reversed(word[len(name) :].split("x")))
            image = resized(image, word)
    if turn is not None:
        image = image.transpose(turn)
    if "rgb" in words:
        image = image.convert("RGB")
    pixels = numpy.asarray(image)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def difference(picture, path, options):
    assert isinstance(picture, Picture), f"{path.name} {options}: {picture}"
    wanted = expected(path, options)
    assert picture.shape == wanted.shape, f"{path.name} {options}"
    if numpy.array_equal(picture.pixels, wanted):
        return 0
    return int(numpy.abs(picture.pixels.astype(int) - wanted).max(initial=0))


# ---- pictures ----
def noise(seed, width, height, bands):
    """Waves and a little noise: every value of every band occurs, neighbours are alike."""
    random = numpy.random.default_rng(seed)
    y, x = numpy.mgrid[0:height, 0:width].astype("float32")
    planes = [
        127 + 120 * numpy.sin(x / (5 + b + seed % 7) + y / (9 + b)) + random.normal(0, 12, (height, width))
        for b in range(bands)
    ]
    pixels = numpy.clip(numpy.stack(planes, -1), 0, 255).astype("uint8")
    return pixels[..., 0] if bands == 1 else pixels


def image_of(seed, mode, width, height):
    bands = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}[mode]
    return Image.fromarray(noise(seed, width, height, bands), mode)


def png_bytes(width, height, depth, kind, rows, extra=(), interlaced=False):
    """A PNG that Pillow cannot write: any depth, chunks before the image data."""
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced))
    data = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + b"".join(chunk(name, body) for name, body in extra)
        + chunk(b"IDAT", data)
        + chunk(b"IEND", b"")
    )


def packed(values, depth):
    """Rows of samples of 1, 2, 4, 8 or 16 bits as PNG stores them."""
    for row in values:
        if depth == 16:
            yield row.astype(">u2").tobytes()
        else:
            bits = numpy.unpackbits(row.astype("uint8")[:, None], axis=1)[:, 8 - depth :]
            yield numpy.packbits(bits.reshape(-1)).tobytes()


def samples(seed, width, height, depth, bands=1):
    random = numpy.random.default_rng(seed)
    return random.integers(0, 1 << depth, (height, width * bands), dtype="uint32")


def adam7(pixels, depth):
    """The rows of the seven passes of an interlaced PNG."""
    for y0, x0, dy, dx in (
        (0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1),
    ):  # fmt: skip
        part = pixels[y0::dy, x0::dx]
        if part.shape[0] and part.shape[1]:
            yield from packed(part.reshape(part.shape[0], -1), depth)


def bmp_bytes(width, height, bits, compression, data, palette=b"", masks=b"", header=40, top_down=False):
    sides = struct.pack("<HHHH", width, height, 1, bits)
    if header != 12:
        side = -height if top_down else height
        sides = struct.pack("<iiHHIIiiII", width, side, 1, bits, compression, len(data), 0, 0, len(palette) // 4, 0)
    info = (struct.pack("<I", header) + sides + masks).ljust(header, b"\0") + palette
    return b"BM" + struct.pack("<IHHI", 14 + len(info) + len(data), 0, 0, 14 + len(info)) + info + data


def bmp_rows(pixels, stride):
    """Rows from the bottom, padded."""
    return b"".join(row.tobytes().ljust(stride, b"\0") for row in pixels[::-1])


def rle8(indices):
    """Runs, literals of 3 and more, and an end of line after every row."""
    out = bytearray()
    for row in indices[::-1]:
        x = 0
        while x < len(row):
            run = 1
            while x + run < len(row) and run < 255 and row[x + run] == row[x]:
                run += 1
            if run == 1 and x + 5 <= len(row):
                out += bytes([0, 5]) + bytes(row[x : x + 5].tolist()) + b"\0"
                x += 5
            else:
                out += bytes([run, int(row[x])])
                x += run
        out += b"\0\0"
    return bytes(out + b"\0\1")


def palette_bgrx(seed, colors):
    return numpy.random.default_rng(seed).integers(0, 256, (colors, 4), dtype="uint8").tobytes()


def save(form, **options):
    """A builder of files: Pillow's own writer."""
    mode = options.pop("mode", "RGB")

    def build(path, seed, width, height):
        image = image_of(seed, mode, width, height)
        if convert := options.get("convert"):
            image = image.convert(convert)
        image.save(path, form, **{k: v for k, v in options.items() if k != "convert"})

    return build


def write(make):
    return lambda path, seed, width, height: path.write_bytes(make(seed, width, height))


def png(depth, kind, bands=1, extra=(), interlaced=False):
    def make(seed, width, height):
        limit = min(depth, 3) if kind == 3 else depth  # a palette of 8 colours, or of all that fit
        values = samples(seed, width, height, limit, bands)
        rows = adam7(values.reshape(height, width, bands), depth) if interlaced else packed(values, depth)
        return png_bytes(width, height, depth, kind, (list(rows)), extra, interlaced)

    return write(make)


PALETTE = (b"PLTE", bytes(range(10, 34)))
FILES = {
    "jpeg": save("JPEG"),
    "jpeg gray": save("JPEG", mode="L"),
    "jpeg cmyk": save("JPEG", mode="CMYK"),
    "jpeg progressive": save("JPEG", progressive=True),
    "jpeg 444": save("JPEG", subsampling=0),
    "jpeg 422": save("JPEG", subsampling=1),
    "jpeg restarts": save("JPEG", restart_marker_blocks=2),
    "png": save("PNG"),
    "png gray": save("PNG", mode="L"),
    "png gray alpha": save("PNG", mode="LA"),
    "png alpha": save("PNG", mode="RGBA"),
    "png palette": save("PNG", convert="P"),
    "png 1 bit": save("PNG", mode="L", convert="1"),
    "png gray 2": png(2, 0),
    "png gray 4": png(4, 0),
    "png gray 16": png(16, 0),
    "png rgb 16": png(16, 2, 3),
    "png gray alpha 16": png(16, 4, 2),
    "png alpha 16": png(16, 6, 4),
    "png palette 1": png(1, 3, extra=[PALETTE]),
    "png palette 4": png(4, 3, extra=[PALETTE]),
    "png palette alpha": png(8, 3, extra=[PALETTE, (b"tRNS", bytes([0, 128, 255, 7]))]),
    "png gray transparent": png(8, 0, extra=[(b"tRNS", b"\0\x20")]),
    "png rgb transparent": png(8, 2, 3, extra=[(b"tRNS", b"\0\x20\0\x30\0\x40")]),
    "png interlaced": png(8, 2, 3, interlaced=True),
    "png interlaced alpha": png(8, 6, 4, interlaced=True),
    "png interlaced 1": png(1, 0, interlaced=True),
    "png interlaced palette": png(4, 3, extra=[PALETTE], interlaced=True),
    "webp": save("WEBP"),
    "webp lossless": save("WEBP", lossless=True),
    "webp alpha": save("WEBP", mode="RGBA"),
    "webp lossless alpha": save("WEBP", mode="RGBA", lossless=True, exact=True),
    "bmp": save("BMP"),
    "bmp gray": save("BMP", mode="L"),
    "bmp palette": save("BMP", convert="P"),
    "bmp 1 bit": save("BMP", mode="L", convert="1"),
    "bmp alpha": save("BMP", mode="RGBA"),
    "bmp 4 bits": write(
        lambda seed, w, h: bmp_bytes(
            w, h, 4, 0, b"".join(row.ljust((w * 4 + 31) // 32 * 4, b"\0") for row in packed(samples(seed, w, h, 4), 4)),
            palette_bgrx(seed, 16),
        )
    ),
    "bmp 16 bits": write(
        lambda seed, w, h: bmp_bytes(w, h, 16, 0, bmp_rows(samples(seed, w, h, 15).astype("<u2"), (w * 2 + 3) // 4 * 4))
    ),
    "bmp 565": write(
        lambda seed, w, h: bmp_bytes(
            w, h, 16, 3, bmp_rows(samples(seed, w, h, 16).astype("<u2"), (w * 2 + 3) // 4 * 4),
            masks=struct.pack("<IIII", 0xF800, 0x7E0, 0x1F, 0), header=56,
        )
    ),
    "bmp 32 bits top down": write(
        lambda seed, w, h: bmp_bytes(w, h, 32, 0, samples(seed, w, h, 32).astype("<u4").tobytes(), top_down=True)
    ),
    "bmp os/2": write(
        lambda seed, w, h: bmp_bytes(
            w, h, 24, 0, bmp_rows(samples(seed, w, h, 8, 3).astype("uint8"), (w * 3 + 3) // 4 * 4), header=12
        )
    ),
    "bmp rle8": write(
        lambda seed, w, h: bmp_bytes(w, h, 8, 1, rle8(samples(seed, w, h, 2)), palette_bgrx(seed, 256))
    ),
}  # fmt: skip
MODES = (
    "-", "rgb", "rows", "stretch50x60", "fit64x64", "crop40x40", "rgb,fit200x99", "crop31x200,rows", "exif",
)  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_every_format_in_every_mode_has_pillows_pixels(kind, tmp_path):
    requests = []
    for number, (width, height) in enumerate(((67, 53), (1, 1), (33, 100), (8, 7))):
        path = tmp_path / f"{number}.{kind.split()[0]}"
        FILES[kind](path, number, width, height)
        requests += [(mode, path) for mode in MODES]
    worst = {}
    for (mode, path), picture in zip(requests, ask(requests)):
        worst[f"{mode} {path.name}"] = difference(picture, path, mode)
    assert {name: by for name, by in worst.items() if by > 0} == {}


# ---- photographs with odd properties ----
ODD_SIZES = ((1, 1), (1, 700), (900, 1), (3, 5000), (5000, 3), (7, 8), (8, 7), (15, 17), (16, 16), (17, 33), (640, 480))
ODD_MODES = (
    "-", "rgb", "rows", "exif", "exif,rgb", "exif,fit64x48", "exif,crop33x21", "stretch96x96", "fit256x256,rows",
    "crop100x40,rgb", "exif,stretch40x300",
)  # fmt: skip


def odd_photograph(path, seed, canvas, profile):
    """A JPEG whose every property was drawn by lot; says what it has."""
    random = numpy.random.default_rng(seed)
    width, height = ODD_SIZES[seed % 97] if seed % 97 < len(ODD_SIZES) else map(int, random.integers(1, 300, 2))
    mode = ("RGB", "RGB", "RGB", "L", "CMYK")[random.integers(5)]
    image = canvas.resize((width, height), box=tuple(random.integers(0, 100, 2)) + (500, 400)).convert(mode)
    options = {"quality": int(random.integers(1, 101))}
    if mode == "RGB":
        options["subsampling"] = int(random.integers(3))
    if random.random() < 0.3:
        options["progressive"] = True
    if random.random() < 0.2:
        options["restart_marker_blocks"] = int(random.integers(1, 9))
    elif random.random() < 0.2:
        options["restart_marker_rows"] = int(random.integers(1, 4))
    if random.random() < 0.2:
        options["optimize"] = True
    if random.random() < 0.2:
        options["icc_profile"] = profile
    if random.random() < 0.1:
        options["comment"] = b"\xff\xd8 not the start of an image \xff\xd9"
    if random.random() < 0.6:
        exif = Image.Exif()
        exif[ORIENTATION] = int(random.integers(0, 10))  # 0 and 9 are none
        exif[0x010F] = "A camera"
        options["exif"] = exif
    image.save(path, "JPEG", **options)
    return f"{width}x{height} {mode} { {k: v for k, v in options.items() if k not in ('icc_profile', 'exif')} }"


def test_a_thousand_photographs_with_odd_properties_have_pillows_pixels(tmp_path):
    canvas = Image.fromarray(noise(1, 600, 500, 3))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    requests, has = [], []
    for seed in range(1000):
        path = tmp_path / f"{seed}.jpg"
        has.append(odd_photograph(path, seed, canvas, profile))
        requests.append((ODD_MODES[seed % len(ODD_MODES)], path))
    wrong = {}
    for (mode, path), properties, picture in zip(requests, has, ask(requests)):
        if by := difference(picture, path, mode):
            wrong[f"{path.name} {mode} {properties}"] = by
    assert wrong == {}


def test_a_photograph_of_48_megapixels(tmp_path):
    path = tmp_path / "large.jpg"
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    Image.fromarray(noise(2, 1000, 750, 3)).resize((8000, 6000)).save(path, quality=80, exif=exif)
    requests = [(mode, path) for mode in ("-", "exif,fit512x512")]
    for (mode, path), picture in zip(requests, ask(requests)):
        assert difference(picture, path, mode) == 0, mode


# ---- encoders ----
@pytest.mark.parametrize("mode", ("L", "RGB"))
def test_jpegs_are_those_that_pillow_saves(mode, tmp_path):
    path = tmp_path / "in.png"
    image = image_of(3, mode, 117, 61)
    image.save(path)
    for quality, picture in zip((95, 75, 10), ask([(f"jpeg{q}", path) for q in (95, 75, 10)])):
        saved = io.BytesIO()
        image.save(saved, "JPEG", quality=quality)
        ours, theirs = Image.open(io.BytesIO(picture.data)), Image.open(saved)
        assert ours.quantization == theirs.quantization
        assert ours.layer == theirs.layer  # the sampling of each component
        assert numpy.array_equal(numpy.asarray(ours), numpy.asarray(theirs)), quality


@pytest.mark.parametrize("mode", ("L", "RGB"))
def test_pngs_have_every_pixel(mode, tmp_path):
    path = tmp_path / "in.png"
    image = image_of(4, mode, 203, 99)
    image.save(path)
    (picture,) = ask([("png", path)])
    assert numpy.array_equal(numpy.asarray(Image.open(io.BytesIO(picture.data))), numpy.asarray(image))


@pytest.mark.parametrize("mode, options", [("L", {}), *(("RGB", {"subsampling": by}) for by in (0, 1, 2))])
def test_resized_jpegs_look_like_pillows(mode, options, tmp_path):
    """Chroma is resized as it is stored: not Pillow's bytes, but as near to the resized picture as Pillow's own JPEG."""
    path = tmp_path / "in.jpg"
    canvas = Image.fromarray(noise(6, 60, 45, 3)).resize((601, 449), Image.Resampling.BICUBIC)
    canvas.convert(mode).save(path, quality=92, **options)
    words = ("stretch256x256", "fit255x255", "crop100x40", "stretch700x500")
    for word, picture in zip(words, ask([(f"recode95,{word}", path) for word in words])):
        wanted = expected(path, word)
        saved = io.BytesIO()
        Image.fromarray(wanted.squeeze()).save(saved, "JPEG", quality=95)
        ours, pillows = (numpy.asarray(Image.open(io.BytesIO(data))).reshape(wanted.shape).astype(int)
                         for data in (picture.data, saved.getvalue()))  # fmt: skip
        assert numpy.abs(ours - wanted).mean() < numpy.abs(pillows - wanted).mean() + 0.5, word


# ---- what Pillow refuses or takes, and we do not ----
def test_damage_is_named(tmp_path):
    def made(name, data):
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    image = image_of(5, "RGB", 60, 40)
    files = {}
    for form in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"):
        out = io.BytesIO()
        image.save(out, form)
        files[form] = out.getvalue()
    animated = io.BytesIO()
    image.save(animated, "WEBP", save_all=True, append_images=[image.rotate(90)])
    flipped = bytearray(files["PNG"])
    flipped[-40] ^= 1
    cases = [
        (made("cut.jpg", files["JPEG"][:-1]), "decode/truncated"),
        (made("cut.png", files["PNG"][:-1]), "decode/truncated"),
        (made("cut.webp", files["WEBP"][:-1]), "decode/truncated"),
        (made("cut.bmp", files["BMP"][:-1]), "decode/truncated"),
        (made("flipped.png", bytes(flipped)), "decode/corrupt"),
        (made("animated.webp", animated.getvalue()), "decode/unsupported"),
        (made("a.gif", files["GIF"]), "decode/format"),
        (made("named.jpg", files["TIFF"]), "decode/format"),
        (made("page.png", b"<html>"), "decode/not_an_image"),
        (made("empty.png", b""), "decode/truncated"),
    ]
    for (path, reason), answer in zip(cases, ask([("-", path) for path, _ in cases])):
        assert isinstance(answer, str) and answer.split()[0] == reason, f"{path.name}: {answer}"
