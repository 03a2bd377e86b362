"""Inputs of every kind, good and bad: each bad one ends in a dead letter or a clear error naming file and row."""
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import MAKE_IMAGES, Cluster, Images, all_names, run_cli, tree, undisturbed


class Fresh(unittest.TestCase):
    """A folder with a few good images beside what the test writes."""

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="millrace-input-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        Images.make(count=30).copy_to(self.dir / "in")
        self.inputs = self.dir / "in"
        self.rows = (self.inputs / "images.csv").read_text().splitlines()[1:]
        self.out = self.dir / "out"

    def convert(self, csv, *flags, **kwargs):
        return run_cli("convert", "--local", "--input", csv, "--output", self.out, "--format", "json", *flags,
                       env={"MILLRACE_STATE_DIR": str(self.dir / "state")}, **kwargs)

    def write(self, text, name="test.csv"):
        path = self.inputs / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def csv_of(self, rows, header="split,image_uri,label"):
        return self.write("\n".join(([header] if header else []) + rows) + "\n")

    def dead_letters(self):
        return [json.loads(line) for line in (self.out / "discarded-data-00000-of-00001").read_text().splitlines()]

    def assert_done(self, done, **expected):
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual(result["rows"], result["written"] + result["discarded"] + result["dead_letters"])
        for key, value in expected.items():
            self.assertEqual(result[key], value, f"{key} of {result}")
        verify = run_cli("datasets", "verify", self.out)
        self.assertEqual(verify.returncode, 0, verify.stdout + verify.stderr)

    def assert_refused(self, done, *words, code=1):
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        names = all_names(self.out) if self.out.exists() else []
        self.assertFalse([n for n in names if n.startswith(("train", "test", "validation", "_SUCCESS", "_manifest"))], names)


