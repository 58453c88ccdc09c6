"""The FTP family against a real server: the manual's session, transfers, errors."""

import logging
import os
import threading

import pytest
from bench import ERROR, OK, Peer, free_port, mute
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.ioloop import IOLoop
from pyftpdlib.servers import FTPServer
from uc import cme, ctl, ext, not_allowed, talk


class Server:
    def __init__(self, root):
        logging.getLogger("pyftpdlib").setLevel(logging.CRITICAL)
        self.root = root
        authorizer = DummyAuthorizer()
        authorizer.add_user("ftp", "ucchip123", str(root), perm="elradfmwMT")
        handler = type("Handler", (FTPHandler,), {"authorizer": authorizer, "auth_failed_timeout": .01})
        self._server = FTPServer(("127.0.0.1", 0), handler, ioloop=IOLoop())
        self.port = self._server.address[1]
        self._over = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._over:
            self._server.serve_forever(timeout=.01, blocking=False)
        self._server.close_all()

    def close(self):
        self._over = True
        self._thread.join()


@pytest.fixture
def server(tmp_path):
    root = tmp_path / "ftp"
    (root / "bin").mkdir(parents=True)
    server = Server(root)
    yield server
    server.close()


@pytest.fixture
def greeted(active, server):
    active.ask(f"AT+FTPSERV=127.0.0.1,{server.port}", "+FTPSERV:0", OK)
    return active


@pytest.fixture
def ready(greeted):
    greeted.ask("AT+FTPUN=ftp", OK)
    greeted.ask("AT+FTPPW=ucchip123", OK)
    return greeted


def test_manual_forms(host):
    talk(host, """
        AT+FTPMODE=? -> +FTPMODE: (0-1) | OK
        AT+ FTPMODE =0 -> OK
        AT+FTPMODE? -> +FTPMODE: 0 | OK
        AT+FTPTYPE=? -> +FTPTYPE: (I/A) | OK
        AT+FTPTYPE=a -> OK
        AT+FTPTYPE? -> +FTPTYPE: A | OK
        AT+FTPRESET=? -> +FTPRESET: <value> | OK
        AT+FTPRESET=5 -> OK
        AT+FTPRESET? -> +FTPRESET: 5 | OK
        AT+FTPSERV=? -> +FTPSERV: <ip> | OK
        AT+FTPSERV? -> +FTPSERV:  | OK
        AT+FTPUN=? -> +FTPUN: <username> | OK
        AT+FTPUN =ftp -> OK
        AT+FTPUN? -> +FTPUN: ftp | OK
        AT+FTPPW=? -> +FTPPW: <password> | OK
        AT+FTTPW=xx;x -> OK
        AT+FTPPW? -> +FTPPW: xx;x | OK
        AT+FTPGETNAME=? -> +FTPGETNAME: <file name> | OK
        AT+FTPGETNAME="a, \\"b\\"" -> OK
        AT+FTPGETNAME? -> +FTPGETNAME: a, "b" | OK
        AT+FTPPATH=? -> +FTPPATH: <file path> | OK
        AT+FTTPATH=/home -> OK
        AT+FTTPATH? -> +FTPPATH: /home | OK
        AT+FTPPUTNAME=? -> +FTPPUTNAME: <file name> | OK
        AT+FTTPUTNAME=1234 -> OK
        AT+FTPPUTNAME? -> +FTPPUTNAME: 1234 | OK
        AT+FTPPORT=? -> +FTPPORT: <port> | OK
        AT+FTPPORT? -> +FTPPORT: 21 | OK
        AT+FTPMKD=? -> +FTPMKD: <dir> | OK
        AT+FTPRMD=? -> +FTPRMD: <dir> | OK
        AT+FTPGET=? -> +FTPGET | OK
        AT+FTPGET? -> +FTPGET | OK
        AT+FTPPUT=? -> +FTPPUT | OK
        AT+FTTPUT? -> +FTPPUT | OK
        AT+FTPLIST=? -> +FTPLIST | OK
        AT+FTPLIST? -> +FTPLIST | OK
        AT+FTPSCON=? -> +FTPSCON | OK
        AT+FTPSCON -> +FTPSCON: | MODE:0 | TYPE:A | SERV: | PORT:21 | UN:ftp | PATH:/home | GETNAME:a, "b" | PUTNAME:1234 | RESET:5 | OK
        AT+FTPQUIT=? -> +FTPQUIT | OK
        AT+FTPQUIT -> OK
    """)


