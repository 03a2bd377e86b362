"""What daemons tell Prometheus: numbers that add up, and never a word of the user."""
import re
import unittest
import urllib.error
import urllib.request

from harness import Cluster, Images, wait_until

CANARY = "canary7f3a"


def series(text):
    """{'family{label="value"}': number} of an exposition; fails on a line that is none."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        match = re.fullmatch(r'([a-z_]+(?:\{[a-z]+="[^"]*"(?:,[a-z]+="[^"]*")*\})?) ([0-9.e+-]+)', line)
        assert match, f"not a sample: {line!r}"
        found[match[1]] = float(match[2])
    return found


class Monitoring(unittest.TestCase):
    def test_counts_add_up_and_no_word_of_a_user_is_a_label(self):
        with Cluster(workers=2) as cluster:
            images = Images.make().copy_to(cluster.dir / f"in-{CANARY}")
            rows = images.rows() + [f"TRAIN,{CANARY}-missing.jpg,{CANARY}-label"]
            images.csv.write_text("\n".join(["split,image_uri,label", *rows]) + "\n")
            cluster.submit(images.csv, "--num-shards", "4", job_id=f"job-{CANARY}", output=cluster.dir / f"out-{CANARY}")
            job = cluster.wait(f"job-{CANARY}")
            self.assertEqual(job["state"], "succeeded", job)

            texts = {name: cluster.metrics(process) for name, process in {**cluster.workers, "coordinator": cluster.coordinator}.items()}
            for name, text in texts.items():
                self.assertNotIn(CANARY, text, name)
            coordinator = series(texts["coordinator"])
            self.assertEqual(coordinator['millrace_jobs{state="succeeded"}'], 1)
            self.assertEqual(coordinator['millrace_workers{state="active"}'], 2)
            self.assertGreaterEqual(coordinator['millrace_commits_total{result="accepted"}'], 6)  # scan, 4 or more shards, publish
            self.assertGreater(coordinator["millrace_journal_rows_total"], 0)

            def total(name):
                return sum(series(cluster.metrics(worker)).get(name, 0) for worker in cluster.workers.values())
            wait_until(lambda: total('millrace_worker_rows_total{outcome="written"}') >= len(rows) - 1, "the workers' counters")
            self.assertEqual(total('millrace_worker_dead_letters_total{reason="file/not_found"}'), 1)
            self.assertEqual(total('millrace_worker_dead_letters_total{reason="other"}'), 0)
            self.assertGreater(total('millrace_worker_operator_busy_seconds_total{operator="decode"}'), 0)

    def test_readiness_follows_what_a_daemon_needs(self):
        with Cluster(workers=1) as cluster:
            def status(process, page):
                http = cluster.http if process is cluster.coordinator else process.http
                try:
                    with urllib.request.urlopen(f"http://{http}{page}", timeout=10) as answer:
                        return answer.status
                except urllib.error.HTTPError as error:
                    return error.code
            worker = cluster.worker("w1")
            self.assertEqual(status(cluster.coordinator, "/readyz"), 200)
            wait_until(lambda: status(worker, "/readyz") == 200, "the worker to be ready")
            cluster.coordinator.kill()
            wait_until(lambda: status(worker, "/readyz") == 503, "the worker to notice")
            self.assertEqual(status(worker, "/healthz"), 200)
            cluster.restart_coordinator()
            wait_until(lambda: status(worker, "/readyz") == 200, "the worker to be ready again")


if __name__ == "__main__":
    unittest.main(verbosity=2)