class GoodInputs(Fresh):
    def test_the_same_rows_in_every_form_give_the_same_dataset(self):
        expected = undisturbed(self.inputs / "images.csv")
        forms = {
            "crlf.csv": b"split,image_uri,label\r\n" + "\r\n".join(self.rows).encode() + b"\r\n",
            "bom.csv": b"\xef\xbb\xbfsplit,image_uri,label\n" + "\n".join(self.rows).encode() + b"\n",
            "no_last_newline.csv": b"split,image_uri,label\n" + "\n".join(self.rows).encode(),
            "headerless.csv": "\n".join(self.rows).encode() + b"\n",
            "quoted.csv": b"split,image_uri,label\n" + "\n".join(",".join(f'"{c}"' for c in r.split(",")) for r in self.rows).encode() + b"\n",
            "other_order.csv": b"label,extra,image_uri,split\n" + "\n".join("{2},x,{1},{0}".format(*r.split(",")) for r in self.rows).encode() + b"\n",
            "lower_case.csv": b"split,image_uri,label\n" + "\n".join("{},{},{}".format(r.split(",")[0].lower(), *r.split(",")[1:]) for r in self.rows).encode(),
        }
        for name, text in forms.items():
            with self.subTest(name):
                self.assert_done(self.convert(self.write(text, name)), written=30)
                self.assertEqual(tree(self.out), expected)
                shutil.rmtree(self.out)
        with self.subTest("gz"):
            self.assert_done(self.convert(self.write(gzip.compress((self.inputs / "images.csv").read_bytes()), "images.csv.gz")), written=30)
            self.assertEqual(tree(self.out), expected)
            shutil.rmtree(self.out)
        with self.subTest("standard input"):
            self.assert_done(self.convert("-", input=(self.inputs / "images.csv").read_text(), cwd=self.inputs), written=30)
            self.assertEqual(tree(self.out), expected)
            shutil.rmtree(self.out)
        with self.subTest("file://"):
            self.assert_done(self.convert(f"file://{self.inputs / 'images.csv'}"), written=30)
            self.assertEqual(tree(self.out), expected)

    def test_several_files_by_a_glob(self):
        (self.inputs / "parts").mkdir()
        for i in range(3):
            rows = ["{},../{},{}".format(*row.split(",")) for row in self.rows[i * 10:(i + 1) * 10]]
            (self.inputs / "parts" / f"part{i}.csv").write_text("split,image_uri,label\n" + "\n".join(rows) + "\n")
        self.assert_done(self.convert(self.inputs / "parts" / "part*.csv"), written=30)

    def test_interleaved_splits_and_a_small_test_split(self):
        rows = [f"{('TEST' if i == 17 else 'VALIDATION' if i % 3 == 0 else 'TRAIN')},{r.split(',', 1)[1]}" for i, r in enumerate(self.rows * 4)]
        self.assert_done(self.convert(self.csv_of(rows)), written=120)
        stats = json.loads((self.out / "_stats.json").read_text())
        self.assertIn("TEST", json.dumps(stats))

    def test_a_split_with_no_good_row_has_an_empty_shard(self):
        rows = self.rows[:20] + ["VALIDATION,missing1.jpg,cat", "VALIDATION,missing2.jpg,dog"]
        rows = [r for r in rows if r.startswith(("TRAIN", "VALIDATION,missing"))]
        self.assert_done(self.convert(self.csv_of(rows)), dead_letters=2)
        shard = next(self.out.glob("validation-*.tfrecord.gz"))
        self.assertEqual(gzip.decompress(shard.read_bytes()), b"")

    def test_unassigned_rows_are_split_by_their_uri(self):
        rows = [f"UNASSIGNED,{r.split(',', 1)[1]}" for r in self.rows]
        self.assert_done(self.convert(self.csv_of(rows)), written=30)
        first = tree(self.out)
        shutil.rmtree(self.out)
        self.assert_done(self.convert(self.csv_of([r.split(",", 1)[1] for r in self.rows], header="image_uri,label")), written=30)
        self.assertEqual(tree(self.out), first)

    def test_discard_is_the_users_word(self):
        self.assert_done(self.convert(self.csv_of(self.rows + [f"DISCARD,{self.rows[0].split(',', 1)[1]}"])), written=30, discarded=1, dead_letters=0)

    def test_shuffle_seed_mixes_rows_and_is_repeatable(self):
        self.assert_done(self.convert(self.inputs / "images.csv", "--shuffle-seed", "7", "--num-shards", "3"), written=30)
        first = tree(self.out)
        shutil.rmtree(self.out)
        self.assert_done(self.convert(self.inputs / "images.csv", "--shuffle-seed", "7", "--num-shards", "3", "--job-id", "again"), written=30)
        self.assertEqual(tree(self.out), first)
        shutil.rmtree(self.out)
        self.assert_done(self.convert(self.inputs / "images.csv", "--num-shards", "3", "--job-id", "plain"), written=30)
        self.assertNotEqual(tree(self.out), first)

    def test_a_vocabulary_file_fixes_the_ids(self):
        vocab = self.dir / "vocab.txt"
        vocab.write_text("zebra\ndog\ncat\n")
        self.assert_done(self.convert(self.inputs / "images.csv", "--vocab-file", vocab), written=30)
        self.assertEqual((self.out / "transform_fn/assets/vocab_compute_and_apply_vocabulary_vocabulary").read_text(), "zebra\ndog\ncat\n")

    def test_dry_run_writes_nothing(self):
        done = self.convert(self.inputs / "images.csv", "--dry-run")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertFalse(self.out.exists())


