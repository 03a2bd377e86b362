"""Fixtures: the binary under test, the shared data, one dataset a module; and the last line that tests/run.sh reads."""

import json
import os
import pathlib
import subprocess

import pytest

SHARED = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data"
RESULTS = {"passed": [], "failed": []}


class Millrace:
    """Runs `millrace`; every call must end well unless `check` is False."""

    def __init__(self, folder):
        self.binary = pathlib.Path(os.environ["MILLRACE_BIN"]) / "millrace"
        self.folder = folder

    def __call__(self, *arguments, check=True, cwd=None):
        done = subprocess.run(
            [self.binary, *map(str, arguments)], cwd=cwd or self.folder, capture_output=True, text=True, timeout=300
        )
        assert (
            not check or done.returncode == 0
        ), f"millrace {arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def convert(self, csv, output, *options):
        """Converts and returns the result line."""
        done = self(
            "convert", "--local", "--input", csv, "--output", output, "--progress", "none", "--format", "json", *options
        )
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def millrace(tmp_path_factory):
    return Millrace(tmp_path_factory.mktemp("cwd"))


def shared(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not here: this test compares with data that is not part of the repository")
    return path


@pytest.fixture(scope="session")
def golden():
    """TFRecorder 2.0.1's own output for a CSV with good, truncated, missing and wrong-split rows."""
    return shared("tfrecorder-golden")


@pytest.fixture(scope="session")
def sample():
    """The dataset that TFRecorder's authors published."""
    return shared("tfrecorder-sample")


@pytest.fixture(scope="session")
def catsdogs():
    return shared("catsdogs")


def pytest_runtest_logreport(report):
    if report.failed and report.nodeid not in RESULTS["failed"]:
        RESULTS["failed"].append(report.nodeid)
    elif report.when == "call" and report.passed:
        RESULTS["passed"].append(report.nodeid)


def pytest_unconfigure(config):
    for outcome, names in RESULTS.items():
        for name in names:
            print(f"CASE {outcome} interop {name}")
    passed = len([name for name in RESULTS["passed"] if name not in RESULTS["failed"]])
    print(f"interop: {passed} passed, {len(RESULTS['failed'])} failed")
