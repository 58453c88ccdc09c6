"""The opening sequences of known hosts."""

import os

import pytest
from bench import OK, line, wait_until
from uc import cme, not_allowed, talk


def test_ofono(host):
    """gatchat with the drivers of atmodem: one line of settings, capabilities, then on line."""
    talk(host, """
        ATE0 &C0 +CMEE=1 -> OK
        AT+CSCS="GSM" -> OK
        AT+CFUN? -> +CFUN: 0 | OK
        AT+CFUN=1 -> OK
        AT+CPIN? -> +CPIN: READY | OK
        AT+CGMI -> ucchip | OK
        AT+CGMM -> 8088 | OK
        AT+CGSN -> 863711020146740 | OK
        AT+GCAP -> +GCAP: +CGSM | OK
        AT+CIMI -> 460040812002376 | OK
        AT+CREG=? -> +CREG: (0-1) | OK
        AT+CREG=1 -> OK
        AT+CGREG=? -> +CGREG: (0-1) | OK
        AT+CGREG=1 -> OK
        AT+CGREG? -> +CGREG: 1,0 | OK
        AT+COPS=3,0 -> OK
        AT+COPS? -> +COPS: 0 | OK
        AT+CSQ -> +CSQ: 21,99 | OK
        AT+CGATT=1 -> +CREG: 2 | +CGREG: 2 | +CREG: 1 | +CGREG: 1 | OK
        AT+CGDCONT=1,"IP","cmnet" -> OK
    """)


@pytest.fixture
def managed(start_modem, open_host):
    return open_host(start_modem(modem__profile="modemmanager"))


def test_modemmanager(managed):
    """Port probe, initialization, capabilities, enabling."""
    talk(managed, """
        AT -> OK
        AT+CGMI -> ucchip | OK
        AT+GMI -> ucchip | OK
        AT+GMM -> 8088 | OK
        ATI -> ucchip | 8088 | Revision: 012345678 | OK
        ATE0 -> OK
        ATV1 -> OK
        AT+CMEE=1 -> OK
        ATX4 -> OK
        AT&C1 -> OK
        AT+GCAP -> +GCAP: +CGSM | OK
        AT+CPIN? -> +CPIN: READY | OK
        ATZ -> OK
        AT+CMEE=1 -> OK
        AT+CGSN -> 863711020146740 | OK
        AT+CIMI -> 460040812002376 | OK
        AT+CREG=2 -> +CME ERROR: 3
        AT+CREG=1 -> OK
        AT+CGREG=2 -> +CME ERROR: 3
        AT+CGREG=1 -> OK
        AT+CFUN? -> +CFUN: 0 | OK
        AT+CFUN=1 -> OK
        AT+CREG? -> +CREG: 1,0 | OK
        AT+CSQ -> +CSQ: 21,99 | OK
        AT+COPS=3,2;+COPS? -> +COPS: 0 | OK
        AT+COPS=3,0;+COPS? -> +COPS: 0 | OK
        AT+IFC=? -> +IFC: (0),(0) | OK
        AT+CSCS=? -> +CSCS: ("GSM","IRA") | OK
        AT+CGDCONT=? -> +CGDCONT: (1-2),"IP",,,(0,1),(0,1) | OK
        AT+CGDCONT? -> OK
        AT+CGDCONT=1,"IP","cmnet" -> OK
        AT+CGACT=0,1 -> OK
        AT+CGEREP=? -> +CME ERROR: 4
    """)


def test_gammu(start_modem, open_host):
    """It needs the echo, and knows no +EXT ERROR."""
    host = open_host(start_modem(echo=1, modem__profile="gammu"))

    def ask(command, *answer):
        host.send(command + "\r")
        host.expect(command.encode() + b"\r", *(line(part) for part in answer))

    ask("AT", "OK")
    ask("ATE1", "OK")
    ask("AT+MODE=2", "ERROR")
    ask("AT+CMEE=1", "OK")
    ask("AT+CMEE=2", "OK")
    ask("AT+CSCS?", '+CSCS: "GSM"', "OK")
    ask("AT+CSCS=?", '+CSCS: ("GSM","IRA")', "OK")
    ask("AT+CGMM", "8088", "OK")
    ask("AT+CGMI", "ucchip", "OK")
    ask("AT+CGMR", "+SOFTV:012345678", "+HARDV:00123456", "+MANUF:ucchip", "OK")
    ask("ATI4", "ucchip", "8088", "Revision: 012345678", "OK")
    ask("AT+CREG=2", "+CME ERROR: operation not allowed")
    ask("AT+COPS=0", "+CME ERROR: operation not allowed")  # CFUN is 0
    ask("AT+CGATT?", "+CGATT: 0", "OK")


def test_wvdial(start_modem, open_host):
    """The scan: each command with those before it that were taken."""
    host = open_host(start_modem(echo=1))

    def ask(command, *answer):
        host.send(command + "\r")
        host.expect(command.encode() + b"\r", *(line(part) for part in answer))

    taken = "Q0 V1 E1"
    ask("AT" + taken, "OK")
    for command in ("Z", "S0=0", "&C1", "&D2", "+FCLASS=0"):
        good = command != "+FCLASS=0"
        ask(f"AT{taken} {command}", "OK" if good else "ERROR")
        taken += f" {command}" if good else ""
    ask("ATI", "ucchip", "8088", "Revision: 012345678", "OK")


def test_pluses_without_a_call(on):
    """What scripts send to be sure; silence makes no command of it."""
    on.send("+++")
    on.search_nothing(0.6)
    on.ask("+++")
    on.ask("ATH", OK)


def test_speed_of_a_real_line(start_modem, pair):
    """The OK leaves at the old speed."""
    pair.plug()
    start_modem(port__path=pair.a)
    host = pair.host()
    host.ask("AT+IPR=9600", OK)
    if os.geteuid() == 0:  # the device is closed to all others
        wait_until(lambda: "speed 9600 baud" in pair.speed(), "9600 baud")
    host.ask("AT+IPR?", "+IPR: 9600", OK)
    host.close()


def test_what_hosts_expect(on):
    """Beyond the manual; never an EXT ERROR."""
    talk(on, """
        ATX -> OK
        ATX0 -> OK
        AT&C0 -> OK
        AT&D0 -> OK
        AT&W -> OK
        AT&F0E0 -> OK
        ATS0=2 -> OK
        ATS0? -> 002 | OK
        ATS7=60 S7? -> 060 | OK
        ATH -> OK
        ATH0 -> OK
        ATO -> NO CARRIER
        ATD112; -> NO CARRIER
        AT+CSCS="ira" -> OK
        AT+CSCS? -> +CSCS: "IRA" | OK
        AT+IPR? -> +IPR: 115200 | OK
        AT+IPR=9600 -> OK
        AT+IPR? -> +IPR: 9600 | OK
        AT+IFC=0,0 -> OK
        AT+IFC? -> +IFC: 0,0 | OK
        AT+GMR -> +SOFTV:012345678 | +HARDV:00123456 | +MANUF:ucchip | OK
        AT+GSN -> 863711020146740 | OK
    """)
    for bad in ("+CREG=2", '+CSCS="UCS2"', "+IPR=1", "+IFC=3", "X5", "&D3", "E2", "S300=1"):
        not_allowed(on, "AT" + bad)
    for unknown in ("+CSMS?", "+CPIN=1234", "+CLIP=1", "L1", "&K0", "+CEREG?"):
        cme(on, "AT" + unknown, 4, "operation not supported")
