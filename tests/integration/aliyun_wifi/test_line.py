"""The line of the module: reports wait for whoever types, hosts that are away, AT+UART on a serial device and on a
pseudo-terminal."""

import os
import signal
import subprocess
import time

import pytest
from aw import connect_to
from bench import OK, PROGRAM, line, wait_until

SPEEDS = "+UART_CUR:{},8,1,0,0"


def subscribe(host, broker):
    host.ask("AT+IMQTTCRED=c1,user,password", OK)
    connect_to(host, broker.port)
    host.request("AT+IMQTTSUB=in,0", "IMQTTSUB")
    host.search(r"^\r\n\+IMQTTSUBACK:\d+,0\r\n")


def received(text):
    return line(f"+IMQTTRCVPUB:in,{len(text)},{text}")


def test_reports_wait_while_a_line_is_typed(modem, host, broker, watcher):
    subscribe(host, broker)
    host.ask("AT+UARTE=1", OK)
    host.send("AT+UART")
    host.expect(b"AT+UART")  # its echo: the line is under way
    for text in ("one", "two"):
        watcher.publish("in", text)
    wait_until(lambda: modem.log().count("message on in") == 2, "the messages")
    host.search_nothing(0.2)
    host.send("E?\r")
    host.expect(b"E?\r", line("+UARTE:1"), OK, received("one"), received("two"))


def test_a_line_that_is_left_unfinished(host, broker, watcher):
    subscribe(host, broker)
    host.ask("AT+UARTE=1", OK)
    start = time.monotonic()
    host.send("AT+UART")
    host.expect(b"AT+UART")
    watcher.publish("in", "one")
    host.expect(received("one"))
    assert 5 <= time.monotonic() - start < 6
    host.send("E?\r")  # it may still be finished
    host.expect(b"E?\r", line("+UARTE:1"), OK)


@pytest.mark.parametrize("backlog,kept", [(0, []), (60, ["two", "three"]), (4096, ["one", "two", "three"])])
def test_reports_while_nobody_is_there(start_modem, open_host, broker, watcher, backlog, kept):
    """Whole ones, the oldest goes first."""
    modem = start_modem(port__backlog=backlog)
    host = open_host(modem)
    subscribe(host, broker)
    host.close()
    modem.wait_log("the host has gone")
    for text in ("one", "two", "three"):
        watcher.publish("in", text)
    wait_until(lambda: modem.log().count("message on in") == 3, "the messages")
    host = open_host(modem)
    host.expect(*(received(text) for text in kept), b"")
    host.quiet()


def test_the_join_of_power_on_is_always_kept(start_modem, open_host):
    modem = start_modem(port__backlog=0, identity__mac="B8:4D:43:35:A6:06")
    host = open_host(modem)
    host.ask("AT+IWIFICONNECT=net,password,1", OK)
    joined = line("+INETSTAT:4,192.168.40.13,B8:4D:43:35:A6:06")
    host.expect(joined)
    host.close()
    modem.restart(signal.SIGKILL)
    ctl = os.path.join(os.path.dirname(PROGRAM), "atmodemctl")
    wait_until(lambda: b'"state":"joined"' in subprocess.check_output([ctl, "-S", modem.state, "-j", "status"]),
               "the join")
    host = open_host(modem)
    host.expect(joined)
    host.quiet()


# ---- UART ----


@pytest.fixture
def device(start_modem, pair):
    pair.plug()
    return start_modem(port__path=pair.a)


def expect_speed(pair, speed):
    if os.geteuid() == 0:  # the device is closed to all others
        wait_until(lambda: f"speed {speed} baud" in pair.speed(), f"{speed} baud")


def test_uart_of_a_serial_device(device, pair):
    host = pair.host()
    host.ask("AT+UART?", SPEEDS.format(115200), OK)
    expect_speed(pair, 115200)
    host.send("AT+UART=9600,7,3,2,0\rAT+UART?\r")
    host.expect(OK, line("+UART_CUR:9600,7,3,2,0"), OK)
    expect_speed(pair, 9600)
    if os.geteuid() == 0:  # of the format a pseudo-terminal takes only this
        assert "cstopb" in pair.speed().split()
    device.restart(signal.SIGKILL)
    wait_until(lambda: device.log().count("has 9600 baud from now on") == 2, "the stored speed")
    host.ask("AT+UART?", "+UART_CUR:9600,7,3,2,0", OK)
    expect_speed(pair, 9600)
    host.ask("AT+IREBOOT", OK)
    host.ask_until_answered("AT", 0.1)
    expect_speed(pair, 9600)
    host.ask("AT+IDEFAULT", OK)
    host.ask_until_answered("AT", 0.1)
    host.ask("AT+UART?", SPEEDS.format(115200), OK)
    expect_speed(pair, 115200)
    host.close()


def test_uart_survives_an_adapter_that_is_unplugged(device, pair):
    host = pair.host()
    host.ask("AT+UART=57600,8,1,0,0", OK)
    expect_speed(pair, 57600)
    opened = device.log().count("is open")
    pair.unplug()
    host.close()
    pair.plug()
    wait_until(lambda: device.log().count("is open") > opened, "the device")
    expect_speed(pair, 57600)
    host = pair.host()
    host.ask("AT+UART?", SPEEDS.format(57600), OK)
    host.close()


def test_a_value_that_is_refused_changes_nothing(device, pair):
    host = pair.host()
    host.ask("AT+UART=9600,8,1,0", "ERROR: Error parameter.")
    host.ask("AT+UART?", SPEEDS.format(115200), OK)
    expect_speed(pair, 115200)
    host.close()


def test_settings_are_the_factory_values(start_modem, open_host):
    modem = start_modem(port__baud=57600, port__format="7E2", port__flow="rtscts")
    host = open_host(modem)
    host.ask("AT+UART?", "+UART_CUR:57600,7,3,2,3", OK)
    host.ask("AT+UART=9600,8,1,0,0", OK)
    host.close()
    modem.settings["port.baud"] = 19200
    modem.restart()
    host = open_host(modem)
    host.ask("AT+UART?", SPEEDS.format(9600), OK)  # what was stored wins
    host.ask("AT+IDEFAULT", OK)
    host.ask_until_answered("AT", 0.1)
    host.ask("AT+UART?", "+UART_CUR:19200,7,3,2,3", OK)


def test_a_paced_pseudo_terminal_obeys(start_modem, open_host):
    host = open_host(start_modem(port__pace=1))
    host.ask("AT+UART=9600,8,1,0,0", OK)
    host.search_nothing(0.05)  # a host changes its own speed now
    start = time.monotonic()
    host.send(b"AT\r" * 64)  # its answers alone are 384 bytes
    host.expect(OK * 64)
    assert time.monotonic() - start >= 384 * 10 / 9600 * 0.99
