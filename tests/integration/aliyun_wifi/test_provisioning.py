"""Provisioning by scripts/provision and settings, what the module keeps of it, restarts, the line."""

import subprocess

import pytest
from aw import PARAMETER, connect_to
from bench import ERROR, OK, free_port
from standin import ROOT

JOINED = r"\r\n\+INETSTAT:4,[\d.]+,[0-9A-F:]{17}\r\n"


def provision(port, *words):
    return subprocess.run([ROOT / "scripts/provision", f"127.0.0.1:{port}", *words], timeout=20,
                          capture_output=True, text=True).stdout


@pytest.mark.parametrize("command,key", [("IBLECONFIGSTART=1", None), ("IBLECONFIGSTART", None),
                                         ("IAPCONFIGSTART=1,,,1234567890abcdef", "1234567890abcdef")])
def test_by_the_script(start_modem, open_host, command, key):
    port = free_port()
    modem = start_modem(provision__listen=f"127.0.0.1:{port}")
    host = open_host(modem)
    host.ask(f"AT+{command}", OK)
    assert provision(port, "home", "password1", *(["--key", key] if key else [])) == "ok\n"
    host.search("^" + JOINED)
    host.quiet()
    host.close()
    modem.restart()
    host = open_host(modem)
    host.search("^" + JOINED)  # stored
    host.ask("AT+IBLECONFIGSTART=0", OK)
    host.quiet()  # erased, but still joined
    host.send("AT+INETSTAT\r")
    host.search("^" + JOINED + "\r\nOK\r\n")
    host.close()
    modem.restart()
    host = open_host(modem)
    host.send("AT+INETSTAT\r")
    host.search(r"^\r\n\+INETSTAT:1,0.0.0.0,[0-9A-F:]{17}\r\n\r\nOK\r\n")


def test_reboot(host, broker):
    host.ask("AT+IMQTTCRED=c1,,", OK)
    connect_to(host, broker.port)
    host.ask("AT+UARTE=1", OK)
    host.send("AT+IREBOOT\r")
    host.search(r"^AT\+IREBOOT\r\r\nOK\r\n")
    host.ask_until_answered("AT", 0.1)
    host.ask("AT+UARTE?", "+UARTE:0", OK)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:0", OK)
    host.ask("AT+IMQTTCRED?", "+IMQTTCRED:c1,,", OK)
    broker.wait_log("Client c1 disconnected")
    host.send("AT+IDEFAULT\r")
    host.expect(OK)
    host.ask_until_answered("AT", 0.1)
    host.ask("AT+IMQTTCRED?", "+IMQTTCRED:,,", OK)


def test_uart(modem, open_host):
    host = open_host(modem)
    host.ask("AT+UART?", "+UART_CUR:115200,8,1,0,0", OK)
    host.ask("AT+UART=9600,7,3,2,3", OK)
    host.ask("AT+UART?", "+UART_CUR:9600,7,3,2,3", OK)
    for bad in ("9600,8,1,0", "1199,8,1,0,0", "4000001,8,1,0,0", "9600,4,1,0,0", "9600,9,1,0,0",
                "9600,8,0,0,0", "9600,8,4,0,0", "9600,8,1,3,0", "9600,8,1,0,4", "9600,8,1,0,0,0", ""):
        host.ask(f"AT+UART={bad}", PARAMETER)
    for bad in ("2", "", "x", "1,1"):
        host.ask(f"AT+UARTE={bad}", PARAMETER)
    host.ask("AT+UART", ERROR)
    host.close()
    modem.restart()
    host = open_host(modem)
    host.ask("AT+UART?", "+UART_CUR:9600,7,3,2,3", OK)
