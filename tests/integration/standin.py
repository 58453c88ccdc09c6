"""The stand-in for Alibaba Cloud (cloud/standin) as a process of a test."""

import base64
import json
import os
import pathlib
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

from bench import DEADLINE, PROGRAM

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PRODUCT_KEY, DEVICE_NAME = "a1TestProdKey", "dev001"
PLUGIN = pathlib.Path(PROGRAM).absolute().parent / "cloud/standin.so"
DEVICES = """
[product demo]
product_key = a1TestProdKey
product_secret = VPCTjT8dGTXr5Jpg

[product closed]
product_key = a1ClosedKey
product_secret = VPCTjT8dGTXr5Jpg
dynamic_registration = 0

[device one]
product_key = a1TestProdKey
device_name = dev001
device_secret = c75b6a4e39342f02ec161ba682566054

[device two]
product_key = a1TestProdKey
device_name = dev002
device_secret = 00112233445566778899aabbccddeeff
"""


def preload(folder):
    """What must be in the environment for a broker whose plugin is built with sanitizers: a
    mosquitto earlier in the search path, that loads their libraries first."""
    needed = subprocess.run(["ldd", PLUGIN], capture_output=True, text=True, check=True).stdout
    libraries = re.findall(r"=> (\S*/lib[au]b?san\S*)", needed)
    if not libraries:
        return {}
    program = folder / "bin/mosquitto"
    program.parent.mkdir()
    # The broker's own leaks are not the plugin's, which allocates otherwise.
    (folder / "leaks").write_text("leak:mosquitto__\n")
    program.write_text(f'#!/bin/sh\nLD_PRELOAD="{" ".join(libraries)}" LSAN_OPTIONS=suppressions='
                       f'{folder}/leaks:print_suppressions=0 exec /usr/sbin/mosquitto "$@"\n')
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


class Standin:
    def __init__(self, folder, *options, devices=DEVICES):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "devices.ini").write_text(devices)
        environment = os.environ
        if "--with-broker" in options:
            options += ("--plugin", PLUGIN)
            environment = {**environment, **preload(folder)}
        # The end of its input is the end of the test, whatever becomes of that.
        self.process = subprocess.Popen(
            [ROOT / "cloud/standin", "--devices", folder / "devices.ini", "--until-eof", *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        line = self.process.stdout.readline()
        assert line, f"the stand-in ended with {self.process.wait(DEADLINE)}"
        self.ports = json.loads(line)
        self._after = 0

    def stop(self):
        """Its exit status."""
        self.process.stdin.close()
        status = self.process.wait(DEADLINE)
        self.process.stdout.close()
        return status

    def url(self, path, service="http"):
        scheme = "https" if service == "https" else "http"
        return f"{scheme}://127.0.0.1:{self.ports[service]}{path}"

    def control(self, command, **members):
        """A command with its members; gives what it answers."""
        request = urllib.request.Request(self.url(command, "control"), json.dumps(members).encode())
        with urllib.request.urlopen(request, timeout=DEADLINE) as response:
            return json.load(response)

    def control_get(self, command):
        with urllib.request.urlopen(self.url(command, "control"), timeout=DEADLINE) as response:
            return json.load(response)

    def records(self, count=0, **wanted):
        """Records with the wanted members, as soon as there are so many; payloads are bytes."""
        end = time.monotonic() + DEADLINE
        found, last = [], self._after
        while True:
            query = {"after": last, "wait": 1 if len(found) < count else 0, **wanted}
            url = self.url("/records?" + urllib.parse.urlencode(query), "control")
            with urllib.request.urlopen(url, timeout=DEADLINE) as response:
                found += json.load(response)
            if len(found) >= count:
                break
            assert time.monotonic() < end, f"only {found}"
            last = found[-1]["number"] if found else self._after
        for record in found:
            if record["payload"] is not None:
                record["payload"] = base64.b64decode(record["payload"])
        return found

    def forget(self):
        """Records that are there are not given any more."""
        self._after = max([record["number"] for record in self.records()], default=self._after)

    def fault(self, place, count=1, **fault):
        self.control("/fault", place=place, fault=fault, count=count)

    def host(self, version, content, **members):
        self.control("/firmware", version=version, content=base64.b64encode(content).decode(),
                     **members)
