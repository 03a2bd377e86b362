"""What a TFRecorder user has in a notebook: the feature specification and the decoding, nothing of ours."""

import collections
import glob

import numpy
import tensorflow as tf

FEATURES = {
    "image": tf.io.FixedLenFeature([], tf.string),
    "image_channels": tf.io.FixedLenFeature([], tf.int64),
    "image_height": tf.io.FixedLenFeature([], tf.int64),
    "image_name": tf.io.FixedLenFeature([], tf.string),
    "image_width": tf.io.FixedLenFeature([], tf.int64),
    "label": tf.io.FixedLenFeature([], tf.int64),
    "split": tf.io.FixedLenFeature([], tf.string),
}

Record = collections.namedtuple("Record", "name pixels label split")


def parse(serialized):
    example = tf.io.parse_single_example(serialized, FEATURES)
    pixels = tf.io.decode_raw(tf.io.decode_base64(example["image"]), tf.uint8)
    shape = [example["image_height"], example["image_width"], example["image_channels"]]
    example["image"] = tf.reshape(pixels, shape)
    return example


def files(folder, split):
    """As tfrecorder.load() globs them."""
    return sorted(glob.glob(f"{folder}/{split.lower()}*"))


def records(folder, split):
    """Every record of a split, in the order of its shards."""
    for path in files(folder, split):
        compression = "GZIP" if path.endswith(".gz") else ""
        for example in tf.data.TFRecordDataset(path, compression_type=compression).map(parse).as_numpy_iterator():
            yield Record(
                example["image_name"].decode(), example["image"], int(example["label"]), example["split"].decode()
            )


def raw_examples(folder, split):
    """Every record as {feature: (kind, values)}, as protobuf sees it."""
    for path in files(folder, split):
        compression = "GZIP" if path.endswith(".gz") else ""
        for serialized in tf.data.TFRecordDataset(path, compression_type=compression).as_numpy_iterator():
            features = tf.train.Example.FromString(serialized).features.feature
            yield {
                name: (f.WhichOneof("kind"), list(getattr(f, f.WhichOneof("kind")).value))
                for name, f in features.items()
            }


def pillow_pixels(image):
    """Pillow's pixels as [height, width, channels]: gray stays gray, everything else becomes RGB (docs/dataset.md)."""
    image = image if image.mode in ("L", "RGB") else image.convert("RGB")
    pixels = numpy.asarray(image)
    return pixels if pixels.ndim == 3 else pixels[..., None]
