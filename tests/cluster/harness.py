"""A small language for tests that start real processes and kill them.

    with Cluster(workers=3) as cluster:
        job = cluster.submit(images.csv)
        cluster.worker("w1").kill()
        cluster.wait(job)

Every process gets port 0 and writes its address to a file; every test has a temporary folder of its own. Nothing here
sleeps to synchronise: it waits for a file, a process state or a job state, with a limit.
"""
import hashlib
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time

BIN = pathlib.Path(os.environ["MILLRACE_BIN"])
MAKE_IMAGES = pathlib.Path(os.environ["MILLRACE_MAKE_IMAGES"])
LIMIT = 60.0  # seconds: what any single wait may take
METADATA_THAT_MAY_DIFFER = {"_manifest.json", "_stats.json", "_millrace.json", "_SUCCESS"}


class Timeout(AssertionError):
    pass


def wait_until(ready, what, limit=LIMIT):
    """Polls `ready` (its truthy value is returned); the only place that waits for something without an event."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        value = ready()
        if value:
            return value
        select.select([], [], [], 0.01)
    raise Timeout(f"waited {limit:.0f} s for {what}")


def run_cli(*args, env=None, cwd=None, input=None, limit=LIMIT):
    """Runs `millrace ARGS`; returns the CompletedProcess with text output."""
    return subprocess.run([BIN / "millrace", *map(str, args)], capture_output=True, text=True, errors="replace", timeout=limit,
                          env={**os.environ, **(env or {})}, cwd=cwd, input=input)


def tree(folder):
    """Every file below `folder` that must be the same whatever happened: path -> SHA-256."""
    folder = pathlib.Path(folder)
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in METADATA_THAT_MAY_DIFFER}


def all_names(folder):
    folder = pathlib.Path(folder)
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))


class Images:
    """Generated JPEGs and their CSV, made once a process and copied for a test that changes them."""
    _cache = {}

    def __init__(self, folder, csv):
        self.folder, self.csv = folder, csv

    @classmethod
    def make(cls, count=60, size="64x48"):
        if (count, size) not in cls._cache:
            folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-images-"))
            subprocess.run([MAKE_IMAGES, "--output", folder, "--count", str(count), "--size", size], check=True, stdout=subprocess.DEVNULL)
            cls._cache[count, size] = cls(folder, folder / "images.csv")
        return cls._cache[count, size]

    def copy_to(self, folder):
        shutil.copytree(self.folder, folder)
        return Images(pathlib.Path(folder), pathlib.Path(folder) / "images.csv")

    def rows(self):
        return self.csv.read_text().splitlines()[1:]


class Process:
    def __init__(self, name, command, log, env=None, wrapper=()):
        self.name, self.log_path = name, log
        self._log = open(log, "ab")
        self.popen = subprocess.Popen([*wrapper, *map(str, command)], stdout=self._log, stderr=self._log, stdin=subprocess.DEVNULL,
                                      env={**os.environ, **(env or {})})

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def state(self):
        """The kernel's letter: R, S, T (stopped), Z."""
        try:
            return pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return "gone"

    def wait_stopped(self):
        wait_until(lambda: self.state() == "T", f"{self.name} to stop at its failpoint\n{self.log()}")

    def wait_dead(self):
        self.popen.wait(LIMIT)
        return self.popen.returncode

    def stop(self):
        os.kill(self.pid, signal.SIGSTOP)

    def go_on(self):
        os.kill(self.pid, signal.SIGCONT)

    def terminate(self):
        self.popen.terminate()

    def kill(self):
        if self.alive():
            self.popen.kill()
        self.popen.wait(LIMIT)

    def log(self):
        return pathlib.Path(self.log_path).read_text(errors="replace")

    def close(self):
        self.kill()
        self._log.close()


