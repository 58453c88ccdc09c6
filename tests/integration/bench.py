"""The bench of the integration tests: a broker, a daemon, a host on its line. Nothing here waits for
a fixed time: everything waits for its event, with a generous deadline that only a failure reaches."""

import os
import random
import re
import select
import signal
import socket
import subprocess
import termios
import threading
import time
import tty

PROGRAM = os.environ.get("ATMODEMD", "build/atmodemd")
DEADLINE = 20.0

OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"


def line(text):
    """An information line, URC or final result as it stands on the wire."""
    return b"\r\n" + (text.encode() if isinstance(text, str) else text) + b"\r\n"


def cme(number):
    return line(f"+CME ERROR:{number}")


def free_port():
    """Not one that the kernel gives to outgoing connections: one of those could take a broker's port
    while it restarts."""
    while True:
        port = random.randrange(20000, 30000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Broker:
    """A real mosquitto on a free loopback port, with the given lines in its configuration."""

    def __init__(self, folder, config="allow_anonymous true", listener=""):
        self.folder = folder
        self.config = config
        self.listener = listener
        self.port = None
        self.process = None
        folder.mkdir(parents=True, exist_ok=True)
        self.start()

    def start(self):
        for _ in range(20):  # mosquitto has no "any free port": another process may be faster
            port = self.port or free_port()
            path = self.folder / "mosquitto.conf"
            path.write_text(
                f"user root\nlistener {port} 127.0.0.1\n{self.listener}\n{self.config}\n"
                "set_tcp_nodelay true\n"
            )
            self.process = subprocess.Popen(
                ["/usr/sbin/mosquitto", "-c", str(path), "-v"],
                stdout=open(self.folder / "mosquitto.log", "ab"),
                stderr=subprocess.STDOUT,
            )
            if self._listens(port):
                self.port = port
                return
        raise AssertionError("mosquitto does not start: " + self.log())

    def _listens(self, port):
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return True
            except OSError:
                time.sleep(0.005)
        return False

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(DEADLINE)

    def log(self):
        return (self.folder / "mosquitto.log").read_text(errors="replace")

    def wait_log(self, pattern, count=1):
        wait_until(lambda: len(re.findall(pattern, self.log())) >= count, f"{pattern} in its log")


def wait_until(condition, what):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.005)


# Which parameters are secrets: those that the command tables mark.
SECRETS = {
    "+IMQTTAUTH": (2, 3), "+IMQTTAUTU": (2, 3), "+IDMAUTH": (2, 3), "+ICOAPAUTH": (2,), "+IHTTPAUTH": (2,),
    "+IMQTTCRED": (2,), "+IDMCRED": (2,), "+IDMCREAD": (2,), "+IMQTTUSER": (1,), "+IMQTTDYNREG": (4,),
    "+IBLECONFIGSTART": (1,), "+IAPCONFIGSTART": (2, 3), "+CWJAP": (1,), "+IWIFICONNECT": (1,),
    "+QMTCFG": (2,), "+FTPPW": (0,), "+MQTTCONFIG": (6,), "+MQTTTLS": (2,),
}


