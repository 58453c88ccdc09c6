"""Hosts of all kinds on the real line: well-behaved, rude, fast, slow, gone."""

import os
import signal
import subprocess
import sys
import termios
import time

import pytest
from bench import ERROR, OK, line, wait_until


def test_first_command(host):
    host.ask("AT", OK)


def test_link_stays_over_opens_and_closes(modem, open_host):
    target = os.readlink(modem.link)
    for _ in range(1000):  # at once one after the other: whose bytes are whose must stay clear
        host = open_host(modem)
        host.ask("AT", OK)
        host.close()
    assert os.readlink(modem.link) == target


def test_two_hosts_at_once_then_one(modem, open_host):
    first, second = open_host(modem), open_host(modem)
    first.close()
    second.ask("AT", OK)


def test_killed_host(modem, open_host):
    script = (
        "import os,sys,time; fd=os.open(sys.argv[1],os.O_RDWR|os.O_NOCTTY);"
        "os.write(fd,b'AT+IMQTTPUB=\"half');print('x',flush=True);time.sleep(60)"
    )
    child = subprocess.Popen([sys.executable, "-c", script, str(modem.link)], stdout=subprocess.PIPE)
    child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    modem.wait_log("the host has gone")
    open_host(modem).ask("AT", OK)


def test_host_that_leaves_the_line_cooked(modem, open_host):
    rude = open_host(modem, raw=False)
    flags = termios.tcgetattr(rude.fd)
    flags[0] |= termios.ICRNL
    flags[1] |= termios.OPOST | termios.ONLCR
    flags[3] |= termios.ECHO | termios.ICANON
    termios.tcsetattr(rude.fd, termios.TCSANOW, flags)
    rude.send(b"AT\n")  # leaves as CR LF
    rude.search(rb"OK")
    rude.close()
    modem.wait_log("the host has gone")
    host = open_host(modem, raw=False)
    host.ask("AT", OK)
    host.quiet()


def test_shell_redirection(modem, open_host, broker):
    """printf 'AT...' > modem: the lines run, the answers have no reader."""
    with open(modem.link, "wb", buffering=0) as line_:
        line_.write(b'AT+IMQTTMODE=1\rAT+IMQTTPARA="CLEAN",0\r')
    modem.wait_log("the host has gone")
    host = open_host(modem)
    wait_until(lambda: "CLEAN" in modem.log(), "the second line")
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:1", OK)
    host.send("AT+IMQTTPARA?\r")
    assert b'"CLEAN",0' in host.search(rb"\+IMQTTPARA[^\r]*\r\n\r\nOK\r\n").group(0)


def test_echo_and_formats(host):
    host.ask("ATE1", OK)
    host.send("AT+CGMM\r\n")
    host.expect(b"AT+CGMM\r", line("ica"), OK)
    host.send("ATE0V0\r")
    host.expect(b"ATE0V0\r", b"0\r")
    host.send("AT+CGMM\rAT+NOPE\rATZ\rAT\r")
    host.expect(b"ica\r\n0\r", b"4\r", OK, OK)


def test_echo_at_boot(start_daemon, open_host):
    host = open_host(start_daemon(settings={"port.echo": 1}))
    host.send("AT\r")
    host.expect(b"AT\r", OK)


def test_errors_in_words(host):
    host.ask("AT+CMEE=2", OK)
    for command, words in (
        ("AT+IMQTTMODE=7", "incorrect parameters"),
        ("AT+IMQTTCONN", "operation not allowed"),
        ("AT+IMQTTCONN?", "operation not supported"),
        ('AT+IMQTTPUB="t",1,"m"', "no network service"),
        ('AT+IMQTTPUB="t",1,"m', "invalid characters in text string"),
        (f'AT+IMQTTSUB="{"t" * 300}",1', "text string too long"),
    ):
        host.ask(command, f"+CME ERROR:{words}")
    host.ask("AT+NOPE", ERROR)
    host.ask("AT+CMEE=0", OK)
    host.ask("AT+IMQTTMODE=7", ERROR)


def test_unknown_commands_and_garbage(host):
    host.ask("AT+NOPE", ERROR)
    host.ask("HELLO", ERROR)
    host.ask(b"\x00\x01\xfe\xff", ERROR)
    host.ask(b"AT\x00", ERROR)
    host.ask("AT+CGMI;+CGMM", ERROR)
    host.ask("AT+CoAP", ERROR)
    host.quiet()


def test_a_mebibyte_without_end(host):
    for _ in range(256):
        host.send(b"A" * 4096)
    host.send(b"\r")
    host.expect(ERROR)
    host.quiet()


def test_longest_line(host):
    host.ask("AT+IMQTTMODE=1" + " " * (8192 - 14), OK)
    host.ask("AT+IMQTTMODE=1" + " " * (8193 - 14), ERROR)
    host.quiet()


def test_storm_of_line_ends(host):
    host.send(b"\r" * 100_000 + b"\r\n" * 100_000)
    host.ask("AT", OK)


def test_lines_sent_ahead(host):
    count = 2000
    host.send(b"AT+IMQTTMODE=1\rAT+IMQTTMODE=0\r" * 3 + b"AT\r" * count)
    host.expect(OK * (6 + count))


def test_host_that_does_not_read(host):
    """It gets every final result when it reads at last."""
    sent = 0
    os.set_blocking(host.fd, False)
    full_since = None
    while full_since is None or time.monotonic() - full_since < 0.5:
        try:
            sent += os.write(host.fd, b"AT+CGMI\r" * 100)
            full_since = None
        except BlockingIOError:
            full_since = full_since or time.monotonic()
    assert sent > 8000
    lines, rest = divmod(sent, 8)
    answer = line("atmodemd") + OK
    assert host.read(len(answer) * lines) == answer * lines
    host.send(b"AT+CGMI\r"[rest:] if rest else b"AT+CGMI\r")
    host.expect(answer)


def test_bytes_one_at_a_time(host):
    for byte in b"AT+CGMM\r\n":
        host.send(bytes([byte]))
    host.expect(line("ica"), OK)


def test_repeat(host):
    host.ask("AT+CGMM", "ica", OK)
    host.send(b"A/")
    host.expect(line("ica"), OK)


def test_idle_daemon_does_not_spin(modem, open_host):
    """CPU time stays put while hosts sit on the line, raw or cooked, with and without output."""
    host = open_host(modem)
    host.ask("AT", OK)

    def cpu():
        with open(f"/proc/{modem.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    before = cpu()
    host.search_nothing(1.0)
    assert cpu() - before <= 5  # ticks of 10 ms


@pytest.mark.parametrize("backlog,kept", [(0, 0), (4096, 1)])
def test_reports_while_nobody_is_there(start_daemon, broker, open_host, watcher, backlog, kept):
    from conftest import at_broker

    daemon = start_daemon(settings=at_broker(broker, **{"port.backlog": backlog}))
    host = open_host(daemon)
    host.ask('AT+IMQTTAUTH="a","b","c"', OK, "+IMQTTAUTH:OK")
    host.ask("AT+IMQTTCONN", OK)
    packet_id = host.request('AT+IMQTTSUB="in",0', "IMQTTSUB")
    host.expect(line(f"+IMQTTSUB:{packet_id},0"))
    host.close()
    daemon.wait_log("the host has gone")
    watcher.publish("in", "while away")
    daemon.wait_log("message on in")
    host = open_host(daemon)
    if kept:
        host.expect(line('+IMQTTRCVPUB:0,"in",10,"while away"'), OK)
    host.quiet()
