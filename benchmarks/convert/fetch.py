#!/usr/bin/env python3
"""Fetching over HTTP: `curl --parallel` against HttpFetcher, on one local server, in one run.

    ninja -C build image_server fetch_benchmark
    python3 benchmarks/convert/fetch.py --images ../shared/data/catsdogs --build build

Both fetch the same URIs with as many requests at a time; curl throws the bodies away, HttpFetcher hands them over in order.
The server waits the same time before every answer. Runs take turns; the best of each is printed, with CPU seconds.
"""
import argparse
import json
import os
import pathlib
import resource
import subprocess
import tempfile
import time


def uris_of(folder, base, repeat):
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.jpg"))
    return [f"{base}/{name}" for name in files] * repeat


def run_curl(uris, in_flight, folder):
    config = folder / "curl.txt"
    config.write_text("".join(f'url = "{uri}"\noutput = "/dev/null"\n' for uri in uris))
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(["curl", "--silent", "--parallel", "--parallel-immediate", "--parallel-max", str(in_flight), "--config", config],
                   check=True, stderr=subprocess.DEVNULL)
    seconds, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"per_second": len(uris) / seconds, "cpu_seconds": cpu}


def run_ours(uris, in_flight, folder, build):
    listed = folder / "uris.txt"
    listed.write_text("\n".join(uris) + "\n")
    out = subprocess.run([build / "bin/fetch_benchmark", "--input", listed, "--in-flight", str(in_flight)], check=True,
                         stdout=subprocess.PIPE)
    return json.loads(out.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=pathlib.Path, required=True, help="a folder with .jpg files")
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--delay-ms", type=int, default=20)
    parser.add_argument("--in-flight", type=int, default=256)
    parser.add_argument("--repeat", type=int, default=4, help="how often each image is fetched")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    server = subprocess.Popen([args.build / "bin/image_server", "--root", args.images, "--delay-ms", str(args.delay_ms)],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    base = server.stdout.readline().strip()
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            uris = uris_of(args.images, base, args.repeat)
            curl, ours = [], []
            for _ in range(args.runs):
                curl.append(run_curl(uris, args.in_flight, folder))
                ours.append(run_ours(uris, args.in_flight, folder, args.build))
    finally:
        server.stdin.close()
        server.wait()
    print(f"{len(uris)} images, {args.in_flight} requests at a time, {args.delay_ms} ms a request, load {os.getloadavg()[0]:.1f}")
    for name, runs in (("curl --parallel", curl), ("HttpFetcher", ours)):
        print(f"{name:16} {max(r['per_second'] for r in runs):7.0f} images/s  {min(r['cpu_seconds'] for r in runs):.2f} CPU s")
    print(f"{'ratio':16} {max(r['per_second'] for r in ours) / max(r['per_second'] for r in curl):7.2f}")


if __name__ == "__main__":
    main()