def secrets_in(text):
    """Those of a piece of input: not so short, or of one letter, that they are in a log by chance."""
    found = set()
    for name, rest in re.findall(r"AT(\+[A-Z]+)=([^\r\n]*)", text):
        values = [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|([^",]+)', rest)]
        found |= {values[i] for i in SECRETS.get(name, ())
                  if i < len(values) and len(values[i]) >= 10 and len(set(values[i])) > 1}
    return found


class Daemon:
    """The program under test with one modem. Options may be changed between restarts. Secrets that it was
    given must not be in its log."""

    def __init__(self, folder, *options, settings=None, env=None, ready=True, link=True):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.options = list(options)
        self.settings = dict(settings or {})
        self.env = env or {}
        self.link = folder / "modem" if link else None
        self.state = folder / "state"
        self.log_text = ""
        self.process = None
        self.secrets = {value for key, value in self.settings.items()
                        if re.search("psk|password|secret", key) and len(str(value)) >= 10}
        self.start(ready)

    def command(self):
        sets = [f"--set={key}={value}" for key, value in self.settings.items()]
        link = ["--link", str(self.link)] if self.link else []
        return [PROGRAM, "--state-dir", str(self.state), "-vv", *link, *sets, *self.options]

    def start(self, ready=True):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            path = str(self.folder / "notify")
            if os.path.exists(path):
                os.unlink(path)
            notify.bind(path)
            self.process = subprocess.Popen(
                self.command(),
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                env={**os.environ, "NOTIFY_SOCKET": path, **self.env},
            )
            self._reader = threading.Thread(target=self._read_log, daemon=True)
            self._reader.start()
            if ready:
                self._wait_ready(notify)
            os.unlink(path)

    def _wait_ready(self, notify):
        end = time.monotonic() + DEADLINE
        while not select.select([notify], [], [], 0.02)[0]:
            assert self.process.poll() is None, "the daemon ended: " + self.log()
            assert time.monotonic() < end, "no READY: " + self.log()
        assert notify.recv(100) == b"READY=1"

    def _read_log(self):
        for text in self.process.stderr:
            self.log_text += text.decode(errors="replace")

    def log(self):
        return self.log_text

    def wait_log(self, pattern):
        wait_until(lambda: re.search(pattern, self.log_text), f"{pattern} in {self.log_text}")

    def ended(self):
        """Waits for the end; the exit status."""
        status = self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        return status

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        status = self.ended()
        expected = -signal.SIGKILL if how == signal.SIGKILL else 0
        assert status == expected, f"exit status {status}: {self.log()}"

    def restart(self, how=signal.SIGTERM):
        self.stop(how)
        self.start()

    def stop_quietly(self):
        """At the end of a test that may have failed already."""
        if self.process.poll() is None:
            self.stop()
        assert "Sanitizer" not in self.log() and "runtime error" not in self.log(), self.log()
        for secret in self.secrets:
            assert str(secret) not in self.log(), f"{secret} is in the log: {self.log()}"


class Host:
    """What is wired to the modem: opens its line and speaks AT."""

    daemon = None  # of a subclass that is wired elsewhere

    def __init__(self, daemon, raw=True):
        self.daemon = daemon
        self.fd = os.open(str(daemon.link), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        if raw:
            tty.setraw(self.fd, termios.TCSANOW)
        self.got = b""

    def close(self):
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None

    def send(self, data):
        data = data.encode() if isinstance(data, str) else data
        if isinstance(self.daemon, Daemon):
            self.daemon.secrets |= secrets_in(data.decode(errors="replace"))
        while data:
            select.select([], [self.fd], [], DEADLINE)
            data = data[os.write(self.fd, data):]

    def _receive(self, end):
        left = end - time.monotonic()
        if left <= 0 or not select.select([self.fd], [], [], left)[0]:
            raise AssertionError(f"only {self.got!r} came")
        try:
            self.got += os.read(self.fd, 65536)
        except BlockingIOError:
            pass  # what select(2) saw was an earlier host's, and has gone with it

    def read(self, count):
        """Exactly count bytes."""
        end = time.monotonic() + DEADLINE
        while len(self.got) < count:
            self._receive(end)
        taken, self.got = self.got[:count], self.got[count:]
        return taken

    def expect(self, *parts):
        """The next bytes are these."""
        wanted = b"".join(parts)
        end = time.monotonic() + DEADLINE
        while len(self.got) < len(wanted) and wanted.startswith(self.got):
            self._receive(end)
        assert self.got.startswith(wanted), f"wanted {wanted!r}, got {self.got!r}"
        self.got = self.got[len(wanted):]

    def search(self, pattern):
        """Reads until the pattern matches; what stands before it is taken too. Gives the match."""
        pattern = re.compile(pattern if isinstance(pattern, bytes) else pattern.encode(), re.S)
        end = time.monotonic() + DEADLINE
        while not (match := pattern.search(self.got)):
            self._receive(end)
        self.got = self.got[match.end():]
        return match

    def ask(self, text, *answer):
        """A command and its whole answer."""
        self.send(text.encode() + b"\r" if isinstance(text, str) else text + b"\r")
        self.expect(*(part if isinstance(part, bytes) else line(part) for part in answer))

    def ask_until_answered(self, text, pause):
        """Repeats a command until it is answered; pause is how long each one may take."""
        end = time.monotonic() + DEADLINE
        while b"\r\nOK\r\n" not in self.got:
            assert time.monotonic() < end, "never answered"
            self.send(text + "\r")
            while select.select([self.fd], [], [], pause)[0]:
                self.got += os.read(self.fd, 65536)
        self.got = b""

    def request(self, text, name):
        """A command that answers `+NAME:<id>` and OK; gives the id."""
        self.send(text + "\r")
        match = self.search(rf"^\r\n\+{name}:(\d+)\r\n\r\nOK\r\n")
        return int(match.group(1))

    def search_nothing(self, seconds):
        """Sits there and hears nothing: the wait itself is what is tested."""
        assert not select.select([self.fd], [], [], seconds)[0]

    def quiet(self):
        """Nothing else has come: the next thing is the answer to an AT."""
        self.ask("AT", OK)
        assert self.got == b"", self.got


class Peer:
    """A TCP server that does as the test says: handler(connection) for each connection."""

    def __init__(self, handler):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.connections = 0
        self._open = []
        self._handler = handler
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._run, args=(connection,), daemon=True).start()

    def _run(self, connection):
        try:
            self._handler(connection)
        except OSError:
            pass

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for connection in self._open:
            connection.close()


def mute(connection):
    """Reads and never says anything."""
    while connection.recv(4096):
        pass
