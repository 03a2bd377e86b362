"""A dataset of pictures that Pillow makes here, read back with a TFRecorder user's code."""

import csv
import gzip
import hashlib
import json
import shutil
import subprocess
import zlib

import numpy
import pytest
from PIL import Image

import tfrecorder_user as user

SPLITS = ("TRAIN", "VALIDATION", "TEST")


def picture(seed, mode, width, height):
    """Smooth shapes and a little noise, as in a photograph."""
    y, x = numpy.mgrid[0:height, 0:width]
    random = numpy.random.default_rng(seed)
    bands = {"L": 1, "RGB": 3, "CMYK": 4}[mode]
    planes = [
        127 + 90 * numpy.sin(x / (7 + b + seed % 5) + y / (11 + b)) + random.normal(0, 9, (height, width))
        for b in range(bands)
    ]
    pixels = numpy.clip(numpy.stack(planes, -1), 0, 255).astype("uint8")
    return Image.fromarray(pixels[..., 0] if bands == 1 else pixels, mode)


# name, mode, width, height, options of Image.save
PICTURES = [
    ("plain.jpg", "RGB", 64, 48, {}),
    ("progressive.jpg", "RGB", 131, 77, {"progressive": True, "quality": 90}),
    ("gray.jpg", "L", 33, 65, {}),
    ("gray progressive.jpg", "L", 97, 40, {"progressive": True}),
    ("inks.jpg", "CMYK", 50, 41, {}),
    ("one pixel.jpg", "RGB", 1, 1, {}),
    ("one row.jpg", "RGB", 301, 1, {}),
    ("one column.jpg", "RGB", 1, 257, {}),
    ("444.jpg", "RGB", 17, 19, {"subsampling": 0, "quality": 100}),
    ("422.jpg", "RGB", 23, 9, {"subsampling": 1}),
    ("420.jpg", "RGB", 15, 15, {"subsampling": 2, "quality": 30}),
    ("a, b and c.jpg", "RGB", 20, 30, {}),
    ('say "cheese".jpg', "RGB", 20, 31, {}),
    ("Kätzchen-猫-🐈.jpg", "RGB", 40, 30, {}),
    ("restarts.jpg", "RGB", 90, 70, {"optimize": True, "restart_marker_blocks": 3}),
    ("large.jpg", "RGB", 1201, 803, {"quality": 85}),
]
LABELS = ["cat", "dog", "a label, with a comma", "Ω"]


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """(split, URI, label) in the order of the CSV, which lies beside the pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    (folder / "sub folder").mkdir()
    rows = []
    for i, (name, mode, width, height, options) in enumerate(PICTURES):
        uri = name if i % 3 else f"sub folder/{name}"
        picture(i, mode, width, height).save(folder / uri, "JPEG", **options)
        rows.append((SPLITS[(i % 5) % 3], uri, LABELS[i * i % len(LABELS)]))
    rows.append(
        ("VALIDATION", "plain.jpg" if (folder / "plain.jpg").exists() else "sub folder/plain.jpg", "never in TRAIN")
    )
    rows.append(("TEST", "progressive.jpg", ""))
    with open(folder / "images.csv", "w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([("split", "image_uri", "label"), *rows])
    return folder, rows


@pytest.fixture(scope="module")
def dataset(rows, millrace, tmp_path_factory):
    output = tmp_path_factory.mktemp("datasets") / "generated"
    result = millrace.convert(rows[0] / "images.csv", output, "--num-shards", "2")
    assert (result["written"], result["dead_letters"]) == (len(rows[1]), 0)
    return output


def expected_vocabulary(rows):
    """tensorflow_transform's order: by count, then by bytes, both descending."""
    counts = {}
    for split, _, label in rows:
        if split == "TRAIN" and label:
            counts[label.encode()] = counts.get(label.encode(), 0) + 1
    return sorted(counts, key=lambda label: (counts[label], label), reverse=True)


def test_every_record_is_there_in_the_order_of_the_csv(rows, dataset):
    for split in SPLITS:
        names = [uri.split("/")[-1] for s, uri, _ in rows[1] if s == split]
        assert [record.name for record in user.records(dataset, split)] == names
        assert {record.split for record in user.records(dataset, split)} == {split}


def test_pixels_are_those_of_pillow(rows, dataset):
    for split in SPLITS:
        uris = [uri for s, uri, _ in rows[1] if s == split]
        for uri, record in zip(uris, user.records(dataset, split), strict=True):
            numpy.testing.assert_array_equal(record.pixels, user.pillow_pixels(Image.open(rows[0] / uri)), uri)


def test_vocabulary_and_labels_follow_tensorflow_transform(rows, dataset):
    vocabulary = expected_vocabulary(rows[1])
    text = (dataset / "transform_fn/assets/vocab_compute_and_apply_vocabulary_vocabulary").read_bytes()
    assert text.splitlines() == vocabulary
    for split in SPLITS:
        labels = [label.encode() for s, _, label in rows[1] if s == split]
        expected = [vocabulary.index(label) if label in vocabulary else -1 for label in labels]
        assert [record.label for record in user.records(dataset, split)] == expected


def test_each_record_has_exactly_seven_features(dataset):
    kinds = {name: "bytes_list" if name in ("image", "image_name", "split") else "int64_list" for name in user.FEATURES}
    for split in SPLITS:
        for example in user.raw_examples(dataset, split):
            assert {name: kind for name, (kind, _) in example.items()} == kinds
            assert all(len(values) == 1 for _, values in example.values())


