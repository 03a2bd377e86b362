"""docs/dataset.md: its snippet runs as it stands, and its table of reasons is that of the code."""

import pathlib
import re
import subprocess
import sys

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/dataset.md").read_text()


def test_the_snippet_reads_a_dataset(millrace, tmp_path):
    for name, color in (("red.jpg", (200, 0, 0)), ("blue.jpg", (0, 0, 200))):
        Image.new("RGB", (8, 6), color).save(tmp_path / name)
    (tmp_path / "images.csv").write_text(
        "split,image_uri,label\nTRAIN,red.jpg,red\nTRAIN,blue.jpg,blue\nTRAIN,red.jpg,\n"
    )
    millrace.convert(tmp_path / "images.csv", tmp_path / "dataset")
    snippet = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL).group(1)
    done = subprocess.run([sys.executable, "-c", snippet], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["(6, 8, 3) 0 red", "(6, 8, 3) 1 blue", "(6, 8, 3) -1 no label"]


def test_every_reason_of_the_code_stands_in_the_table():
    code = re.findall(r'\{"(\w+/\w+)", "[^"]+"(, true)?\}', (ROOT / "common/dataset/reasons.h").read_text())
    table = re.findall(r"^\| `(\w+/\w+)` \| .* \| (yes)? ?\|$", PAGE, re.MULTILINE)
    assert len(code) > 10
    assert [(word, bool(environmental)) for word, environmental in table] == [
        (word, bool(environmental)) for word, environmental in code
    ]