class Cluster:
    """One coordinator and named workers, in a temporary folder."""

    def __init__(self, workers=3, lease=2.0, failpoints=None, coordinator_failpoint=None, worker_flags=(), threads=1):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="millrace-cluster-"))
        self.out = self.dir / "out"
        self.lease, self.threads, self.worker_flags = lease, threads, worker_flags
        self.coordinator = None
        self.workers = {}
        self._starts = 0
        self.start_coordinator(coordinator_failpoint)
        for i in range(1, workers + 1):
            self.start_worker(f"w{i}", (failpoints or {}).get(f"w{i}"))

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        for process in [*self.workers.values(), self.coordinator]:
            process.close()
        if kind is not None:
            print(f"--- files of the failed test: {self.dir}")
            for log in sorted(self.dir.glob("*.log")):
                print(f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-25:]))
        else:
            shutil.rmtree(self.dir, ignore_errors=True)

    def start_coordinator(self, failpoint=None):
        """The first start takes any port; later ones the same, because the workers know it."""
        self._starts += 1
        address_file = self.dir / f"coordinator-{self._starts}.address"
        listen = getattr(self, "address", "127.0.0.1:0")
        self.coordinator = Process("coordinator", [
            BIN / "millrace-coordinator", "--listen", listen, "--http", "127.0.0.1:0", "--data-dir", self.dir / "data",
            "--lease", self.lease, "--address-file", address_file], self.dir / "coordinator.log",
            env={"MILLRACE_FAILPOINT": failpoint or ""})
        self._await_file(self.coordinator, address_file)
        self.address, self.http = address_file.read_text().split()

    def restart_coordinator(self):
        self.coordinator.kill()
        self.coordinator.close()
        self.start_coordinator()

    def start_worker(self, name, failpoint=None, wrapper=(), flags=()):
        self._starts += 1
        address_file = self.dir / f"{name}-{self._starts}.address"
        process = Process(name, [
            BIN / "millrace-worker", "--coordinator", self.address, "--name", name, "--http", "127.0.0.1:0", "--threads", self.threads,
            "--grace", "10", "--address-file", address_file, *self.worker_flags, *flags], self.dir / f"{name}.log",
            env={"MILLRACE_FAILPOINT": failpoint or ""}, wrapper=wrapper)
        self.workers[name] = process
        self._await_file(process, address_file)
        process.http = address_file.read_text().strip()
        return process

    def restart_worker(self, name, failpoint=None):
        self.workers[name].kill()
        self.workers[name].close()
        return self.start_worker(name, failpoint)

    def worker(self, name):
        return self.workers[name]

    def _await_file(self, process, path):
        def ready():
            if not process.alive():
                raise AssertionError(f"{process.name} ended while starting:\n{process.log()}")
            return path.exists()
        wait_until(ready, f"{process.name} to listen\n{process.log()}")

    # ---- jobs ----
    def cli(self, *args, **kwargs):
        return run_cli(*args, "--coordinator", self.address, **kwargs)

    def submit(self, csv, *flags, job_id="job", output=None):
        done = self.cli("convert", "--input", csv, "--output", output or self.out, "--job-id", job_id, "--detach", *flags)
        assert done.returncode == 0, done.stderr
        return job_id

    def describe(self, job_id):
        done = self.cli("jobs", "describe", job_id, "--format", "json")
        if done.returncode != 0:
            return None
        job = json.loads(done.stdout)
        return {**job, "state": job["state"].lower()}

    def wait(self, job_id):
        """Waits for the end of the job; returns its description."""
        wait_until(lambda: (self.describe(job_id) or {}).get("state", "running") not in ("running", "cancelling"), f"{job_id} to end")
        return self.describe(job_id)

    def metrics(self, process):
        import urllib.request
        http = self.http if process is self.coordinator else process.http
        with urllib.request.urlopen(f"http://{http}/metrics", timeout=10) as answer:
            return answer.read().decode()


_references = {}


def undisturbed(csv, *flags):
    """The tree of the same conversion in one quiet process: what every disturbed run must equal."""
    key = (str(csv), flags)
    if key not in _references:
        folder = pathlib.Path(tempfile.mkdtemp(prefix="millrace-reference-"))
        done = run_cli("convert", "--local", "--input", csv, "--output", folder / "out", *flags, env={"MILLRACE_STATE_DIR": str(folder / "state")})
        assert done.returncode == 0, done.stderr
        _references[key] = tree(folder / "out")
    return _references[key]