def test_tensorflow_transform_finds_schema_and_vocabulary(rows, dataset):
    import tensorflow_transform as tft

    output = tft.TFTransformOutput(str(dataset))
    assert output.transformed_feature_spec() == user.FEATURES
    name = "vocab_compute_and_apply_vocabulary_vocabulary"
    assert output.vocabulary_by_name(name) == expected_vocabulary(rows[1])
    # The schema names the range of the label.
    label = next(f for f in output.transformed_metadata.schema.feature if f.name == "label")
    assert (label.int_domain.min, label.int_domain.max) == (-1, len(expected_vocabulary(rows[1])) - 1)


def test_each_shard_is_one_gzip_member(dataset):
    shards = sorted(dataset.glob("*.tfrecord.gz"))
    assert len(shards) == 2 * len(SPLITS)
    for shard in shards:
        subprocess.run(["gzip", "-t", shard], check=True)
        data = shard.read_bytes()
        one = zlib.decompressobj(wbits=31)
        inflated = one.decompress(data)
        assert one.eof and not one.unused_data, "more than one member: TensorFlow loses what follows the first"
        assert inflated == gzip.decompress(data)
        assert data[:10] == bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, data[8], 3]), "no name, no time"


@pytest.mark.parametrize("options", [("--compression", "none"), ("--gzip-level", "fast"), ("--gzip-level", "small"), ("--shuffle-seed", "7")])
def test_other_encodings_hold_the_same_records(rows, dataset, millrace, tmp_path, options):
    output = tmp_path / "other"
    millrace.convert(rows[0] / "images.csv", output, *options)
    millrace("datasets", "verify", output)
    for split in SPLITS:

        def content(folder):
            return sorted((r.name, r.label, r.split, r.pixels.tobytes()) for r in user.records(folder, split))

        assert content(output) == content(dataset)


def test_each_gzip_level_inflates_to_the_same_bytes(rows, millrace, tmp_path):
    streams = {}
    for level in ("fast", "balanced", "small"):
        millrace.convert(rows[0] / "images.csv", tmp_path / level, "--gzip-level", level, "--num-shards", "2")
        shards = sorted((tmp_path / level).glob("*.tfrecord.gz"))
        streams[level] = [gzip.decompress(shard.read_bytes()) for shard in shards]
    assert streams["fast"] == streams["balanced"] == streams["small"]
    assert len(streams["fast"]) == 2 * len(SPLITS)


def test_the_same_input_gives_the_same_bytes(rows, dataset, millrace, tmp_path):
    output = tmp_path / "again"
    millrace.convert(rows[0] / "images.csv", output, "--num-shards", "2", "--workers", "2")

    def content(folder):
        files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "_millrace.json")
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    assert content(output) == content(dataset)


def test_inspect_shows_the_pictures(rows, dataset, millrace, tmp_path):
    millrace("datasets", "inspect", dataset, "--split", "TRAIN", "--records", "100", "--output", tmp_path)
    with open(tmp_path / "data.csv", newline="", encoding="utf-8") as file:
        shown = list(csv.DictReader(file))
    train = [(uri, label) for split, uri, label in rows[1] if split == "TRAIN"]
    assert [line["image_name"] for line in shown] == [uri.split("/")[-1] for uri, _ in train]
    assert [line["label_name"] for line in shown] == [label for _, label in train]
    for line, (uri, _) in zip(shown, train, strict=True):
        numpy.testing.assert_array_equal(
            numpy.asarray(Image.open(tmp_path / line["picture"])),
            (
                user.pillow_pixels(Image.open(rows[0] / uri)).squeeze(2)
                if line["image_channels"] == "1"
                else user.pillow_pixels(Image.open(rows[0] / uri))
            ),
        )


def test_verify_names_a_damaged_file(dataset, millrace, tmp_path):

    copy = tmp_path / "damaged"
    shutil.copytree(dataset, copy)
    shard = copy / "train-00001-of-00002.tfrecord.gz"
    data = bytearray(shard.read_bytes())
    data[len(data) // 2] ^= 1
    shard.chmod(0o644)
    shard.write_bytes(data)
    done = millrace("datasets", "verify", copy, check=False)
    assert done.returncode == 1
    assert shard.name in done.stdout + done.stderr


def test_statistics_and_manifest_are_json_that_adds_up(rows, dataset):
    manifest = json.loads((dataset / "_manifest.json").read_text())
    statistics = json.loads((dataset / "_stats.json").read_text())
    assert (
        manifest["counts"]
        == statistics["counts"]
        == {"rows": len(rows[1]), "written": len(rows[1]), "discarded": 0, "dead_letters": 0}
    )
    for file in manifest["files"]:
        assert (dataset / file["path"]).stat().st_size == file["bytes"]
    for split in statistics["splits"]:
        counted = {}
        for s, _, label in rows[1]:
            if s == split["split"] and label:
                counted[label] = counted.get(label, 0) + 1
        assert {label["label"]: label["rows"] for label in split["labels"]} == counted
    digest = hashlib.sha256((dataset / "_manifest.json").read_bytes()).hexdigest()
    assert (dataset / "_SUCCESS").read_text() == f"sha256:{digest}\n"
