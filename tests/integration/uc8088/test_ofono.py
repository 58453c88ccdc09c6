"""Debian's oFono really takes the modem up, by its driver for a modem on a TCP port, and shows who it is and where it
is registered. It has a message bus of its own; nothing of the machine's is touched."""

import os
import re
import shutil
import subprocess

import pytest
from bench import DEADLINE, free_port, wait_until

OFONO = shutil.which("ofonod", path=os.environ["PATH"] + ":/usr/sbin")
BUS = shutil.which("dbus-daemon")

pytestmark = pytest.mark.skipif(not OFONO or not BUS or not shutil.which("dbus-send"),
                                reason="no oFono here (Debian: ofono, dbus)")

BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow send_destination="*"/><allow receive_sender="*"/></policy></busconfig>
"""


class Ofono:
    def __init__(self, folder, port):
        path = folder / "bus"
        (folder / "bus.conf").write_text(BUS_CONFIG.format(path=path))
        (folder / "phonesim.conf").write_text(f"[phonesim]\nDriver=phonesim\nAddress=127.0.0.1\nPort={port}\n")
        self.environment = {**os.environ, "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={path}",
                            "OFONO_PHONESIM_CONFIG": str(folder / "phonesim.conf")}
        self.processes = [self.start(BUS, f"--config-file={folder / 'bus.conf'}", "--nofork")]
        wait_until(path.exists, "a message bus")
        self.processes.append(self.start(OFONO, "--nodetach"))
        wait_until(lambda: "/phonesim" in self.call("/", "org.ofono.Manager.GetModems"), "oFono's modem")

    def start(self, *command):
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def call(self, path, method, *arguments):
        run = subprocess.run(["dbus-send", "--system", "--print-reply", "--dest=org.ofono", path, method, *arguments],
                             env=self.environment, capture_output=True, text=True, timeout=DEADLINE, check=False)
        return run.stdout

    def switch(self, name):
        self.call("/phonesim", "org.ofono.Modem.SetProperty", f"string:{name}", "variant:boolean:true")

    def properties(self, interface):
        """Those that are a text or a number."""
        text = self.call("/phonesim", f"org.ofono.{interface}.GetProperties")
        return dict(re.findall(r'string "(\w+)"\s+variant\s+(?:string|byte|boolean) "?([^"\n]*)"?', text))

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait(DEADLINE)


@pytest.fixture
def ofono(tmp_path, start_daemon):
    port = free_port()
    start_daemon("--dialect", "uc8088", "--port", f"tcp:127.0.0.1:{port}", link=False)
    ofono = Ofono(tmp_path, port)
    yield ofono
    ofono.stop()


def test_identity_and_registration(ofono):
    ofono.switch("Powered")
    wait_until(lambda: "Serial" in ofono.properties("Modem"), "an identity")
    modem = ofono.properties("Modem")
    assert (modem["Manufacturer"], modem["Model"], modem["Serial"]) == ("ucchip", "8088", "863711020146740")
    ofono.switch("Online")
    wait_until(lambda: ofono.properties("NetworkRegistration").get("Status") == "registered", "a registration")
    network = ofono.properties("NetworkRegistration")
    assert (network["MobileCountryCode"], network["MobileNetworkCode"]) == ("460", "00")
    wait_until(lambda: ofono.properties("NetworkRegistration").get("Strength") == "67", "a signal")  # 21 of 31
    assert ofono.properties("SimManager")["SubscriberIdentity"] == "460040812002376"
