"""Rows on the network: a strict local server with scripted faults, real workers, and what both count."""
import collections
import http.server
import json
import pathlib
import re
import shutil
import socket
import struct
import tempfile
import threading
import unittest
import urllib.parse

from harness import Cluster, Images, run_cli, tree

LIMIT_PER_HOST = 4


class Server(http.server.ThreadingHTTPServer):
    """Serves the images of a folder as /NUMBER/PATH; `script(number, times)` names what happens instead."""
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, folder, script=None):
        self.folder, self.script = folder, script or (lambda number, times: None)
        self.lock = threading.Lock()
        self.times = collections.Counter()
        self.at_once = self.most_at_once = self.requests = 0
        self.wrong = []
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        pass  # a client that went away; what matters is counted

    def uri(self, number, name):
        return f"http://127.0.0.1:{self.server_port}/{number}/{name}?sig=canary{number}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server
        number, name = urllib.parse.urlsplit(self.path).path[1:].split("/", 1)
        with server.lock:
            server.requests += 1
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
            server.times[number] += 1
            times = server.times[number]
            if not self.headers["User-Agent"].startswith("millrace/") or "Accept-Encoding" in self.headers:
                server.wrong.append(str(self.headers))
        try:
            self.act(server.script(int(number), times), (server.folder / name).read_bytes())
        finally:
            with server.lock:
                server.at_once -= 1

    def act(self, fault, body):
        if fault is None:
            self.answer(200, body)
        elif fault == "reset":
            self.answer(200, body[:len(body) // 2], length=len(body))
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
        elif fault == "short":
            self.answer(200, body[:len(body) // 2], length=len(body))
            self.close_connection = True
        elif fault == "html":
            self.answer(200, b"<html>not a picture</html>", headers={"Content-Type": "image/jpeg"})
        elif fault == "noai":
            self.answer(200, body, headers={"X-Robots-Tag": "noai"})
        elif fault == "redirect":
            self.answer(302, b"", headers={"Location": self.path})
        elif fault == "busy":
            self.answer(429, b"later", headers={"Retry-After": "1"})
        else:
            self.answer(fault, b"an error page")

    def answer(self, status, body, length=None, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def lasting(number):
    """Faults that no repetition mends: three of fifty rows."""
    return {7: 404, 23: "html", 39: "noai"}.get(number % 50)


def stormy(number, times):
    """The same, and a fault at the first request of every twentieth row, in turn one of eight kinds."""
    if lasting(number) or times > 1 or number % 20:
        return lasting(number)
    return [500, 503, "busy", "reset", "short", "redirect", 502, 504][number // 20 % 8]


class Http(unittest.TestCase):
    ROWS = 300

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="millrace-http-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.images = Images.make(count=60)
        self.names = [row.split(",")[1] for row in self.images.rows()]
        self.labels = [row.split(",")[2] for row in self.images.rows()]

    def csv(self, uri, rows=None, name="images.csv"):
        path = self.dir / name
        lines = [f"TRAIN,{uri(i, self.names[i % 60])},{self.labels[i % 60]}" for i in range(rows or self.ROWS)]
        path.write_text("split,image_uri,label\n" + "\n".join(lines) + "\n")
        return path

    def convert(self, csv, out, *flags):
        return run_cli("convert", "--local", "--input", csv, "--output", out, "--format", "json", *flags,
                       env={"MILLRACE_STATE_DIR": str(self.dir / "state")})

    def test_a_stormy_server_gives_the_dataset_of_a_calm_one(self):
        flags = ("--num-shards", "6", "--max-bad-rows", "10%")
        with Server(self.images.folder, stormy) as server, Cluster(
                workers=3, lease=10.0, worker_flags=["--fetch-allow", "127.0.0.1", "--fetch-per-host", LIMIT_PER_HOST]) as cluster:
            csv = self.csv(server.uri)
            job = cluster.wait(cluster.submit(csv, *flags))
            self.assertEqual(job["state"], "succeeded", job)
            self.assertEqual((job["rows"], job["written"], job["dead_letters"]), (300, 282, 18))
            self.assertEqual(server.wrong, [])
            self.assertLessEqual(server.most_at_once, 3 * LIMIT_PER_HOST)
            self.assertGreaterEqual(server.requests, 300 + 15)  # fifteen rows were asked for twice
            letters = [json.loads(line) for line in (cluster.out / "discarded-data-00000-of-00001").read_text().splitlines()]
            self.assertEqual(collections.Counter(letter["reason"] for letter in letters),
                             {"http/404": 6, "decode/not_an_image": 6, "http/robots": 6})
            metrics = "".join(cluster.metrics(worker) for worker in cluster.workers.values())
            total = lambda series: sum(int(n) for n in re.findall(re.escape(series) + r" (\d+)\n", metrics))
            self.assertEqual(total('millrace_fetch_uris_total{outcome="ok"}'), 288)  # with the pages that are no picture
            self.assertEqual(total('millrace_fetch_uris_total{outcome="http/404"}'), 6)
            self.assertEqual(sum(total(f'millrace_fetch_requests_total{{kind="{kind}"}}') for kind in ("first", "retry", "redirect")), server.requests)
            stormy_tree = tree(cluster.out)
            shown = cluster.cli("jobs", "describe", job["job_id"]).stdout + json.dumps(job) + "".join(
                process.log() + cluster.metrics(process) for process in [cluster.coordinator, *cluster.workers.values()])
            self.assertNotIn("canary", shown)  # signatures of presigned URIs stand in the dead letters only

            server.script = lambda number, times: lasting(number)
            calm = self.convert(csv, self.dir / "calm", *flags, "--fetch-allow", "127.0.0.1")
            self.assertEqual(calm.returncode, 0, calm.stderr)
            self.assertNotIn("canary", calm.stderr)
            self.assertEqual(tree(self.dir / "calm"), stormy_tree)

    def test_a_dead_host_does_not_stop_others(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            dead = unused.getsockname()[1]  # bound and not listening: every connection is refused
            with Server(self.images.folder) as server:
                csv = self.csv(lambda i, name: f"http://127.0.0.1:{dead}/{i}" if i % 50 == 0 else server.uri(i, name))
                done = self.convert(csv, self.dir / "out", "--fetch-allow", "127.0.0.1")
        self.assertEqual(done.returncode, 0, done.stderr)
        result = json.loads(done.stdout)
        self.assertEqual((result["written"], result["dead_letters"]), (294, 6))
        self.assertIn("http/connect", (self.dir / "out/discarded-data-00000-of-00001").read_text())

    def test_a_list_on_the_network_has_relative_rows(self):
        with Server(self.images.folder) as server:
            folder = self.dir / "served"
            shutil.copytree(self.images.folder, folder)
            (folder / "lists").mkdir()
            server.folder = folder
            (folder / "lists/images.csv").write_text("split,image_uri,label\n" + "".join(
                f"TRAIN,{'/0/' if i % 2 else '../'}{name},{label}\n" for i, (name, label) in enumerate(zip(self.names, self.labels))))
            done = self.convert(server.uri(0, "lists/images.csv"), self.dir / "out", "--fetch-allow", "127.0.0.1")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["written"], 60)
            again = self.convert(server.uri(0, "lists/images.csv") + "&signed=again", self.dir / "out", "--fetch-allow", "127.0.0.1")
            self.assertIn("up to date", again.stderr)

    def test_nothing_of_this_machine_is_asked_unless_allowed(self):
        with Server(self.images.folder) as server:
            done = self.convert(self.csv(server.uri, rows=5), self.dir / "out")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["dead_letters"], 5)
            self.assertIn("http/refused (127.0.0.1 is a loopback address)", done.stderr)
            self.assertEqual(server.requests, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
