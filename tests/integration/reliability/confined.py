"""A daemon in a world of its own: mounts that only it sees, limits that change while it runs."""

import os
import subprocess
from pathlib import Path

import pytest
from bench import Daemon


def has_namespaces():
    return subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode == 0


needs_namespaces = pytest.mark.skipif(not has_namespaces(), reason="no mount namespaces for us here")


class Confined(Daemon):
    """Started by a shell that sees `set_up` first, in a mount namespace; $STATE is the state folder."""

    def __init__(self, folder, set_up, **how):
        self.set_up = set_up
        super().__init__(folder, **how)

    def command(self):
        self.state.mkdir(exist_ok=True)
        script = f'set -e\nSTATE="{self.state}"\n{self.set_up}\nexec "$@"'
        return ["unshare", "-m", "--propagation", "private", "sh", "-c", script, "sh", *super().command()]

    def inside(self):
        """The state folder as the daemon sees it."""
        return Path(f"/proc/{self.process.pid}/root") / str(self.state).lstrip("/")


def set_limit(daemon, **limits):
    """prlimit(1) on a daemon that runs; "N:" is the soft limit only."""
    options = [f"--{name}={value}" for name, value in limits.items()]
    subprocess.run(["prlimit", "--pid", str(daemon.process.pid), *options], check=True)


def leave_descriptors(daemon, count):
    """So many more may be opened, and no others."""
    used = {int(name) for name in os.listdir(f"/proc/{daemon.process.pid}/fd")}
    free = [number for number in range(max(used) + count + 2) if number not in used]
    set_limit(daemon, nofile=f"{free[count]}:")


def processor_seconds(daemon):
    fields = Path(f"/proc/{daemon.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
