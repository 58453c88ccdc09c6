"""What the module keeps: over restarts, power cuts and edits; factory reset; damaged files."""

import os
import signal

import pytest
from bench import ERROR, OK, cme, line
from conftest import at_broker

AUTH = 'AT+IMQTTAUTH="pk","dn","secret-of-this-test"'
NVRAM = "ttyAT0.ica.ini"


def test_kept_over_a_power_cut(modem, open_host):
    host = open_host(modem)
    host.ask("AT+IMQTTMODE=1", OK)
    host.ask('AT+IMQTTPARA="TIMEOUT",1.25,"CLEAN",0,"KEEPALIVE",120,"VERSION","3.1"', OK)
    host.ask("AT+ILOGLVL=3", OK)
    host.close()
    modem.restart(signal.SIGKILL)  # OK means: safe
    host = open_host(modem)
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:1", OK)
    host.ask(
        "AT+IMQTTPARA?",
        '+IMQTTPARA:"TIMEOUT",1.25,"CLEAN",0,"KEEPALIVE",120,"VERSION","3.1"',
        OK,
    )
    host.ask("AT+ILOGLVL?", "+ILOGLVL:3", OK)


def test_credentials_are_kept_on_success(modem, open_host):
    host = open_host(modem)
    host.ask(AUTH, OK, "+IMQTTAUTH:OK")
    host.close()
    modem.restart(signal.SIGKILL)
    host = open_host(modem)
    host.ask("AT+IMQTTAUTH?", '+IMQTTAUTH:"pk","dn","secret-of-this-test"', OK)
    host.ask("AT+IMQTTAUTH", OK, "+IMQTTAUTH:OK")
    host.ask("AT+IMQTTCONN", OK)


def test_refused_credentials_are_not_kept(broker, modem, open_host):
    host = open_host(modem)
    host.ask(AUTH, OK, "+IMQTTAUTH:OK")
    broker.stop()
    host.ask('AT+IMQTTAUTH="pk","dn","wrong"', OK, "+IMQTTAUTH:FAIL")
    host.ask("AT+IMQTTAUTH?", '+IMQTTAUTH:"pk","dn","wrong"', OK)  # for this session
    host.close()
    modem.restart()
    host = open_host(modem)
    host.ask("AT+IMQTTAUTH?", '+IMQTTAUTH:"pk","dn","secret-of-this-test"', OK)


def test_refused_parameters_change_nothing(modem, open_host):
    host = open_host(modem)
    before = '+IMQTTPARA:"TIMEOUT",2,"CLEAN",1,"KEEPALIVE",60,"VERSION","3.1.1"'
    for bad in ('"TIMEOUT",0.4', '"TIMEOUT",2.001', '"CLEAN",2', '"KEEPALIVE",59',
                '"KEEPALIVE",181', '"VERSION","4"', '"NOPE",1', '"CLEAN"', '"CLEAN",0,"CLEAN",0',
                '"CLEAN",0,"KEEPALIVE",1', '"CLEAN",0,', "", '"KEEPALIVE",60.5'):
        host.ask(f"AT+IMQTTPARA={bad}", cme(50))
        host.ask("AT+IMQTTPARA?", before, OK)
    host.ask("AT+IMQTTMODE=2", cme(50))
    host.ask("AT+ILOGLVL=6", cme(50))
    host.ask('AT+IMQTTDBGPARA="PINGRSP",2', cme(50))
    host.ask("AT+IREBOOT=2", cme(50))
    host.ask(f'AT+IMQTTAUTH="{"k" * 65}","d","s"', cme(24))
    host.ask('AT+IMQTTAUTH="k","d"', cme(50))
    host.ask('AT+IMQTTAUTH="k","","s"', cme(50))
    assert not (modem.state / NVRAM).exists()


def test_lenient_parameters(broker, start_daemon, open_host):
    host = open_host(start_daemon(settings=at_broker(broker, **{"ica.lenient": 1})))
    host.ask('AT+IMQTTPARA="TIMEOUT",10,"CLEAN",1,"KEEPALIVE",300,"VERSION","3.1"', OK)
    host.ask('AT+IMQTTPARA="TIMEOUT",3600,"KEEPALIVE",65535', OK)
    host.ask('AT+IMQTTPARA="TIMEOUT",0.1,"KEEPALIVE",5', OK)
    host.ask('AT+IMQTTPARA="TIMEOUT",3600.001', cme(50))
    host.ask('AT+IMQTTPARA="KEEPALIVE",4', cme(50))


def test_factory_reset(modem, open_host):
    host = open_host(modem)
    host.ask("AT+IMQTTMODE=1", OK)
    host.ask("ATE1", OK)
    host.send("AT+IDEFAULT\r")
    host.expect(b"AT+IDEFAULT\r", OK)
    modem.wait_log("reboot")
    host.close()
    modem.restart(signal.SIGKILL)
    host = open_host(modem)
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:0", OK)
    host.ask("AT+IDEFAULT", OK)  # with nothing stored


