"""Every payload, compressed or not: TensorFlow and our own reader (`datasets inspect` sits on it) see the same pixels and labels;
plain Python finds every record by the index."""

import csv
import re
import struct

import numpy
import pytest
import tensorflow as tf
from PIL import Image

import tfrecorder_user as user
from test_docs import PAGE

COUNT = 7


def decoded(payload, image, shape):
    """What the user of that payload writes in place of decode_base64 and decode_raw."""
    if payload == "jpeg":  # the method that every other program uses; TensorFlow's default is a faster, rougher one
        return tf.io.decode_jpeg(image, dct_method="INTEGER_ACCURATE")
    if payload == "png":
        return tf.io.decode_png(image)
    return tf.reshape(tf.io.decode_raw(tf.io.decode_base64(image) if payload == "raw_base64" else image, tf.uint8), shape)


def tensorflow_records(folder, payload):
    for path in user.files(folder, "TRAIN"):
        compression = "GZIP" if path.endswith(".gz") else ""
        for serialized in tf.data.TFRecordDataset(path, compression_type=compression):
            example = tf.io.parse_single_example(serialized, user.FEATURES)
            shape = [example["image_height"], example["image_width"], example["image_channels"]]
            yield example["image_name"].numpy().decode(), decoded(payload, example["image"], shape).numpy(), int(example["label"])


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reading")
    lines = ["split,image_uri,label"]
    for i in range(COUNT):
        mode, size = ("L" if i == 2 else "RGB"), (40 + 31 * i, 90 - 11 * i)
        noise = numpy.random.default_rng(i).integers(0, 256, (size[1] // 3, size[0] // 3, 3), "uint8")
        Image.fromarray(noise).resize(size).convert(mode).save(folder / f"{i}.jpg", quality=90)
        lines.append(f"TRAIN,{i}.jpg,{'cat' if i % 2 else 'dog'}")
    (folder / "images.csv").write_text("\n".join(lines) + "\n")
    return folder / "images.csv"


@pytest.mark.parametrize("compression", ["gzip", "none"])
@pytest.mark.parametrize("payload", ["raw_base64", "raw", "jpeg", "png"])
def test_tensorflow_and_our_reader_see_the_same(payload, compression, pictures, millrace, tmp_path):
    dataset, shown = tmp_path / "dataset", tmp_path / "shown"
    millrace.convert(pictures, dataset, "--payload", payload, "--compression", compression, "--num-shards", "2")
    millrace("datasets", "verify", dataset, "--decode")
    millrace("datasets", "inspect", dataset, "--records", "99", "--output", shown, "--montage", shown / "sheet.png")
    with open(shown / "data.csv", newline="") as file:
        ours = list(csv.DictReader(file))
    theirs = list(tensorflow_records(dataset, payload))
    assert len(theirs) == COUNT
    for line, (name, pixels, label) in zip(ours, theirs, strict=True):
        assert (line["image_name"], int(line["label"])) == (name, label)
        numpy.testing.assert_array_equal(user.pillow_pixels(Image.open(shown / line["picture"])), pixels, name)
    assert Image.open(shown / "sheet.png").width == 3 * 132 + 4


def test_the_index_finds_every_record_with_plain_python(pictures, millrace, tmp_path):
    millrace.convert(pictures, tmp_path / "dataset", "--compression", "none", "--num-shards", "2")
    for shard in range(2):
        name = f"train-{shard:05}-of-00002"
        records = list(tf.data.TFRecordDataset(str(tmp_path / f"dataset/{name}.tfrecord")).as_numpy_iterator())
        places = (tmp_path / f"dataset/_index/{name}.idx").read_text().splitlines()
        assert len(places) == len(records)
        with open(tmp_path / f"dataset/{name}.tfrecord", "rb") as file:
            for place, record in reversed(list(zip(places, records))):
                offset, size = map(int, place.split())
                file.seek(offset)
                frame = file.read(size)
                assert frame[12:-4] == record and struct.unpack("<Q", frame[:8]) == (len(record),)


def test_the_snippet_of_the_documentation_finds_the_eighth_record(pictures, millrace, tmp_path, monkeypatch):
    lines = pictures.read_text().splitlines()
    repeated = pictures.parent / "repeated.csv"
    repeated.write_text("\n".join([lines[0], *lines[1:] * 2]) + "\n")
    millrace.convert(repeated, tmp_path / "dataset", "--compression", "none", "--num-shards", "1")
    monkeypatch.chdir(tmp_path)
    (snippet,) = [s for s in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL) if "_index" in s]
    names = {}
    exec(snippet, names)
    assert names["record"] == list(tf.data.TFRecordDataset("dataset/train-00000-of-00001.tfrecord").as_numpy_iterator())[7]
