"""Kill, stop and restart real processes at every named failpoint: nothing is lost, doubled or different."""
import json
import unittest

from harness import Cluster, Images, all_names, run_cli, tree, undisturbed, wait_until

SHARDS = ("--num-shards", "4")
# Where a job can be hurt, in the order in which it passes these places.
FAILPOINTS = {
    "lease": "agent/lease=%s@1",
    "mid_shard": "write/row=%s@4",
    "prepared_but_uncommitted": "write/prepared=%s@1",
    "publishing_k_of_n": "publish/shard=%s@3",
    "manifest_without_success": "publish/success=%s@1",
    "clean_up": "publish/cleanup=%s@1",
}


class Story(unittest.TestCase):
    def assert_undisturbed(self, cluster, images, job, *flags):
        end = cluster.wait(job)
        self.assertEqual(end["state"], "succeeded", end)
        self.assertEqual(end["rows"], end["written"] + end["discarded"] + end["dead_letters"])
        self.assertEqual(tree(cluster.out), undisturbed(images.csv, *SHARDS, *flags))
        self.assertFalse([name for name in all_names(cluster.out) if "_staging" in name], "staging is left")
        verify = run_cli("datasets", "verify", cluster.out)
        self.assertEqual(verify.returncode, 0, verify.stdout + verify.stderr)


class Recovery(Story):
    """One test a failpoint, for worker and coordinator: see below."""


def kill_worker(failpoint):
    """Every worker that comes to the place dies there, once; a fresh one takes its name."""
    def test(self):
        images = Images.make()
        with Cluster(workers=3, failpoints={f"w{i}": failpoint % "kill" for i in (1, 2, 3)}) as cluster:
            job = cluster.submit(images.csv, *SHARDS)
            dead = wait_until(lambda: [w for w in cluster.workers.values() if not w.alive()], "a worker to die at its failpoint")
            for worker in list(cluster.workers.values()):
                cluster.restart_worker(worker.name)
            self.assertTrue(dead)
            self.assert_undisturbed(cluster, images, job)
    return test


def kill_coordinator(failpoint):
    """A worker stops at the place; the coordinator dies and comes back; the worker goes on."""
    def test(self):
        images = Images.make()
        with Cluster(workers=1, failpoints={"w1": failpoint % "stop"}, lease=20.0) as cluster:
            job = cluster.submit(images.csv, *SHARDS)
            cluster.worker("w1").wait_stopped()
            cluster.restart_coordinator()
            cluster.worker("w1").go_on()
            self.assert_undisturbed(cluster, images, job)
    return test


for place, failpoint in FAILPOINTS.items():
    setattr(Recovery, f"test_kill_worker_at_{place}", kill_worker(failpoint))
    setattr(Recovery, f"test_kill_coordinator_at_{place}", kill_coordinator(failpoint))


class Coordinator(Story):
    def test_journaled_but_unanswered(self):
        """The coordinator dies after each of its first commits, before anyone hears of it."""
        images = Images.make()
        for commit in (1, 2, 3, 4, 6):
            with self.subTest(commit=commit), Cluster(workers=2, coordinator_failpoint=f"engine/after_commit=kill@{commit}") as cluster:
                cluster.cli("convert", "--input", images.csv, "--output", cluster.out, "--job-id", "job", "--detach", *SHARDS)
                cluster.coordinator.wait_dead()
                cluster.coordinator.close()
                cluster.start_coordinator()
                job = cluster.submit(images.csv, *SHARDS)  # the same again: it may or may not have been heard
                self.assert_undisturbed(cluster, images, job)

    def test_an_acknowledged_submission_survives_a_kill(self):
        images = Images.make()
        with Cluster(workers=0) as cluster:
            job = cluster.submit(images.csv, *SHARDS)
            cluster.restart_coordinator()
            self.assertEqual(cluster.describe(job)["state"], "running")
            cluster.start_worker("w1")
            self.assert_undisturbed(cluster, images, job)

    def test_running_work_is_adopted_not_repeated(self):
        images = Images.make()
        with Cluster(workers=1, failpoints={"w1": "write/row=stop@4"}, lease=20.0) as cluster:
            job = cluster.submit(images.csv, *SHARDS)
            cluster.worker("w1").wait_stopped()
            cluster.restart_coordinator()
            cluster.worker("w1").go_on()
            self.assert_undisturbed(cluster, images, job)
            adopted = [line for line in cluster.metrics(cluster.coordinator).splitlines() if line.startswith('millrace_leases_total{') and '"adopted"' in line]
            self.assertEqual(len(adopted), 1)
            self.assertNotEqual(adopted[0].split()[-1], "0")


class Worker(Story):
    def test_a_zombie_changes_nothing(self):
        """A worker stopped past its lease and continued is fenced."""
        images = Images.make()
        with Cluster(workers=1, failpoints={"w1": "write/prepared=stop@1"}, lease=1.0) as cluster:
            job = cluster.submit(images.csv, *SHARDS)
            zombie = cluster.worker("w1")
            zombie.wait_stopped()
            cluster.start_worker("w2")
            end = cluster.wait(job)
            self.assertEqual(end["state"], "succeeded")
            before = tree(cluster.out)
            zombie.go_on()
            wait_until(lambda: "fenced" in zombie.log(), "the zombie to be fenced")
            self.assertEqual(tree(cluster.out), before)
            self.assert_undisturbed(cluster, images, job)

    def test_drain_on_sigterm_loses_nothing(self):
        images = Images.make()
        with Cluster(workers=1) as cluster:
            job = cluster.submit(images.csv, *SHARDS)
            cluster.worker("w1").terminate()
            self.assertEqual(cluster.worker("w1").wait_dead(), 0)
            cluster.start_worker("w2")
            self.assert_undisturbed(cluster, images, job)
            self.assertEqual(cluster.describe(job)["failures"], 0)

    def test_an_operator_drains_a_worker(self):
        with Cluster(workers=2) as cluster:
            self.assertEqual(cluster.cli("workers", "drain", "w1").returncode, 0)
            self.assertEqual(cluster.worker("w1").wait_dead(), 0)
            workers = json.loads(cluster.cli("workers", "list", "--format", "json").stdout)
            self.assertIn("w2", [worker["name"] for worker in workers["workers"]])



if __name__ == "__main__":
    unittest.main(verbosity=2)