@pytest.mark.parametrize("mode", [0, 1])
def test_manual_session(on, server, mode):
    """2.43."""
    folder = server.root / "bin"
    (folder / "123").write_text("12345678" * 3)
    (folder / "test.txt").write_text("12345")
    on.ask("at", OK)
    on.ask("AT+CGACT=1,1", OK)
    on.ask(f"AT+FTPPORT={server.port}", OK)
    on.ask(f"AT+FTPMODE={mode}", OK)
    talk(on, """
        AT+FTPSERV=127.0.0.1 -> +FTPSERV:0 | OK
        AT+FTPSERV? -> +FTPSERV: 127.0.0.1 | OK
        AT+FTPUN=ftp -> OK
        AT+FTPPW=ucchip123 -> OK
        AT+FTPPATH=/bin -> +FTPPATH:250 | OK
        AT+FTPTYPE=i -> +FTPTYPE:0 | OK
    """)
    on.ask("AT+FTPLIST", OK)
    length = int(on.search(rf"^\r\n\+FTPLIST:{mode},(\d+)\r\n").group(1))
    rows = on.read(length).decode().splitlines()
    assert [row.split()[-1] for row in rows] == ["123", "test.txt"]
    on.ask("AT+FTPGET=1,123", OK, "+FTPGET:24,123456781234567812345678")
    on.ask("AT+FTPSIZE=test.txt", "+FTPSIZE:5", OK)
    on.ask("AT+FTPPUTNAME=1234", OK)
    for _ in range(4):
        on.ask("AT+FTPPUT=5, 12345", OK)
    on.ask("AT+FTPPUT=0,", OK)
    on.ask("AT+FTPGET=1, 1234", OK, "+FTPGET:20,12345123451234512345")
    on.ask("AT+FTPQUIT", OK)
    assert (folder / "1234").read_text() == "12345" * 4


def test_later_edition(ready, server):
    """FTPGET without arguments answers before its OK; FTPRESET holds once; FTPPUT=0 without a comma."""
    (server.root / "f").write_text("12345")
    talk(ready, """
        AT+FTPGETNAME=f -> OK
        AT+FTPGET -> +FTPGET:5,12345 | OK
        AT+FTPRESET=2 -> OK
        AT+FTPGET -> +FTPGET:3,345 | OK
        AT+FTPRESET? -> +FTPRESET: 0 | OK
        AT+FTPGET -> +FTPGET:5,12345 | OK
        AT+FTPPUTNAME=g -> OK
        AT+FTPPUT=1,x -> OK
        AT+FTPPUT=0 -> OK
        AT+FTPSIZE=g -> +FTPSIZE:1 | OK
    """)


def test_folders(ready, server):
    ready.ask("AT+FTPMKD=new", OK)
    assert (server.root / "new").is_dir()
    not_allowed(ready, "AT+FTPMKD=new")
    ready.ask("AT+FTPPATH=new", "+FTPPATH:250", OK)
    ready.ask("AT+FTPPATH=..", "+FTPPATH:250", OK)
    ready.ask("AT+FTPRMD=new", OK)
    not_allowed(ready, "AT+FTPRMD=new")
    for style in (0, 2):
        ready.ask(f"AT+CMEE={style}", OK)
        ready.ask("AT+FTPPATH=/none", "+FTPPATH:550", ERROR)


def test_missing_files(ready):
    ready.ask("AT+FTPGET=1,none", OK, "+FTPGET:0,")
    cme(ready, "AT+FTPSIZE=none", 22, "not found")
    ready.ask("AT+FTPGETNAME=none", OK)
    cme(ready, "AT+FTPGET", 22, "not found")


@pytest.mark.parametrize("form", ["AT+FTPGET", "AT+FTPGET=1,big"])
@pytest.mark.parametrize("size", [0, 1024, 1025, 200000])
def test_sizes(ready, server, form, size):
    data = os.urandom(size)
    (server.root / "big").write_bytes(data)
    ready.ask("AT+FTPGETNAME=big", OK)
    ready.send(form + "\r")
    if "=" in form:
        ready.expect(OK)
    got, first = b"", True
    while len(got) < size or first:
        length = int(ready.search(rb"^\r\n\+FTPGET:(\d+),").group(1))
        assert length == min(1024, size - len(got))
        got += ready.read(length)
        ready.expect(b"\r\n")
        first = False
    assert got == data
    if "=" not in form:
        ready.expect(OK)
    ready.quiet()


@pytest.mark.parametrize("typed,written", [
    ('5,"abc"', b'"abc"'), ('3,"abc"', b"abc"), ("3, ab", b" ab"), ("2, ab", b"ab"), ("4,a;b,", b"a;b,"), ('1,"', b'"')])
def test_pieces(ready, server, typed, written):
    ready.ask("AT+FTPPUTNAME=p", OK)
    ready.ask(f"AT+FTPPUT={typed}", OK)
    ready.ask("AT+FTPPUT=0,", OK)
    assert (server.root / "p").read_bytes() == written


