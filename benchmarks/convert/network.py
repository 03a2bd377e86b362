#!/usr/bin/env python3
"""Whole conversions of images over HTTP, in one run on one local server that waits before every answer:
`curl --parallel` (bodies thrown away), millrace keeping the JPEG files, millrace resizing to 256x256, and img2dataset.

    ninja -C build image_server
    benchmarks/convert/network.py --build build [--img2dataset PYTHON] [--repeat 4] [--rounds 3] [--scratch /dev/shm]

`--img2dataset` is a Python that has img2dataset (1.47.0 was used; it needs its own virtual environment). Its rate is that
of its own statistics: first shard's start to last shard's end. millrace's is submission to _SUCCESS. Best of each is printed.
"""
import argparse
import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from fetch import run_curl, uris_of

IMG2DATASET = """
import img2dataset, sys
img2dataset.download(url_list=sys.argv[1], input_format="txt", output_folder=sys.argv[2], output_format="webdataset", processes_count=2,
                     thread_count=int(sys.argv[3]), number_sample_per_shard=700, image_size=256, enable_wandb=False,
                     **({"resize_mode": "no", "disable_all_reencoding": True} if sys.argv[4] == "keep" else {"resize_mode": "border"}))
"""


def run_millrace(build, uris, scratch, in_flight, flags):
    listed = scratch / "uris.csv"
    with open(listed, "w", newline="") as out:
        csv.writer(out).writerows([("split", "image_uri", "label"), *(("TRAIN", uri, uri.split("/")[-2]) for uri in uris)])
    done = subprocess.run([build / "bin/millrace", "convert", "--input", listed, "--output", scratch / "out", "--local", "--payload", "jpeg", "--fetch-allow",
                           "127.0.0.0/8", "--fetch-per-host", str(in_flight), "--fetch-in-flight", str(in_flight), "--num-shards", "8", "--format", "json", "--progress",
                           "none", *flags], capture_output=True, text=True, env={**os.environ, "MILLRACE_STATE_DIR": str(scratch / "state")})
    if done.returncode != 0:
        sys.exit(done.stderr)
    result = json.loads(done.stdout)
    assert result["written"] == len(uris), result
    return result["written"] / result["seconds"]


def run_img2dataset(python, uris, scratch, in_flight, mode):
    listed = scratch / "uris.txt"
    listed.write_text("\n".join(uris) + "\n")
    done = subprocess.run([python, "-c", IMG2DATASET, listed, scratch / "out", str(in_flight), mode], capture_output=True, text=True)
    shards = [json.loads(path.read_text()) for path in (scratch / "out").glob("*_stats.json")]
    if done.returncode != 0 or not shards:
        sys.exit(done.stderr[-2000:])
    count = sum(shard["successes"] for shard in shards)
    return count / (max(shard["end_time"] for shard in shards) - min(shard["start_time"] for shard in shards))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--img2dataset", help="a Python that has it; without: not run")
    parser.add_argument("--images", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[3] / "shared/data/catsdogs")
    parser.add_argument("--delay-ms", type=int, default=20)
    parser.add_argument("--in-flight", type=int, default=256)
    parser.add_argument("--repeat", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scratch", default="/dev/shm")
    arguments = parser.parse_args()
    resize = ["--resize", "256x256", "--resize-mode", "fit"]
    contenders = {"curl --parallel": lambda uris, scratch: run_curl(uris, arguments.in_flight, scratch)["per_second"],
                  "millrace, files kept": lambda uris, scratch: run_millrace(arguments.build, uris, scratch, arguments.in_flight, []),
                  "millrace, 256x256": lambda uris, scratch: run_millrace(arguments.build, uris, scratch, arguments.in_flight, resize)}
    if arguments.img2dataset:
        contenders |= {f"img2dataset, {mode}": lambda uris, scratch, mode=mode: run_img2dataset(arguments.img2dataset, uris, scratch, arguments.in_flight, mode)
                       for mode in ("keep", "256x256")}
    server = subprocess.Popen([arguments.build / "bin/image_server", "--root", arguments.images, "--delay-ms", str(arguments.delay_ms)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    rates = {}
    try:
        uris = uris_of(arguments.images, server.stdout.readline().strip(), arguments.repeat)
        for _ in range(arguments.rounds):
            for name, run in contenders.items():
                with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
                    rates.setdefault(name, []).append(run(uris, pathlib.Path(folder)))
    finally:
        server.stdin.close()
        server.wait()
    print(f"{len(uris)} images, {arguments.in_flight} requests at a time, {arguments.delay_ms} ms a request, load {os.getloadavg()[0]:.1f}")
    for name, values in rates.items():
        print(f"{name:24} best {max(values):8,.0f} images/s")


if __name__ == "__main__":
    main()
