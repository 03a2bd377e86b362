"""1,399 photographs: every pixel of every record equals Pillow's."""

import csv

import numpy
from PIL import Image

import tfrecorder_user as user


def test_every_photograph_comes_back_bit_for_bit(catsdogs, millrace, tmp_path):
    result = millrace.convert(catsdogs / "images.csv", tmp_path / "out")
    assert (result["rows"], result["written"], result["dead_letters"]) == (1399, 1399, 0)
    vocabulary = tmp_path / "out/transform_fn/assets/vocab_compute_and_apply_vocabulary_vocabulary"
    assert vocabulary.read_text() == "dog\ncat\n", "a tie, broken as tensorflow_transform does"
    with open(catsdogs / "images.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    seen = 0
    for split in ("TRAIN", "VALIDATION", "TEST"):
        expected = [row for row in rows if row["split"] == split]
        for row, record in zip(expected, user.records(tmp_path / "out", split), strict=True):
            assert (record.name, record.split) == (row["image_uri"].split("/")[-1], split)
            assert record.label == ["dog", "cat"].index(row["label"])
            pixels = user.pillow_pixels(Image.open(catsdogs / row["image_uri"]))
            assert numpy.array_equal(record.pixels, pixels), row["image_uri"]
            seen += 1
    assert seen == 1399
    millrace("datasets", "verify", tmp_path / "out")