def test_upload_truncates_and_is_exclusive(ready, server):
    (server.root / "p").write_text("old contents")
    ready.ask("AT+FTPPUTNAME=p", OK)
    text = "x" * 8000
    ready.ask(f"AT+FTPPUT=8000,{text}", OK)
    for command in ("FTPGET=1,p", "FTPLIST", "FTPSIZE=p", "FTPMKD=q"):
        not_allowed(ready, f"AT+{command}")
    ext(ready, "AT+FTPPUT=3,ab", 1)
    ready.ask(f"AT+FTPPUT=8000,{text}", OK)
    ready.ask("AT+FTPPUT=0", OK)
    assert (server.root / "p").read_text() == text * 2
    not_allowed(ready, "AT+FTPPUT=0")


def test_quit_in_an_upload(ready, server):
    ready.ask("AT+FTPPUTNAME=p", OK)
    ready.ask("AT+FTPPUT=2,ab", OK)
    ready.ask("AT+FTPQUIT", OK)
    not_allowed(ready, "AT+FTPLIST")
    ready.ask(f"AT+FTPSERV=127.0.0.1,{server.port}", "+FTPSERV:0", OK)


def test_login(greeted):
    not_allowed(greeted, "AT+FTPPW=ucchip123")  # no user
    greeted.ask("AT+FTPPATH=/bin", "+FTPPATH:530", ERROR)
    greeted.ask("AT+FTPUN=ftp", OK)
    not_allowed(greeted, "AT+FTPPW=wrong")


def fails(host, server, code):
    for style in (0, 2):
        host.ask(f"AT+CMEE={style}", OK)
        host.ask(f"AT+FTPSERV={server}", f"+FTPSERV:{code}", ERROR)


def test_connections_that_fail(on, server):
    fails(on, f"127.0.0.1,{server.port}", 1)  # it does not activate a context
    on.ask("AT+CGACT=1,1", OK)
    fails(on, "nobody.invalid", 2)
    fails(on, f"127.0.0.1,{free_port()}", 3)
    busy = Peer(lambda connection: (connection.sendall(b"421 too many\r\n"), mute(connection)))
    fails(on, f"127.0.0.1,{busy.port}", 5)
    busy.close()
    on.ask(f"AT+FTPSERV=127.0.0.1,{server.port}", "+FTPSERV:0", OK)
    not_allowed(on, f"AT+FTPSERV=127.0.0.1,{server.port}")


@pytest.mark.parametrize("end", ["AT+CFUN=0", "AT+CGACT=0"])
def test_no_context_no_session(ready, server, end):
    ready.ask(end, OK)
    not_allowed(ready, "AT+FTPLIST")
    ready.ask("AT+CFUN=1", OK)
    ready.ask("AT+CGACT=1,1", OK)
    ready.ask(f"AT+FTPSERV=127.0.0.1,{server.port}", "+FTPSERV:0", OK)


def test_the_network_goes_in_an_upload(modem, ready):
    ready.ask("AT+FTPPUTNAME=p", OK)
    ready.ask("AT+FTPPUT=2,ab", OK)
    ctl(modem, "network", "down")
    not_allowed(ready, "AT+FTPPUT=2,cd")


def test_before_a_login(active):
    for command in ("FTPMKD=a", "FTPRMD=a", "FTPGET=1,a", "FTPGET", "FTPPUT=1,a", "FTPPUT=0", "FTPLIST", "FTPSIZE=a"):
        not_allowed(active, f"AT+{command}")


def test_errors(on):
    for bad in ("FTPMODE=2", "FTPMODE=", "FTPTYPE=X", "FTPTYPE=", "FTPRESET=-1", "FTPRESET=x", "FTPPORT=0", "FTPUN=",
                "FTPPW=", "FTPMKD=", "FTPGET=2,a", "FTPGET=1", "FTPPUT=x", "FTPPUT=3", "FTPSERV=", "FTPSERV=h,0",
                "FTPSERV=h,21,1", "FTPSIZE=", 'FTPUN="a\\nb"'):
        ext(on, f"AT+{bad}", 0)
    ext(on, "AT+FTPPUT=3,ab", 1)
    for name in ("FTPUN", "FTPPW", "FTPGETNAME", "FTPPATH", "FTPPUTNAME", "FTPMKD", "FTPRMD"):
        cme(on, f"AT+{name}={'x' * 65}", 24, "text string too long")
    for unknown in ("FTPMKD?", "FTPSIZE", "FTPQUIT?", "FTPLIST=1", "FTPUN"):
        cme(on, f"AT+{unknown}", 4, "operation not supported")
    on.ask("AT+CFUN=0", OK)
    ext(on, "AT+FTPSERV=127.0.0.1", 15)


def test_secrets_stay_out_of_the_log(modem, host):
    host.ask("AT+FTPPW=sesame", OK)
    host.ask("AT+FTPPW?", "+FTPPW: sesame", OK)
    assert "AT+FTPPW" in modem.log() and "sesame" not in modem.log()
