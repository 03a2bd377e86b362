"""Every kind of input, schemas and several labels, as TensorFlow reads them."""

import gzip
import json

import pytest
import tensorflow as tf
from PIL import Image

import tfrecorder_user as user

ROWS = [
    ("TRAIN", "train/cat/1.jpg", "cat"),
    ("TRAIN", "train/cat/2, b.jpg", "cat"),
    ("TRAIN", "train/dog/1.jpg", "dog"),
    ("TEST", "test/dog/3.jpg", "dog"),
]


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs") / "pictures"
    for i, (_, uri, _) in enumerate(ROWS):
        (folder / uri).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20 + i, 10), (50 * i, 100, 200)).save(folder / uri)
    (folder / "train" / "notes.txt").write_text("not a picture")
    return folder


def quoted(cell):
    return f'"{cell}"' if "," in cell else cell


INPUTS = {
    "rows.csv": "split,image_uri,label\n" + "".join(",".join(map(quoted, row)) + "\n" for row in ROWS),
    "rows.tsv": "split\timage_uri\tlabel\n" + "".join("\t".join(row) + "\n" for row in ROWS),
    "rows.jsonl": "".join(json.dumps(dict(zip(("split", "image_uri", "label"), row))) + "\n" for row in ROWS),
}


def content(folder):
    return {
        split: [(r.name, r.label, r.pixels.tobytes()) for r in user.records(folder, split)]
        for split in ("TRAIN", "VALIDATION", "TEST")
    }


@pytest.mark.parametrize("name", [*INPUTS, "rows.jsonl.gz", "folder", "listed.csv"])
def test_the_same_rows_in_every_form_are_the_same_records(name, pictures, millrace, tmp_path):
    if name == "folder":
        source = pictures
    elif name == "listed.csv":
        source = tmp_path / name
        millrace("datasets", "list-images", pictures, "--output", source)
    else:
        source = pictures / name
        text = INPUTS[name.removesuffix(".gz")].encode()
        source.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    result = millrace.convert(source, tmp_path / "out")
    assert (result["written"], result["dead_letters"]) == (len(ROWS), 0)
    millrace("datasets", "verify", tmp_path / "out")
    # The order of a folder is that of its names; within a split it is that of ROWS here.
    records = content(tmp_path / "out")
    assert [(n, l) for n, l, _ in records["TRAIN"]] == [("1.jpg", 0), ("2, b.jpg", 0), ("1.jpg", 1)]
    assert [(n, l) for n, l, _ in records["TEST"]] == [("3.jpg", 1)]
    for path in (pictures / n for n in INPUTS):
        path.unlink(missing_ok=True)


def test_a_list_has_no_labels(pictures, millrace, tmp_path):
    (pictures / "uris.txt").write_text("".join(uri + "\n" for _, uri, _ in ROWS))
    assert millrace.convert(pictures / "uris.txt", tmp_path / "out")["written"] == len(ROWS)
    records = [r for rows in content(tmp_path / "out").values() for r in rows]
    assert sorted(n for n, _, _ in records) == sorted(uri.split("/")[-1] for _, uri, _ in ROWS)
    assert {label for _, label, _ in records} == {-1}


def examples(folder, split, features):
    for path in user.files(folder, split):
        for record in tf.data.TFRecordDataset(path, compression_type="GZIP"):
            yield tf.io.parse_single_example(record, features)


def test_columns_of_a_schema_are_features_of_their_types(pictures, millrace, tmp_path):
    (tmp_path / "schema.yaml").write_text(
        "columns:\n  part: split_key\n  photo: image_uri\n  breed: string_label\n"
        "  age: integer\n  weight: float\n  note: string\n  class: integer_label\n"
    )
    (pictures / "pets.csv").write_text(
        "age,weight,note,class,photo,breed,part,unused\n"
        "3,2.5,\"so, so\",7,train/cat/1.jpg,cat,TRAIN,x\n"
        "-9223372036854775808,-1e-3,,0,train/dog/1.jpg,dog,TRAIN,x\n"
        "old,1,,0,train/dog/1.jpg,dog,TRAIN,x\n"
    )
    result = millrace.convert(pictures / "pets.csv", tmp_path / "out", "--schema", tmp_path / "schema.yaml")
    assert (result["written"], result["dead_letters"]) == (2, 1)
    letter = json.loads((tmp_path / "out/discarded-data-00000-of-00001").read_text())
    assert (letter["row"], letter["reason"], letter["detail"]) == (3, "row/value", "age: 'old' is not an integer")
    millrace("datasets", "verify", tmp_path / "out")

    # As TFRecorder's users get the specification: from the schema.
    import tensorflow_transform as tft

    features = tft.TFTransformOutput(str(tmp_path / "out")).transformed_feature_spec()
    assert features == {
        **{name: tf.io.FixedLenFeature([], tf.string) for name in ("image", "image_name", "split", "note")},
        **{name: tf.io.FixedLenFeature([], tf.int64) for name in ("image_height", "image_width", "image_channels")},
        **{name: tf.io.FixedLenFeature([], tf.int64) for name in ("age", "breed", "class")},
        "weight": tf.io.FixedLenFeature([], tf.float32),
    }
    first, second = examples(tmp_path / "out", "TRAIN", features)
    assert [first[n].numpy() for n in ("age", "breed", "class", "note")] == [3, 1, 7, b"so, so"]
    assert [second[n].numpy() for n in ("age", "breed", "class", "note")] == [-(2**63), 0, 0, b""]
    assert first["weight"].numpy() == 2.5 and abs(second["weight"].numpy() + 1e-3) < 1e-9


def test_several_labels_are_a_list(pictures, millrace, tmp_path):
    (pictures / "tags.csv").write_text(
        "TRAIN,train/cat/1.jpg,cat,pet\nTRAIN,train/dog/1.jpg,dog,pet,outdoors\nTRAIN,test/dog/3.jpg\n"
    )
    assert millrace.convert(pictures / "tags.csv", tmp_path / "one", "--max-bad-rows", "2")["dead_letters"] == 2
    millrace.convert(pictures / "tags.csv", tmp_path / "many", "--multi-label")
    millrace("datasets", "verify", tmp_path / "many")

    import tensorflow_transform as tft

    output = tft.TFTransformOutput(str(tmp_path / "many"))
    features = output.transformed_feature_spec()
    assert features["label"] == tf.io.VarLenFeature(tf.int64)
    names = output.vocabulary_by_name("vocab_compute_and_apply_vocabulary_vocabulary")
    labels = [
        [names[i].decode() for i in tf.sparse.to_dense(example["label"]).numpy()]
        for example in examples(tmp_path / "many", "TRAIN", features)
    ]
    assert labels == [["cat", "pet"], ["dog", "pet", "outdoors"], []]
