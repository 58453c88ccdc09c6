"""A mosquitto of the stand-in's own, with the plugin that checks devices as the platform does."""

import getpass
import os
import random
import secrets
import shutil
import subprocess
import time

START_TIME = 10.0  # seconds
PORTS = range(20000, 30000)  # below those that the kernel gives out: mosquitto takes no port 0


class BrokerError(Exception):
    """It does not run; the text says why."""


class Broker:
    """Runs when it is made. port and tls_port (None without a certificate) are where it listens;
    with both there is a front (front.py) for devices. secret is the password of the user `standin`,
    who may do everything. Make it in the main thread: the process ends with the thread that has
    started it."""

    USER = "standin"

    def __init__(self, options, folder, devices_folder):
        self._options = options
        self._folder = folder
        self._devices_folder = devices_folder
        self._log_path = options.broker_log or folder / "mosquitto.log"
        self.secret = secrets.token_hex(16)
        self.port = self.tls_port = self.process = None
        if not os.path.exists(options.plugin):
            raise BrokerError(f"there is no {options.plugin}; `make cloud` builds it")
        self._program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if not self._program:
            raise BrokerError("mosquitto is not installed")
        self._start()

    def _start(self):
        options = self._options
        for _ in range(20):
            self.port, tls_port = random.sample(PORTS, 2)
            if options.certificate:
                self.tls_port = options.mqtts_port or tls_port
            else:
                self.port = options.mqtt_port or self.port
            self._run()
            if self._wait_running():
                return
            self.stop()
            if options.mqtt_port or options.mqtts_port:
                break
        with open(self._log_path, encoding="utf-8", errors="replace") as log:
            raise BrokerError(f"mosquitto does not start: {log.read().strip()}")

    def _configuration(self):
        options = self._options
        plugin = [f"plugin {os.path.abspath(options.plugin)}",
                  f"plugin_opt_devices {os.path.abspath(options.devices)}",
                  f"plugin_opt_folder {self._devices_folder}",
                  f"plugin_opt_secret {self.secret}"]
        lines = ["per_listener_settings true", "log_dest stderr", "set_tcp_nodelay true",
                 "message_size_limit 262144", f"user {getpass.getuser()}",
                 f"listener {self.port} {options.host}", "allow_anonymous false", *plugin]
        if options.verbose:
            lines.insert(0, "log_type all")
        if self.tls_port:
            lines += [f"listener {self.tls_port} {options.host}", "allow_anonymous false",
                      f"certfile {os.path.abspath(options.certificate)}",
                      f"keyfile {os.path.abspath(options.key or options.certificate)}",
                      *plugin, "plugin_opt_tls true"]
        return "\n".join(lines) + "\n"

    def _run(self):
        path = self._folder / "mosquitto.conf"
        path.write_text(self._configuration())
        with open(self._log_path, "wb") as log:
            # A session of its own: Ctrl-C is this program's, which then ends it in order.
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", self._program, "-c", path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def _wait_running(self):
        end = time.monotonic() + START_TIME
        while self.process.poll() is None and time.monotonic() < end:
            with open(self._log_path, encoding="utf-8", errors="replace") as log:
                if log.read().endswith(" running\n"):
                    return True
            time.sleep(0.02)
        return False

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
