"""Against TFRecorder 2.0.1's own output: every feature of every record, schema and vocabulary byte for byte.

The differences that remain are those of the table in docs/dataset.md; none of them shows in these datasets but the form
of the dead letters and the order of the records.
"""

import csv
import json

import pytest

import tfrecorder_user as user

SPLITS = ("TRAIN", "VALIDATION", "TEST")
SIDE_FILES = ("transformed_metadata/schema.pbtxt", "transform_fn/assets/vocab_compute_and_apply_vocabulary_vocabulary")


@pytest.fixture(scope="module")
def dataset(golden, millrace, tmp_path_factory):
    output = tmp_path_factory.mktemp("datasets") / "golden"
    result = millrace.convert(golden / "images.csv", output)
    assert (result["rows"], result["written"], result["dead_letters"]) == (15, 12, 3)
    return output


def by_name(folder, split):
    return sorted(user.raw_examples(folder, split), key=lambda example: example["image_name"])


def test_golden_every_feature_is_equal(golden, dataset):
    for split in SPLITS:
        assert by_name(dataset, split) == by_name(golden / "expected", split), split


def test_golden_schema_and_vocabulary_are_equal_bytes(golden, dataset):
    for name in SIDE_FILES:
        assert (dataset / name).read_bytes() == (golden / "expected" / name).read_bytes()


def test_golden_dead_letters_are_the_rows_that_tfrecorder_discards(golden, dataset):
    lines = [json.loads(line) for line in (dataset / "discarded-data-00000-of-00001").read_text().splitlines()]
    reasons = {line["uri"]: line["reason"] for line in lines}
    assert reasons == {
        "images/truncated.jpg": "decode/truncated",
        "images/missing.jpg": "file/not_found",
        "images/cat.183.jpg": "split/unknown",
    }
    theirs = (golden / "expected/discarded-data-00000-of-00001").read_text().splitlines()
    assert len(lines) == len(theirs)


def test_golden_our_names_are_what_tfrecorder_globs(golden, dataset):
    for split in SPLITS:
        names = [path.split("/")[-1] for path in user.files(dataset, split)]
        assert names == [path.split("/")[-1] for path in user.files(golden / "expected", split)]


def test_published_sample_has_the_same_names_labels_and_sizes(sample, millrace, tmp_path):
    """Its pixels come from the JPEG library of a Mac in 2020: only near ours (docs/dataset.md)."""
    with open(sample / "data.csv", newline="") as file:
        rows = list(csv.reader(file))
    rows = [rows[0]] + [[s, f"{sample}/images/{uri.split('/images/')[1]}", label] for s, uri, label in rows[1:]]
    with open(tmp_path / "data.csv", "w", newline="") as file:
        csv.writer(file).writerows(rows)
    millrace.convert(tmp_path / "data.csv", tmp_path / "out")
    for name in SIDE_FILES:
        assert (tmp_path / "out" / name).read_bytes() == (sample / "sample_tfrecords" / name).read_bytes()
    for split in SPLITS:
        ours = sorted(user.records(tmp_path / "out", split))
        theirs = sorted(user.records(sample / "sample_tfrecords", split), key=lambda record: record.name)
        assert [(r.name, r.label, r.split) for r in ours] == [(r.name, r.label, r.split) for r in theirs]
        for mine, other in zip(ours, theirs):
            assert mine.pixels.shape == other.pixels.shape
            difference = abs(mine.pixels.astype(int) - other.pixels.astype(int))
            assert difference.mean() < 1 and difference.max() <= 40


def test_inspect_and_readers_take_tfrecorders_own_dataset(golden, millrace, tmp_path):
    millrace(
        "datasets", "inspect", golden / "expected", "--split", "VALIDATION", "--records", "9", "--output", tmp_path
    )
    with open(tmp_path / "data.csv", newline="") as file:
        shown = sorted((line["image_name"], line["label_name"]) for line in csv.DictReader(file))
    assert shown == [("cat.1000.jpg", "cat"), ("dog.1012.jpg", "dog"), ("dog.1028.jpg", "dog")]
    assert len(list(tmp_path.glob("*.png"))) == 3
