"""Who may write where, what becomes visible when, and what a user can do to a job while it runs."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

from harness import BIN, Cluster, Images, all_names, run_cli, tree, undisturbed, wait_until

SHARDS = ("--num-shards", "4")
ROOT = os.geteuid() == 0


def visible(out):
    """Names a reader could take for output."""
    return [name for name in all_names(out) if not name.startswith("_staging") and name != "_millrace.json"] if out.exists() else []


class Ownership(unittest.TestCase):
    def test_a_full_disk_fails_the_job_and_publishes_nothing_and_a_retry_finishes_it(self):
        images = Images.make()
        with Cluster(workers=1, failpoints={"w1": "write/prepared=full"}) as cluster:
            job = cluster.submit(images.csv, *SHARDS)
            end = cluster.wait(job)
            self.assertEqual(end["state"], "failed")
            self.assertIn("no space left", end["error"])
            self.assertEqual(visible(cluster.out), [])
            cluster.restart_worker("w1")
            self.assertEqual(cluster.cli("jobs", "retry", job, "--detach").returncode, 0)
            self.assertEqual(cluster.wait(job)["state"], "succeeded")
            self.assertEqual(tree(cluster.out), undisturbed(images.csv, *SHARDS))

    @unittest.skipUnless(ROOT, "mounting a small tmpfs needs root")
    def test_a_really_full_disk_is_named(self):
        images = Images.make(count=60, size="320x240")
        with Cluster(workers=1) as cluster:
            mount = cluster.dir / "small"
            mount.mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", mount], check=True)
            try:
                job = cluster.submit(images.csv, "--compression", "none", output=mount / "out")
                end = cluster.wait(job)
                self.assertEqual(end["state"], "failed")
                self.assertIn("no space left", end["error"])
                self.assertEqual(visible(mount / "out"), [])
            finally:
                subprocess.run(["umount", "-l", mount], check=True)

    @unittest.skipUnless(ROOT, "another disk is a mount namespace, which needs root")
    def test_a_worker_that_sees_another_disk_is_refused_by_the_nonce(self):
        images = Images.make()
        with Cluster(workers=1, failpoints={"w1": "write/begin=stop@1"}, lease=20.0) as cluster:
            shared = cluster.dir / "shared"
            shared.mkdir()
            job = cluster.submit(images.csv, *SHARDS, output=shared / "out")
            cluster.worker("w1").wait_stopped()  # the claim is made, the first shard leased
            script = f'mount -t tmpfs tmpfs "{shared}" && exec "$@"'
            cluster.start_worker("other", wrapper=("unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh"))
            wait_until(lambda: "other" in json.dumps(cluster.describe(job)) or "another disk" in cluster.cli("jobs", "logs", job).stdout,
                       "the other worker to be refused")
            cluster.worker("w1").go_on()
            self.assertEqual(cluster.wait(job)["state"], "succeeded")
            self.assertIn("another disk", cluster.cli("jobs", "logs", job).stdout)
            self.assertEqual(tree(shared / "out"), undisturbed(images.csv, *SHARDS))

    def test_an_older_dataset_is_kept_unless_overwrite(self):
        images = Images.make()
        with Cluster(workers=1) as cluster:
            cluster.wait(cluster.submit(images.csv, *SHARDS, job_id="old"))
            before = tree(cluster.out)
            end = cluster.wait(cluster.submit(images.csv, "--num-shards", "2", job_id="new"))
            self.assertEqual(end["state"], "failed")
            self.assertIn("old", end["error"])
            self.assertEqual(tree(cluster.out), before)
            done = cluster.cli("convert", "--input", images.csv, "--output", cluster.out, "--num-shards", "2", "--overwrite", "--format", "json")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(tree(cluster.out), undisturbed(images.csv, "--num-shards", "2"))

    def test_a_strange_folder_is_never_touched(self):
        images = Images.make()
        with Cluster(workers=1) as cluster:
            cluster.out.mkdir()
            (cluster.out / "thesis.tex").write_text("precious")
            for flags in ((), ("--overwrite",)):
                done = cluster.cli("convert", "--input", images.csv, "--output", cluster.out, *flags)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("thesis.tex", done.stderr)
                self.assertEqual(all_names(cluster.out), ["thesis.tex"])


class Cleaning(unittest.TestCase):
    """A cancel gives the output folder up, wherever it lies and however far the job had come."""

    @unittest.skipUnless(ROOT, "another disk is a mount namespace, which needs root")
    def test_a_clean_up_is_not_left_to_a_worker_that_sees_another_disk(self):
        images = Images.make()
        with Cluster(workers=1, failpoints={"w1": "write/begin=stop@1"}) as cluster:
            shared = cluster.dir / "shared"
            shared.mkdir()
            job = cluster.submit(images.csv, *SHARDS, output=shared / "out")
            cluster.worker("w1").wait_stopped()  # the claim is made; w1 is silent now
            script = f'mount -t tmpfs tmpfs "{shared}" && exec "$@"'
            cluster.start_worker("other", wrapper=("unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh"))
            cluster.cli("jobs", "cancel", job)
            wait_until(lambda: "failed on other" in cluster.cli("jobs", "logs", job).stdout, "the other worker to have looked")
            self.assertTrue((shared / "out/_millrace.json").exists())
            cluster.worker("w1").go_on()
            if cluster.wait(job)["state"] == "failed":  # w1 was silent for too long
                self.assertIn("nothing of the job is to be seen", cluster.describe(job)["error"])
                cluster.cli("jobs", "cancel", job)
            self.assertEqual(cluster.wait(job)["state"], "cancelled")
            # w1 may have been in the middle of a shard: it removes what it began once it has heard that it is fenced.
            wait_until(lambda: not (shared / "out").exists(), "the folder to be given up")
            self.assertEqual(cluster.cli("jobs", "retry", job, "--detach").returncode, 0)
            self.assertEqual(cluster.wait(job)["state"], "succeeded")

    def test_a_publication_that_can_never_succeed_is_cancelled_and_starts_over(self):
        images = Images.make()
        with Cluster(workers=1, failpoints={"w1": "publish/shard=stop@2"}) as cluster:
            job = cluster.submit(images.csv, *SHARDS)
            cluster.worker("w1").wait_stopped()
            some = visible(cluster.out)
            self.assertTrue(0 < len(some) < 4, some)
            shutil.rmtree(cluster.out / "_staging")
            cluster.worker("w1").go_on()
            self.assertEqual(cluster.wait(job)["state"], "failed")
            self.assertEqual(visible(cluster.out), some)
            self.assertEqual(cluster.cli("jobs", "cancel", job).returncode, 0)
            self.assertEqual(cluster.wait(job)["state"], "cancelled")
            self.assertFalse(cluster.out.exists(), "nothing of it is left")
            self.assertEqual(cluster.cli("jobs", "retry", job, "--detach").returncode, 0)
            self.assertEqual(cluster.wait(job)["state"], "succeeded")
            self.assertEqual(tree(cluster.out), undisturbed(images.csv, *SHARDS))

    def test_a_worker_writes_only_below_its_roots(self):
        images = Images.make()
        with Cluster(workers=0) as cluster:
            (cluster.dir / "allowed").mkdir()
            cluster.start_worker("w1", flags=("--file-root", images.folder, "--file-root", cluster.dir / "allowed"))
            job = cluster.submit(images.csv, job_id="outside")
            self.assertEqual(cluster.wait(job)["state"], "failed")
            self.assertIn("lies outside this worker's --file-root", cluster.describe(job)["error"])
            self.assertFalse(cluster.out.exists())
            job = cluster.submit(images.csv, job_id="inside", output=cluster.dir / "allowed/out")
            self.assertEqual(cluster.wait(job)["state"], "succeeded")


class LittleRoom(unittest.TestCase):
    @unittest.skipUnless(ROOT, "mounting a small tmpfs needs root")
    def test_a_coordinator_whose_disk_is_nearly_full_is_read_only_until_there_is_room(self):
        images = Images.make()
        with Cluster(workers=1) as cluster:
            cluster.coordinator.kill()
            shutil.rmtree(cluster.dir / "data")
            (cluster.dir / "data").mkdir()
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", cluster.dir / "data"], check=True)
            try:
                cluster.restart_coordinator()
                filler = cluster.dir / "data/filler"
                space = os.statvfs(cluster.dir / "data")
                filler.write_bytes(b"x" * (space.f_bavail * space.f_frsize - space.f_blocks * space.f_frsize // 200))
                wait_until(lambda: "read_only 1\n" in cluster.metrics(cluster.coordinator), "the coordinator to see it")
                done = cluster.cli("convert", "--input", images.csv, "--output", cluster.out, "--detach")
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("takes no jobs now: only", done.stderr)
                self.assertEqual(ready(cluster)[0], 503)
                self.assertIn("make room there", ready(cluster)[1])
                filler.unlink()
                wait_until(lambda: ready(cluster)[0] == 200, "the coordinator to see the room")
                self.assertEqual(cluster.wait(cluster.submit(images.csv))["state"], "succeeded")
            finally:
                cluster.coordinator.kill()
                subprocess.run(["umount", "-l", cluster.dir / "data"], check=True)


def ready(cluster):
    try:
        with urllib.request.urlopen(f"http://{cluster.http}/readyz", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Users(unittest.TestCase):
    def test_the_same_job_submitted_twice_at_once_runs_once(self):
        images = Images.make()
        with Cluster(workers=2) as cluster:
            results = []
            def convert():
                results.append(cluster.cli("convert", "--input", images.csv, "--output", cluster.out, *SHARDS, "--format", "json"))
            threads = [threading.Thread(target=convert) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual([r.returncode for r in results], [0, 0, 0], [r.stderr for r in results])
            self.assertEqual(len({json.loads(r.stdout)["job_id"] for r in results}), 1)
            jobs = json.loads(cluster.cli("jobs", "list", "--format", "json").stdout)
            self.assertEqual(len(jobs["jobs"]), 1)
            self.assertEqual(tree(cluster.out), undisturbed(images.csv, *SHARDS))

    def test_the_same_id_with_another_specification_is_refused(self):
        images = Images.make()
        with Cluster(workers=0) as cluster:
            cluster.submit(images.csv, job_id="one")
            done = cluster.cli("convert", "--input", images.csv, "--output", cluster.dir / "elsewhere", "--job-id", "one", "--detach")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("one", done.stderr)

    def test_the_same_command_again_is_up_to_date(self):
        images = Images.make()
        with Cluster(workers=1) as cluster:
            command = ("convert", "--input", images.csv, "--output", cluster.out)
            self.assertEqual(cluster.cli(*command).returncode, 0)
            before = {name: os.stat(cluster.out / name).st_mtime_ns for name in all_names(cluster.out)}
            again = cluster.cli(*command)
            self.assertEqual(again.returncode, 0)
            self.assertIn("up to date", again.stdout + again.stderr)
            self.assertEqual({name: os.stat(cluster.out / name).st_mtime_ns for name in all_names(cluster.out)}, before)

    def test_cancel_removes_everything_and_retry_starts_again(self):
        images = Images.make()
        with Cluster(workers=1, failpoints={"w1": "write/row=stop@4"}, lease=1.0) as cluster:
            job = cluster.submit(images.csv, *SHARDS)
            cluster.worker("w1").wait_stopped()
            self.assertEqual(cluster.cli("jobs", "cancel", job).returncode, 0)
            cluster.start_worker("w2")
            self.assertEqual(cluster.wait(job)["state"], "cancelled")
            cluster.worker("w1").go_on()
            wait_until(lambda: "fenced" in cluster.worker("w1").log(), "the cancelled attempt to be fenced")
            wait_until(lambda: not cluster.out.exists() or all_names(cluster.out) == [], "the output to be empty")
            self.assertEqual(cluster.cli("jobs", "retry", job, "--detach").returncode, 0)
            self.assertEqual(cluster.wait(job)["state"], "succeeded")
            self.assertEqual(tree(cluster.out), undisturbed(images.csv, *SHARDS))

    def test_cancel_while_publishing_is_refused(self):
        images = Images.make()
        with Cluster(workers=1, failpoints={"w1": "publish/shard=stop@2"}, lease=20.0) as cluster:
            job = cluster.submit(images.csv, *SHARDS)
            cluster.worker("w1").wait_stopped()
            refused = cluster.cli("jobs", "cancel", job)
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn("publish", refused.stderr)
            cluster.worker("w1").go_on()
            self.assertEqual(cluster.wait(job)["state"], "succeeded")

    def test_nothing_is_visible_before_every_shard_is_done(self):
        images = Images.make()
        with Cluster(workers=1, failpoints={"w1": "publish/begin=stop@1"}, lease=20.0) as cluster:
            job = cluster.submit(images.csv, *SHARDS)
            cluster.worker("w1").wait_stopped()
            self.assertEqual(visible(cluster.out), [])
            cluster.worker("w1").go_on()
            self.assertEqual(cluster.wait(job)["state"], "succeeded")


class Sources(unittest.TestCase):
    def test_a_csv_edited_in_mid_job_changes_nothing(self):
        folder = pathlib.Path(tempfile.mkdtemp()) / "copy"
        images = Images.make().copy_to(folder)
        expected = undisturbed(images.csv, *SHARDS)
        with Cluster(workers=1, failpoints={"w1": "write/begin=stop@1"}, lease=20.0) as cluster:
            job = cluster.submit(images.csv, *SHARDS)
            cluster.worker("w1").wait_stopped()
            images.csv.write_text("split,image_uri,label\nTRAIN,gone.jpg,gone\n")
            cluster.worker("w1").go_on()
            self.assertEqual(cluster.wait(job)["state"], "succeeded")
            self.assertEqual(tree(cluster.out), expected)
        shutil.rmtree(folder.parent)

    @unittest.skipUnless(ROOT, "hiding a mount from one worker needs root")
    def test_a_worker_whose_mount_is_lost_does_not_eat_the_dataset(self):
        images = Images.make(count=120)
        with Cluster(workers=0) as cluster:
            script = f'mount -t tmpfs tmpfs "{images.folder}" && exec "$@"'
            job = cluster.submit(images.csv, *SHARDS, "--max-bad-rows", "100%")
            scanner = cluster.start_worker("w1", failpoint="write/begin=stop@1")
            scanner.wait_stopped()  # the scan is done by a worker that sees the images
            cluster.start_worker("blind", wrapper=("unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh"))
            wait_until(lambda: "refused" in cluster.worker("blind").log(), "the blind worker's result to be refused")
            scanner.go_on()
            end = cluster.wait(job)
            self.assertEqual((end["state"], end["dead_letters"]), ("succeeded", 0), end)
            self.assertEqual(tree(cluster.out), undisturbed(images.csv, *SHARDS, "--max-bad-rows", "100%"))

    def test_a_row_that_fails_only_the_first_time_is_written(self):
        images = Images.make()
        with Cluster(workers=1, failpoints={"w1": "write/try=ioerror@5"}) as cluster:
            end = cluster.wait(cluster.submit(images.csv, *SHARDS))
            self.assertEqual((end["state"], end["dead_letters"]), ("succeeded", 0))
            self.assertEqual(tree(cluster.out), undisturbed(images.csv, *SHARDS))


class Embedded(unittest.TestCase):
    def test_an_interrupted_job_is_resumed_by_the_same_command(self):
        images = Images.make()
        folder = pathlib.Path(tempfile.mkdtemp())
        command = ("convert", "--local", "--input", images.csv, "--output", folder / "out", *SHARDS)
        state = {"MILLRACE_STATE_DIR": str(folder / "state")}
        killed = run_cli(*command, env={**state, "MILLRACE_FAILPOINT": "write/begin=kill@3"})
        self.assertEqual(killed.returncode, -9)
        self.assertEqual(visible(folder / "out"), [])
        again = run_cli(*command, env=state)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertEqual(tree(folder / "out"), undisturbed(images.csv, *SHARDS))
        shutil.rmtree(folder)

    def test_ctrl_c_cancels_cleanly(self):
        images = Images.make(count=400, size="640x480")
        folder = pathlib.Path(tempfile.mkdtemp())
        process = subprocess.Popen([BIN / "millrace", "convert", "--local", "--input", images.csv, "--output", folder / "out", "--gzip-level", "small",
                                    "--num-shards", "8"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
                                   env={**os.environ, "MILLRACE_STATE_DIR": str(folder / "state")})
        wait_until(lambda: (folder / "out" / "_millrace.json").exists(), "the job to begin")
        process.send_signal(2)
        _, messages = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, messages)
        self.assertIn("cancel", messages)
        self.assertEqual(all_names(folder / "out") if (folder / "out").exists() else [], [])
        shutil.rmtree(folder)


if __name__ == "__main__":
    unittest.main(verbosity=2)
