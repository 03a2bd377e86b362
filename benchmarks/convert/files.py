#!/usr/bin/env python3
"""JPEG files into TFRecords byte for byte: millrace against TensorFlow's and webdataset's own writers, in one run.

    benchmarks/convert/files.py --build build --python .venv/bin/python3 [--repeat 8] [--rounds 3] [--scratch /dev/shm]

The peers run in one process each, as their documentation shows; their start is not counted. A peer that `--python` cannot
import is left out and named. Rounds take turns; best of each is printed.
"""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from run import repeated_csv

TENSORFLOW = """
import tensorflow as tf
def bytes_feature(value):
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value]))
def write(rows, out):
    with tf.io.TFRecordWriter(out + "/train.tfrecord") as writer:
        for path, label in rows:
            feature = {"image": bytes_feature(READ), "image_name": bytes_feature(path.rsplit("/", 1)[-1].encode()),
                       "split": bytes_feature(b"TRAIN"), "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label]))}
            writer.write(tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString())
"""
WRITERS = {
    "tensorflow": TENSORFLOW.replace("READ", "tf.io.read_file(path).numpy()"),  # also reads gs:// and the like, as we do http
    "tensorflow with open()": TENSORFLOW.replace("READ", 'open(path, "rb").read()'),
    "webdataset": """
import webdataset
def write(rows, out):
    with webdataset.TarWriter(out + "/train.tar") as writer:
        for number, (path, label) in enumerate(rows):
            writer.write({"__key__": f"{number:07d}", "jpg": open(path, "rb").read(), "cls": str(label)})
""",
}
MAIN = """
import csv, json, sys, time
rows = [(row["image_uri"], 0 if row["label"] == "dog" else 1) for row in csv.DictReader(open(sys.argv[1]))]
start = time.monotonic()
write(rows, sys.argv[2])
print(json.dumps(len(rows) / (time.monotonic() - start)))
"""


def run_writer(python, name, csv, out):
    done = subprocess.run([python, "-c", WRITERS[name] + MAIN, csv, out], capture_output=True, text=True, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None


def run_millrace(build, csv, out, state, threads):
    done = subprocess.run([build / "bin/millrace", "convert", "--input", csv, "--output", out, "--local", "--threads", str(threads), "--payload", "jpeg",
                           "--format", "json", "--progress", "none"], capture_output=True, text=True, env={**os.environ, "MILLRACE_STATE_DIR": str(state)})
    if done.returncode != 0:
        sys.exit(done.stderr)
    result = json.loads(done.stdout)
    return result["written"] / result["seconds"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--python", default=".venv/bin/python3", help="has TensorFlow and webdataset, or one of them")
    parser.add_argument("--csv", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[3] / "shared/data/catsdogs/images.csv")
    parser.add_argument("--repeat", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scratch", default="/dev/shm")
    arguments = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="millrace-bench-", dir=arguments.scratch))
    cores = os.cpu_count()
    rates = {}
    try:
        csv, images = repeated_csv(arguments.csv.resolve(), arguments.repeat, scratch)
        contenders = {f"millrace, {n} threads": lambda out, n=n: run_millrace(arguments.build, csv, out, scratch / "state", n) for n in sorted({1, cores})}
        contenders |= {name: lambda out, name=name: run_writer(arguments.python, name, csv, out) for name in WRITERS}
        for _ in range(arguments.rounds):
            for name, run in contenders.items():
                for folder in ("out", "state"):
                    shutil.rmtree(scratch / folder, ignore_errors=True)
                if not name.startswith("millrace"):
                    (scratch / "out").mkdir()
                rates.setdefault(name, []).append(run(scratch / "out"))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"{images} images, --payload jpeg --compression none, scratch {arguments.scratch}, load {os.getloadavg()[0]:.1f}")
    for name, values in rates.items():
        print(f"{name:24} not installed" if None in values else f"{name:24} best {max(values):8,.0f} images/s")


if __name__ == "__main__":
    main()