class BadCsv(Fresh):
    def test_fatal_ones_name_file_and_row(self):
        cases = {
            "unclosed quote": (b'split,image_uri,label\nTRAIN,"a.jpg,cat\nTRAIN,b.jpg,cat\n', ("bad.csv", "2", "quote")),
            "utf-16": ("split,image_uri,label\nTRAIN,a.jpg,cat\n".encode("utf-16"), ("bad.csv", "UTF-16")),
            "empty": (b"", ("bad.csv", "empty")),
            "header only": (b"split,image_uri,label\n", ("bad.csv", "no rows")),
            "missing column": (b"split,uri,label\nTRAIN,a.jpg,cat\n", ("bad.csv", "image_uri")),
            "a 100 MB line": (b"split,image_uri,label\nTRAIN," + b"x" * 100_000_000 + b",cat\n", ("bad.csv", "2")),
            "text after a quote": (b'split,image_uri,label\nTRAIN,"a"b.jpg,cat\n', ("bad.csv", "2")),
        }
        for what, (text, words) in cases.items():
            with self.subTest(what):
                flags = ("--header", "split,image_uri,label") if what == "nothing" else ()
                self.assert_refused(self.convert(self.write(text, "bad.csv"), *flags), *words)

    def test_bad_rows_are_dead_letters(self):
        rows = self.rows + ["TRAIN,too,many,cells", "TRAIN,nul\0.jpg,cat", "HOLDOUT," + self.rows[0].split(",", 1)[1], "TRAIN,,cat",
                            "TRAIN,gs://bucket/a.jpg,cat"]
        self.assert_done(self.convert(self.csv_of(rows)), written=30, dead_letters=5)
        self.assertEqual([letter["reason"] for letter in sorted(self.dead_letters(), key=lambda l: l["row"])],
                         ["row/ragged", "row/nul", "split/unknown", "row/no_uri", "file/scheme"])
        self.assertEqual(sorted(letter["row"] for letter in self.dead_letters()), [31, 32, 33, 34, 35])

    def test_a_missing_input_is_a_usage_error(self):
        self.assert_refused(self.convert(self.dir / "nowhere.csv"), "nowhere.csv", code=2)


