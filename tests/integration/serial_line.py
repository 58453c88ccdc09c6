"""A serial line without hardware: a pair of socat's pseudo-terminals."""

import os
import subprocess
import termios
import tty

from bench import DEADLINE, Host, wait_until


class Wire(Host):
    """A host on a descriptor that is open already."""

    def __init__(self, fd):
        self.fd = fd
        self.got = b""


class Pair:
    """Two ends of a serial line, A the daemon's, B the host's. socat can be unplugged."""

    def __init__(self, folder):
        self.a = folder / "A"
        self.b = folder / "B"
        self.process = None

    def plug(self):
        self.process = subprocess.Popen(
            ["socat", f"pty,raw,echo=0,link={self.a}", f"pty,raw,echo=0,link={self.b}"])
        wait_until(lambda: self.a.exists() and self.b.exists(), "socat's pair")

    def unplug(self):
        if self.process:
            self.process.terminate()
            self.process.wait(DEADLINE)
            self.process = None

    def host(self):
        fd = os.open(self.b, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(fd, termios.TCSANOW)
        return Wire(fd)

    def speed(self):
        """What the daemon has set at its end, as stty(1) says it; None: only root may ask."""
        found = subprocess.run(["stty", "-F", str(self.a), "-a"], capture_output=True, text=True)
        return found.stdout if found.returncode == 0 else None
