"""A TFRecorder user's input pipeline over one split: benchmarks/convert/read.py runs it in TensorFlow's environment.

    read_tensorflow.py DIR SPLIT THREADS pixels|resize

Prints images/s after the first 50 images (start-up and graph tracing are not counted).
"""
import glob
import sys
import time

import tensorflow as tf

folder, split, threads, what = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
tf.config.threading.set_inter_op_parallelism_threads(threads)
tf.config.threading.set_intra_op_parallelism_threads(threads)

features = {name: tf.io.FixedLenFeature([], tf.string) for name in ("image", "image_name", "split")}
features |= {name: tf.io.FixedLenFeature([], tf.int64) for name in ("image_height", "image_width", "image_channels", "label")}


def parse(record):
    example = tf.io.parse_single_example(record, features)
    pixels = tf.io.decode_raw(tf.io.decode_base64(example["image"]), tf.uint8)
    pixels = tf.reshape(pixels, [example["image_height"], example["image_width"], example["image_channels"]])
    return tf.image.resize(pixels, [150, 150]) if what == "resize" else pixels, example["label"]


files = sorted(glob.glob(f"{folder}/{split.lower()}-*"))
compression = "GZIP" if files[0].endswith(".gz") else ""
data = tf.data.TFRecordDataset(files, compression_type=compression, num_parallel_reads=threads)
options = tf.data.Options()
options.threading.private_threadpool_size = threads
options.deterministic = False
data = data.map(parse, num_parallel_calls=threads).prefetch(8).with_options(options)

WARM = 50
count = 0
for _ in data:
    count += 1
    if count == WARM:
        start = time.perf_counter()
print((count - WARM) / (time.perf_counter() - start))
