"""Several modems in one process: from files, as a fleet of equal ones, and over reloads."""

import os
import signal

import pytest
from bench import OK, Host, cme, wait_until


class Link:
    def __init__(self, path):
        self.link = path


@pytest.fixture
def from_files(tmp_path, start_daemon):
    """A daemon on a configuration file; write(name, text) puts a modem's file."""

    class Files:
        folder = tmp_path / "etc"
        modems = folder / "modems.d"

        def write(self, name, text):
            (self.modems / name).write_text(text)

        def reload(self, result="reloaded"):
            seen = self.daemon.log().count(result)
            self.daemon.process.send_signal(signal.SIGHUP)
            wait_until(lambda: self.daemon.log().count(result) > seen, "the reload")

        def host(self, name):
            return Host(Link(self.daemon.state / name))

    files = Files()
    files.modems.mkdir(parents=True)
    (files.folder / "atmodemd.conf").write_text("[daemon]\nlog_level = bytes\n")
    files.start = lambda: setattr(
        files, "daemon", start_daemon("-c", str(files.folder / "atmodemd.conf"), link=False)
    )
    return files


def test_fleet_of_equal_modems(start_daemon):
    daemon = start_daemon(settings={"modem.count": 20})
    hosts = [Host(Link(f"{daemon.link}-{number}")) for number in range(20)]
    for number, host in enumerate(hosts):
        host.send(f"AT+IMQTTMODE={number % 2}\r")
    for number, host in enumerate(hosts):
        host.expect(OK)
        host.ask("AT+IMQTTMODE?", f"+IMQTTMODE:{number % 2}", OK)
        host.close()
    assert not os.path.lexists(daemon.link)
    assert len([e for e in daemon.state.iterdir() if e.name.endswith(".ica.ini")]) == 20
    daemon.stop()
    assert not os.path.lexists(f"{daemon.link}-7")


def test_reload_adds_changes_and_removes(from_files):
    from_files.write("stays.ini", "[identity]\nmodel = stays\n")
    from_files.write("changes.ini", "[identity]\nmodel = before\n")
    from_files.write("goes.ini", "")
    from_files.start()
    stays = from_files.host("stays")
    stays.ask("ATE1", OK)
    stays.send("AT+IMQTTMO")  # half a line: nothing of it may be lost
    goes = os.readlink(from_files.daemon.state / "goes")
    assert goes.startswith("/dev/pts/")

    from_files.write("changes.ini", "[identity]\nmodel = after\n")
    from_files.write("comes.ini", "[identity]\nmodel = new\n")
    os.unlink(from_files.modems / "goes.ini")
    from_files.reload()

    stays.send("DE?\r")
    stays.search(rb"AT\+IMQTTMODE\?\r\r\n\+IMQTTMODE:0\r\n\r\nOK\r\n$")
    for name, model in (("changes", "after"), ("comes", "new")):
        host = from_files.host(name)
        host.ask("AT+CGMM", model, OK)
        host.close()
    assert not os.path.lexists(from_files.daemon.state / "goes")
    stays.close()


def test_bad_files_are_refused_whole(from_files):
    from_files.write("one.ini", "[identity]\nmodel = one\n")
    from_files.start()
    from_files.write("two.ini", "[mqtt]\nport = many\n")
    from_files.write("one.ini", "[identity]\nmodel = changed\n")
    from_files.reload("not reloaded")
    assert "two.ini:2" in from_files.daemon.log()
    host = from_files.host("one")
    host.ask("AT+CGMM", "one", OK)
    host.close()
    os.unlink(from_files.modems / "two.ini")
    from_files.reload()
    host = from_files.host("one")
    host.ask("AT+CGMM", "changed", OK)
    host.close()


def test_fleet_grows_and_shrinks(from_files):
    from_files.write("gw.ini", "[modem]\ncount = 2\n")
    from_files.start()
    host = from_files.host("gw-1")
    host.ask("AT+CMEE=2", OK)
    from_files.write("gw.ini", "[modem]\ncount = 4\n")
    from_files.reload()
    host.ask("AT+IMQTTMODE=9", "+CME ERROR:incorrect parameters")  # it was left alone
    other = from_files.host("gw-3")
    other.ask("AT+IMQTTMODE=9", cme(50))
    other.close()
    from_files.write("gw.ini", "[modem]\ncount = 2\n")
    from_files.reload()
    assert not os.path.lexists(from_files.daemon.state / "gw-3")
    host.ask("AT+IMQTTMODE=9", "+CME ERROR:incorrect parameters")
    host.close()


def test_one_that_cannot_be_powered_on(from_files, tmp_path):
    from_files.write("one.ini", "")
    from_files.start()
    (tmp_path / "occupied").write_text("")
    from_files.write("two.ini", f"[port]\nlink = {tmp_path}/occupied\n")
    from_files.reload()
    assert "occupied" in from_files.daemon.log()
    host = from_files.host("one")
    host.ask("AT", OK)
    host.close()
    os.unlink(tmp_path / "occupied")
    from_files.reload()
    host = Host(Link(tmp_path / "occupied"))
    host.ask("AT", OK)
    host.close()


def test_names_must_differ(from_files):
    from_files.write("gw.ini", "[modem]\ncount = 2\n")
    from_files.write("gw-1.ini", "")
    from test_daemon import one_line, run

    one_line(run("-c", from_files.folder / "atmodemd.conf", "--check"), 2, "gw-1")
