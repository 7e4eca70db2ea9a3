#!/usr/bin/env python3
"""Shows alerts as they arrive: demo-stack.py PROGRAM

Runs the exporter's demo, Prometheus and Alertmanager (Debian's packages) with the files of deploy/, on separate ports
and in a temporary folder. This script receives Alertmanager's webhooks and prints the alerts. Ctrl-C ends everything.
"""

import contextlib
import http.server
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

DEPLOY = pathlib.Path(__file__).parent.parent / "deploy"
HOST = "127.0.0.1"
PORTS = 19943, 19090, 19093, 19099
EXPORTER, PROMETHEUS, ALERTMANAGER, RECEIVER = (f"{HOST}:{port}" for port in PORTS)

# The demo shortens minutes to seconds.
DURATIONS = {"for": "10s", "keep_firing_for": "30s", "scrape_interval": "5s", "evaluation_interval": "5s"}
DURATIONS |= {"group_wait": "5s", "group_interval": "15s"}
ADDRESSES = {"geelark_exporter:9943": EXPORTER, "alertmanager:9093": ALERTMANAGER, "localhost:9099": RECEIVER}

STARTED = time.monotonic()

# The last printed status of each alert.
PRINTED = {}


def copy_with_short_durations(folder):
    """Copies the files of deploy/ with shorter durations and with this demo's addresses."""
    for source in [*DEPLOY.glob("prometheus/*.yml"), *DEPLOY.glob("alertmanager/*")]:
        text = source.read_text(encoding="utf-8")
        for key, value in DURATIONS.items():
            text = re.sub(rf"^( *{key}: ).*$", rf"\g<1>{value}", text, flags=re.MULTILINE)
        for shipped, own in ADDRESSES.items():
            text = text.replace(shipped, own)
        (folder / source.name).write_text(text, encoding="utf-8")


def report(text):
    print(f"{time.monotonic() - STARTED:5.0f} s  {text}", flush=True)


class Receiver(http.server.BaseHTTPRequestHandler):
    """Prints alerts that Alertmanager sends. A message has all alerts of its group, so unchanged alerts are skipped."""

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
        for alert in message["alerts"]:
            if PRINTED.get(alert["fingerprint"]) == alert["status"]:
                continue
            PRINTED[alert["fingerprint"]] = alert["status"]
            state = "FIRING  " if alert["status"] == "firing" else "RESOLVED"
            report(f"{state}  {alert['labels']['alertname']}: {alert['annotations']['summary']}")

    def log_message(self, *_):
        pass


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    program = sys.argv[1]
    for needed in (program, "prometheus", "prometheus-alertmanager"):
        if not shutil.which(needed):
            sys.exit(
                f"{needed} is not installed. `make tools` installs Prometheus and Alertmanager, `make build` builds the exporter."
            )
    for port in PORTS:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                sys.exit(f"Another program listens on {HOST}:{port}. Is another demo running?")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())

    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="geelark-demo-")))
        copy_with_short_durations(folder)
        receiver = http.server.ThreadingHTTPServer((HOST, PORTS[-1]), Receiver)
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        commands = [
            # One simulated hour passes in a minute, and some ids do not exist.
            [program, "demo", "--speed=60", f"--web.listen-address={EXPORTER}"],
            [
                "prometheus",
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/prometheus",
                f"--web.listen-address={PROMETHEUS}",
            ],
            [
                "prometheus-alertmanager",
                f"--config.file={folder}/alertmanager.yml",
                f"--storage.path={folder}/alertmanager",
                f"--web.listen-address={ALERTMANAGER}",
                "--cluster.listen-address=",
            ],
        ]
        running = {}
        for command in commands:
            name = pathlib.Path(command[0]).name
            log = stack.enter_context(open(folder / f"{name}.log", "w+", encoding="utf-8"))
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
            running[name] = (process, log)
            stack.callback(end, process)
        print(f"Phones: http://{EXPORTER}/  Alerts: http://{PROMETHEUS}/alerts  Silences: http://{ALERTMANAGER}/")
        print("The rules of deploy/prometheus run with seconds instead of minutes. Ctrl-C ends everything.")
        while True:
            time.sleep(0.5)
            for name, (process, log) in running.items():
                if process.poll() is not None:
                    log.seek(0)
                    sys.exit(f"{name} ended:\n{log.read()[-2000:]}")


def end(process):
    """Terminates a process, and kills it after five seconds."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