@pytest.mark.parametrize("mode", [0, 1])
def test_reboot(broker, start_daemon, open_host, mode):
    daemon = start_daemon(settings=at_broker(broker, **{"ica.reboot_ms": 300}))
    host = open_host(daemon)
    host.ask(AUTH, OK, "+IMQTTAUTH:OK")
    host.ask("AT+IMQTTCONN", OK)
    host.ask('AT+IMQTTDBGPARA="PINGRSP",1', OK)
    host.ask("AT+CMEE=0", OK)
    host.ask("ATE1", OK)
    if mode:
        host.send('AT+IMQTTPUB="t",2,"last words"\rAT+IREBOOT=1\rAT+CGMI\r')
        host.search(rb"\r\n\+IMQTTPUB:\d+\r\n\r\nOK\r\n.*AT\+IREBOOT=1\r\r\nOK\r\n")
    else:
        host.send(f"AT+IREBOOT={mode}\rAT+CGMI\r")
        host.expect(f"AT+IREBOOT={mode}\r".encode(), OK)  # what follows is thrown away
    daemon.wait_log("reboot")
    broker.wait_log("Received DISCONNECT from pk.dn")
    host.ask_until_answered("AT", pause=0.1)  # until the reboot is over nothing is
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:0", OK)
    host.ask('AT+IMQTTDBGPARA?', '+IMQTTDBGPARA:"PINGRSP",0', OK)
    host.ask("AT+IMQTTPUB?", OK)
    host.ask("AT+NOPE=1", ERROR)
    host.ask("AT+IMQTTMODE=7", cme(50))
    host.ask("AT+IMQTTAUTH?", '+IMQTTAUTH:"pk","dn","secret-of-this-test"', OK)


def test_file_is_private_and_readable(modem, open_host):
    host = open_host(modem)
    host.ask("AT+IMQTTMODE=1", OK)
    path = modem.state / NVRAM
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert "[mqtt]" in text and "mode" in text
    assert [entry.name for entry in modem.state.iterdir() if "tmp" in entry.name] == []


def test_edited_by_a_person(modem, open_host):
    open_host(modem).ask("AT+IMQTTMODE=1", OK)
    modem.stop()
    path = modem.state / NVRAM
    path.write_text(
        "; my notes\n[nvram]\nformat = 1\n[mqtt]\nmode=0\nkeepalive = 90\nclean = 7\n"
        "timeout_ms = many\n"
    )
    modem.start()
    host = open_host(modem)
    host.ask(  # what makes no sense counts as the factory value
        "AT+IMQTTPARA?",
        '+IMQTTPARA:"TIMEOUT",2,"CLEAN",1,"KEEPALIVE",90,"VERSION","3.1.1"',
        OK,
    )
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:0", OK)


@pytest.mark.parametrize("content", [b"", b"\0" * 512, b"garbage", b"[nvram]\nformat = 1\n[mqtt\n"])
def test_damaged_file(modem, open_host, content):
    open_host(modem).ask("AT+IMQTTMODE=1", OK)
    modem.stop()
    path = modem.state / NVRAM
    path.write_bytes(content)
    modem.start()
    host = open_host(modem)
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:0", OK)
    modem.wait_log("damaged")
    damaged = [entry for entry in modem.state.iterdir() if ".damaged-" in entry.name]
    assert len(damaged) == 1 and damaged[0].read_bytes() == content
    host.ask("AT+IMQTTMODE=1", OK)


def test_unreadable_file(modem):
    modem.stop()
    (modem.state / NVRAM).mkdir()
    modem.start(ready=False)
    assert modem.ended() == 1
    assert NVRAM in modem.log()


def test_store_that_cannot_be_written(modem, open_host):
    host = open_host(modem)
    host.ask("AT+IMQTTMODE=1", OK)
    hidden = modem.folder / "hidden"
    os.rename(modem.state, hidden)
    host.ask("AT+IMQTTMODE=0", cme(20))
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:1", OK)  # nothing changed
    host.ask(AUTH, OK, "+IMQTTAUTH:FAIL")
    os.rename(hidden, modem.state)
    host.ask("AT+IMQTTMODE=0", OK)
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:0", OK)


def test_unchanged_values_are_not_written(modem, open_host):
    host = open_host(modem)
    host.ask("AT+IMQTTMODE=1", OK)
    before = (modem.state / NVRAM).stat()
    host.ask("AT+IMQTTMODE=1", OK)
    after = (modem.state / NVRAM).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_line_of_this_modem_only(start_daemon, broker, open_host):
    """ILOGLVL adds to this modem's log, never to its line."""
    daemon = start_daemon("-q", "-q", "-q", settings=at_broker(broker))
    host = open_host(daemon)
    host.ask("AT+CGMM", "ica", OK)
    assert "CGMM" not in daemon.log()
    host.ask("AT+ILOGLVL=3", OK)
    host.ask("AT+CGMR", line("0.1.0"), OK)
    daemon.wait_log("CGMR")
