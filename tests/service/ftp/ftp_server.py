"""FTP servers for the tests, on 127.0.0.1 or ::1 at a port that it prints.

    ftp_server.py good FOLDER [ADDRESS]     a real one: user `user`, password `secret`; `guest` may only
                                            read
    ftp_server.py MODE                      one that misbehaves, see below
"""

import socket
import sys

GREETING = b"220 hello\r\n"


def serve(folder, address):
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer
    import logging

    logging.disable(logging.CRITICAL)
    authorizer = DummyAuthorizer()
    authorizer.add_user("user", "secret", folder, perm="elradfmwMT")
    authorizer.add_user("guest", "guest", folder, perm="elr")

    class Handler(FTPHandler):
        banner = "ready " * 20  # above 75 characters it becomes a reply of two lines
        auth_failed_timeout = 0

    Handler.authorizer = authorizer
    server = FTPServer((address, 0), Handler)
    print(server.socket.getsockname()[1], flush=True)
    server.serve_forever(handle_exit=False)


class Line:
    """A control connection that logs in."""

    def __init__(self, control):
        self.control = control
        self.file = control.makefile("rb")

    def say(self, text):
        self.control.sendall(text.encode() + b"\r\n")

    def expect(self, verb):
        line = self.file.readline()
        if not line.startswith(verb.encode()):
            raise SystemExit(f"expected {verb}, got {line}")
        return line

    def login(self):
        self.control.sendall(GREETING)
        self.expect("USER")
        self.say("331 password?")
        self.expect("PASS")
        self.say("230 in")

    def enter(self):
        """TYPE and PASV, with an address that leads nowhere; the data connection."""
        self.expect("TYPE")
        self.say("200 ok")
        self.expect("PASV")
        with socket.create_server(("127.0.0.1", 0)) as data:
            port = data.getsockname()[1]
            self.say(f"227 Entering Passive Mode (192,0,2,1,{port // 256},{port % 256}).")
            return data.accept()[0]

    def wait(self):
        self.file.read()


def mute(line):
    line.wait()


def garbage(line):
    line.control.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n")
    line.wait()


def endless(line):
    try:
        while True:
            line.control.sendall(b"2" * 65536)
    except OSError:
        pass


def busy(line):
    line.say("421 too many users")


def slow(line):
    line.say("120 in a minute")
    line.control.sendall(b"22")
    line.control.sendall(b"0-a\r\nb\r\n2")
    line.control.sendall(b"20 c\r\n")
    line.wait()


def forgets(line):
    """Says nothing to what comes after the login."""
    line.login()
    line.wait()


def leaves(line):
    """Ends the session behind a command, as an idle server does."""
    line.login()
    line.expect("CWD")
    line.say("250 ok\r\n421 idle for too long")


def cuts(line):
    """Closes all of it in the middle of a file."""
    line.login()
    data = line.enter()
    line.expect("RETR")
    line.say("150 coming")
    data.sendall(b"x" * 10000)
    data.close()


def cuts_data(line):
    """Says of a file that it broke, and goes on."""
    line.login()
    data = line.enter()
    line.expect("RETR")
    line.say("150 coming")
    data.sendall(b"x" * 10000)
    data.close()
    line.say("426 broken")
    line.expect("CWD")
    line.say("250 still here")
    line.wait()


def early(line):
    """The last word before the data."""
    line.login()
    data = line.enter()
    line.expect("RETR")
    line.say("150 coming\r\n226 gone")
    data.sendall(b"12345")
    data.close()
    line.wait()


def stalls(line):
    line.login()
    data = line.enter()
    line.expect("RETR")
    line.say("150 coming")
    data.sendall(b"x" * 100)
    line.wait()


def refuses_data(line):
    """Nobody listens where PASV says."""
    line.login()
    line.expect("TYPE")
    line.say("200 ok")
    line.expect("PASV")
    with socket.create_server(("127.0.0.1", 0)) as data:
        port = data.getsockname()[1]
    line.say(f"227 Entering Passive Mode (127,0,0,1,{port // 256},{port % 256}).")
    line.expect("CWD")
    line.say("250 still here")
    line.wait()


def takes_part(line):
    """Closes the data connection of an upload and says that all is well."""
    line.login()
    data = line.enter()
    line.expect("STOR")
    line.say("150 go")
    data.recv(3)
    data.close()
    line.say("226 thank you")
    line.wait()


def one_word(line):
    """One reply for a transfer and its ABOR."""
    line.login()
    line.enter()
    line.expect("RETR")
    line.say("150 coming")
    line.expect("ABOR")
    line.say("226 aborted")
    line.expect("NOOP")
    line.say("200 ok")
    line.wait()


def no_abort(line):
    """Nor any, as long as it has the transfer."""
    line.login()
    line.enter()
    line.expect("RETR")
    line.say("150 coming")
    line.wait()


def main():
    if sys.argv[1] == "good":
        serve(sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "127.0.0.1")
        return
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            control, _ = listener.accept()
            try:
                globals()[sys.argv[1]](Line(control))
            except OSError:
                pass
            control.close()


main()
