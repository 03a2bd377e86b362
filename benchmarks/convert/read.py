#!/usr/bin/env python3
"""Reading a dataset back, in one run with TensorFlow: the same files, threads and page cache, rounds interleaved.

    benchmarks/convert/read.py --build build [--csv ../shared/data/catsdogs/images.csv] [--repeat 1] [--rounds 3] [--gzip-levels balanced fast]
                               [--python .venv/bin/python] [--scratch /dev/shm]

Converts the images into one TRAIN split of eight shards, then prints decoded images/s of each contender: DatasetReader, its
limit (inflating alone), and tf.data with decode_base64, without and with a resize to 150x150. --python: an environment
with TensorFlow (tests/interop/run.sh makes .venv); without it TensorFlow is left out.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def all_in_train(csv, repeat, path):
    header, *rows = csv.read_text().splitlines()
    with open(path, "w") as out:
        out.write(header + "\n")
        for row in rows * repeat:
            _, uri, label = row.split(",")
            out.write(f"TRAIN,{csv.parent / uri},{label}\n")


def run(command, **environment):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode != 0:
        sys.exit(f"{command}\n{done.stdout}{done.stderr}")
    return done.stdout


def contenders(arguments, dataset):
    reader = [pathlib.Path(arguments.build).resolve() / "bin/read_benchmark", "--dataset", dataset, "--threads", arguments.threads]
    yield "inflate alone", lambda: json.loads(run([*reader, "--what", "inflate"]))["images_per_second"]
    yield "DatasetReader", lambda: json.loads(run(reader))["images_per_second"]
    if pathlib.Path(arguments.python).exists():
        for what in ("pixels", "resize"):
            command = [arguments.python, HERE / "read_tensorflow.py", dataset, "TRAIN", arguments.threads, what]
            yield f"tf.data, {what}", lambda command=command: float(run(command, TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES=""))


def measure(arguments, level, scratch):
    csv, dataset = scratch / "images.csv", scratch / level
    all_in_train(pathlib.Path(arguments.csv).resolve(), arguments.repeat, csv)
    run([pathlib.Path(arguments.build).resolve() / "bin/millrace", "convert", "--local", "--input", csv, "--output", dataset, "--num-shards", 8,
         "--gzip-level", level, "--progress", "none"], MILLRACE_STATE_DIR=str(scratch / "state"))
    rates = {}
    for _ in range(arguments.rounds):
        for name, measured in contenders(arguments, dataset):
            rates.setdefault(name, []).append(measured())
    print(f"--gzip-level {level}, {arguments.threads} threads, scratch {arguments.scratch}")
    peer = statistics.median(rates.get("tf.data, resize", [float("nan")]))
    for name, values in rates.items():
        middle = statistics.median(values)
        print(f"  {name:16} best {max(values):6.0f}  median {middle:6.0f} images/s  {middle / peer:5.2f}x tf.data with resize", flush=True)
    shutil.rmtree(dataset)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--csv", default=str(ROOT.parent / "shared/data/catsdogs/images.csv"))
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--gzip-levels", nargs="+", default=["balanced", "fast"])
    parser.add_argument("--python", default=str(ROOT / ".venv/bin/python"))
    parser.add_argument("--scratch", default="/dev/shm")
    arguments = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="millrace-read-", dir=arguments.scratch))
    try:
        for level in arguments.gzip_levels:
            measure(arguments, level, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
