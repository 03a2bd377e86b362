#!/usr/bin/env python3
"""Conversion against the bare loop, in one run: the same files, threads and page cache, rounds interleaved.

    benchmarks/convert/run.py --build build [--csv ../shared/data/catsdogs/images.csv] [--repeat 8] [--rounds 3] [--scratch /dev/shm]

Prints images/s of each contender, best and median over the rounds, and the ratio to the bare loop of the same codec. The
bare loop (benchmarks/macro/bare_convert.cc) makes the same calls without engine, row log, checks, manifest or fsync.
"""
import argparse
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time


def repeated_csv(csv, repeat, folder):
    """The list `repeat` times, with absolute URIs."""
    header, *rows = csv.read_text().splitlines()
    path = folder / "images.csv"
    with open(path, "w") as out:
        out.write(header + "\n")
        for _ in range(repeat):
            for row in rows:
                split, uri, label = row.split(",")
                out.write(f"{split},{csv.parent / uri},{label}\n")
    return path, len(rows) * repeat


class Contender:
    def __init__(self, arguments, csv, images, scratch):
        self.arguments, self.csv, self.images, self.scratch = arguments, csv, images, scratch
        self.bin = pathlib.Path(arguments.build).resolve() / "bin"
        self.out = scratch / "out"

    def convert(self, *flags):
        shutil.rmtree(self.out, ignore_errors=True)
        shutil.rmtree(self.scratch / "state", ignore_errors=True)
        done = subprocess.run([self.bin / "millrace", "convert", "--input", self.csv, "--output", self.out, "--format", "json", "--progress", "none",
                               "--gzip-level", self.arguments.gzip_level, *flags], capture_output=True, text=True,
                              env={**os.environ, "MILLRACE_STATE_DIR": str(self.scratch / "state")})
        if done.returncode != 0:
            sys.exit(done.stderr)
        result = json.loads(done.stdout)
        assert result["written"] == self.images, result
        return self.images / result["seconds"]


class BareLoop(Contender):
    name = "bare loop"

    def run(self):
        out = self.scratch / "bare"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        codec = {"fast": "fast", "balanced": "igzip1", "small": "zlib6"}[self.arguments.gzip_level]
        done = subprocess.run([self.bin / "bare_convert", "--input", self.csv, "--output", out, "--threads", str(self.arguments.threads), "--codec", codec],
                              capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stderr)
        shutil.rmtree(out)
        return json.loads(done.stdout)["images_per_second"]


class EmbeddedRun(Contender):
    name = "embedded"

    def run(self):
        return self.convert("--local", "--threads", str(self.arguments.threads))


class TwoWorkers(Contender):
    name = "coordinator + two workers"

    def run(self):
        address_file = self.scratch / "address"
        address_file.unlink(missing_ok=True)
        shutil.rmtree(self.scratch / "data", ignore_errors=True)
        daemons = [subprocess.Popen([self.bin / "millrace-coordinator", "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data-dir", self.scratch / "data",
                                     "--address-file", address_file], stderr=subprocess.DEVNULL)]
        try:
            while not address_file.exists():
                time.sleep(0.01)
            address = address_file.read_text().split()[0]
            for name in ("w1", "w2"):
                daemons.append(subprocess.Popen([self.bin / "millrace-worker", "--coordinator", address, "--name", name, "--http", "127.0.0.1:0",
                                                 "--threads", str(max(1, self.arguments.threads // 2))], stderr=subprocess.DEVNULL))
            return self.convert("--coordinator", address)
        finally:
            peaks = [peak_memory(d.pid) for d in daemons]
            self.peak = max(getattr(self, "peak", 0), *peaks)
            for daemon in daemons:
                daemon.terminate()
            for daemon in daemons:
                daemon.wait()


def peak_memory(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build")
    parser.add_argument("--csv", default=str(pathlib.Path(__file__).resolve().parents[3] / "shared/data/catsdogs/images.csv"))
    parser.add_argument("--repeat", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--gzip-level", choices=["fast", "balanced", "small"], default="fast")
    parser.add_argument("--scratch", default="/dev/shm")
    arguments = parser.parse_args()
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="millrace-bench-", dir=arguments.scratch))
    try:
        csv, images = repeated_csv(pathlib.Path(arguments.csv).resolve(), arguments.repeat, scratch)
        contenders = [kind(arguments, csv, images, scratch) for kind in (BareLoop, EmbeddedRun, TwoWorkers)]
        rates = {contender.name: [] for contender in contenders}
        for round_number in range(arguments.rounds):
            for contender in contenders:
                rates[contender.name].append(contender.run())
                shutil.rmtree(contender.out, ignore_errors=True)
                print(f"round {round_number + 1}: {contender.name}: {rates[contender.name][-1]:.0f} images/s", flush=True)
        bare = statistics.median(rates["bare loop"])
        print(f"\n{images} images, {arguments.threads} threads, --gzip-level {arguments.gzip_level}, scratch {arguments.scratch}")
        for name, values in rates.items():
            print(f"{name:28} best {max(values):6.0f}  median {statistics.median(values):6.0f} images/s  {statistics.median(values) / bare:6.1%} of the bare loop")
        embedded_peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
        print(f"peak memory: a daemon {contenders[2].peak / 2**20:.0f} MiB, any single process {embedded_peak / 2**20:.0f} MiB")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