class BadImages(Fresh):
    def test_each_kind_is_a_dead_letter_with_its_reason(self):
        good = (self.inputs / self.rows[0].split(",")[1]).read_bytes()
        start_of_frame = next(i for i in range(len(good) - 1) if good[i] == 0xFF and good[i + 1] in (0xC0, 0xC1, 0xC2))
        huge = bytearray(good)
        huge[start_of_frame + 5:start_of_frame + 9] = (65500).to_bytes(2, "big") * 2
        cases = {
            "half.jpg": (good[:len(good) // 2], "decode/truncated"),
            "one_byte_short.jpg": (good[:-1], "decode/truncated"),
            "header_only.jpg": (good[:20], "decode/"),
            "huge.jpg": (bytes(huge), "image/too_many_pixels"),
            "zero.jpg": (b"", "file/empty"),
            "page.jpg": (b"<!DOCTYPE html><html><body>404</body></html>", "decode/not_an_image"),
        }
        for name, (data, _) in cases.items():
            (self.inputs / name).write_bytes(data)
        (self.inputs / "folder.jpg").mkdir()
        os.mkfifo(self.inputs / "fifo.jpg")
        reasons = {name: reason for name, (_, reason) in cases.items()}
        reasons |= {"folder.jpg": "file/not_regular", "fifo.jpg": "file/not_regular", "missing.jpg": "file/not_found"}
        self.assert_done(self.convert(self.csv_of(self.rows + [f"TRAIN,{name},cat" for name in reasons]), "--max-bad-rows", "50%"),
                         written=30, dead_letters=len(reasons))
        found = {letter["uri"]: letter["reason"] for letter in self.dead_letters()}
        for name, reason in reasons.items():
            self.assertTrue(found[name].startswith(reason), f"{name}: {found[name]}, expected {reason}")

    def test_truncation_at_many_offsets(self):
        good = (self.inputs / self.rows[0].split(",")[1]).read_bytes()
        offsets = sorted({*range(1, 64), *range(64, len(good), max(1, len(good) // 150)), len(good) - 1, len(good) - 2})
        for offset in offsets:
            (self.inputs / f"cut{offset}.jpg").write_bytes(good[:offset])
        rows = self.rows + [f"TRAIN,cut{offset}.jpg,cat" for offset in offsets]
        self.assert_done(self.convert(self.csv_of(rows), "--max-bad-rows", "100%"), written=30, dead_letters=len(offsets))

    def test_too_many_bad_rows_fail_the_job_and_say_which(self):
        rows = self.rows[:10] + [f"TRAIN,gone{i}.jpg,cat" for i in range(30)]
        self.assert_refused(self.convert(self.csv_of(rows)), "test.csv:12: gone0.jpg: file/not_found", "try:")


class BadOutputs(Fresh):
    def test_output_not_writable(self):
        (self.dir / "file").write_text("not a folder")
        done = run_cli("convert", "--local", "--input", self.inputs / "images.csv", "--output", self.dir / "file" / "out",
                       env={"MILLRACE_STATE_DIR": str(self.dir / "state")})
        self.assertIn(done.returncode, (1, 2))
        self.assertIn(str(self.dir / "file"), done.stderr)


class ExitCodes(Fresh):
    def test_usage_is_2_and_unreachable_is_3(self):
        self.assertEqual(run_cli("convert").returncode, 2)
        self.assertEqual(run_cli("convert", "--input", "x.csv", "--output", "y", "--shard-size", "lots").returncode, 2)
        self.assertEqual(run_cli("nonsense").returncode, 2)
        self.assertEqual(run_cli("jobs", "list", "--coordinator", "127.0.0.1:1").returncode, 3)


class RowsFromJob(Fresh):
    """What a job could not use becomes a job of its own, with the first one's options and label ids."""

    def setUp(self):
        super().setUp()
        lines = [f"TRAIN,missing{i}.jpg,late" for i in range(3)] + ["TRAIN,broken.jpg,cat", "NOWHERE,a.jpg,cat"]
        self.csv = self.csv_of(self.rows + lines)
        self.write(b"not an image", "broken.jpg")

    def more(self, run, job, *flags):
        return run("convert", "--rows-from-job", job, "--output", self.dir / "more", "--format", "json", *flags,
                   env={"MILLRACE_STATE_DIR": str(self.dir / "state")})

    def check(self, run, first):
        shutil.copy(self.inputs / self.rows[0].split(",")[1], self.inputs / "missing1.jpg")
        done = self.more(run, first["job_id"])
        self.assertEqual(done.returncode, 0, done.stderr)
        second = json.loads(done.stdout)
        self.assertEqual([second[k] for k in ("rows", "written", "dead_letters")], [5, 1, 4])
        words = [line["reason"] for line in map(json.loads, (self.dir / "more/discarded-data-00000-of-00001").read_text().splitlines())]
        self.assertEqual(sorted(w.split("/")[0] for w in words), ["decode", "file", "file", "split"])
        vocabulary = "transform_fn/assets/vocab_compute_and_apply_vocabulary_vocabulary"
        self.assertEqual((self.dir / "more" / vocabulary).read_text(), (self.out / vocabulary).read_text())
        self.assertEqual(run_cli("datasets", "verify", self.dir / "more").returncode, 0)
        self.assertIn("up to date", self.more(run, first["job_id"]).stderr)

    def test_inside_this_process(self):
        done = self.convert(self.csv)
        self.assert_done(done, rows=35, written=30, dead_letters=5)
        self.check(lambda *args, **kw: run_cli(*args, "--local", **kw), json.loads(done.stdout))

    def test_of_a_coordinator(self):
        with Cluster(workers=2) as cluster:
            done = cluster.cli("convert", "--input", self.csv, "--output", self.out, "--format", "json")
            self.assert_done(done, rows=35, written=30, dead_letters=5)
            first = json.loads(done.stdout)
            self.check(cluster.cli, first)
            described = cluster.describe(first["job_id"])
            self.assertEqual(described["reasons"], {"decode/not_an_image": 1, "file/not_found": 3, "split/unknown": 1})
            manifest = json.loads((self.out / "_manifest.json").read_text())
            self.assertEqual(manifest["reasons"], described["reasons"])
            counted = "".join(cluster.metrics(worker) for worker in cluster.workers.values())
            numbers = re.findall(r'millrace_worker_dead_letters_total\{reason="decode/not_an_image"\} (\d+)', counted)
            self.assertEqual(sum(map(int, numbers)), 2, "once in each job")

    def test_transient_rows_only(self):
        done = self.convert(self.csv)
        again = self.more(lambda *args, **kw: run_cli(*args, "--local", **kw), json.loads(done.stdout)["job_id"], "--rows", "transient")
        self.assertEqual(json.loads(again.stdout)["rows"], 3, again.stderr)

    def test_the_dataset_does_not_depend_on_where_the_input_lies(self):
        self.assert_done(self.convert(self.csv))
        digest = (self.out / "_SUCCESS").read_text()
        shutil.copytree(self.inputs, self.dir / "elsewhere/in")
        self.out = self.dir / "out2"
        self.assert_done(self.convert(self.dir / "elsewhere/in/test.csv"))
        self.assertEqual((self.out / "_SUCCESS").read_text(), digest)


if __name__ == "__main__":
    unittest.main(verbosity=2)
