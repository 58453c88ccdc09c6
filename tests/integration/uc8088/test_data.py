"""Data calls: CGDATA and ATD, the PPP peer, the ways out."""

import pytest
from bench import ERROR, OK, line
from ppp_host import PppHost
from test_sockets import UdpEcho
from uc import cme, ctl, ext, not_allowed, talk

CONNECT = line("CONNECT")
NO_CARRIER = line("NO CARRIER")


@pytest.fixture
def udp():
    server = UdpEcho()
    yield server
    server.close()


def dial(host, command="AT+CGDATA=\"PPP\",1"):
    host.ask(command, CONNECT)
    return PppHost(host)


def escape(host):
    """With its silence before; the one behind is waited for by the modem."""
    host.search_nothing(1.1)
    host.send("+++")
    host.expect(OK)


def test_manual_forms(on):
    talk(on, """
        AT+CGDATA=? -> +CGDATA: "PPP" | OK
    """)
    dial(on)


@pytest.mark.parametrize("command,cid", [
    ("AT+CGDATA", 1), ("AT+CGDATA=", 1), ('AT+CGDATA="PPP"', 1), ('AT+CGDATA="PPP",2', 2), ("ATD*99#", 1),
    ("ATD*99***1#", 1), ("ATD*99***2#", 2), ("ATDT*99#", 1), ("ATD*99**PPP*1#", 1), ("atd *99# ", 1)])
def test_ways_in_and_an_address(on, command, cid):
    ppp = dial(on, command)
    ppp.bring_up()
    assert ppp.addresses()[0] == f"192.168.40.{12 + cid}"
    ppp.terminate()
    on.expect(NO_CARRIER)
    on.ask("AT+CGACT?", f"+CGACT: {cid},0", OK)


def test_data_pass(start_modem, open_host, udp):
    host = open_host(start_modem(ppp__loopback=1))
    host.ask("AT+CFUN=1", OK)
    ppp = dial(host)
    ppp.bring_up()
    ppp.send_udp(udp.port, b"hello~}\r\nAT\r")
    assert ppp.receive_udp() == b"hello~}\r\nAT\r"
    escape(host)
    talk(host, """
        AT+CGACT? -> +CGACT: 1,1 | OK
        AT+CGPADDR=1 -> +CGPADDR: 1,"192.168.40.13" | OK
    """)
    not_allowed(host, "AT+CGDATA")
    not_allowed(host, "ATD*99#")
    host.ask("ATO", CONNECT)
    ppp.send_udp(udp.port, b"again")
    assert ppp.receive_udp() == b"again"
    ppp.terminate()
    host.expect(NO_CARRIER)
    host.ask("ATO", NO_CARRIER)


def test_hang_up(on):
    ppp = dial(on)
    ppp.bring_up()
    escape(on)
    on.ask("ATH", OK)
    talk(on, """
        ATO -> NO CARRIER
        AT+CGACT? -> +CGACT: 1,0 | OK
    """)
    dial(on).bring_up()


@pytest.mark.parametrize("command,answer", [
    ("ATZ", [OK]), ("AT&F", [OK]), ("AT+CFUN=1,1", [OK]), ("AT+CFUN=0", [OK, NO_CARRIER]),
    ("AT+CGACT=0,1", [OK, NO_CARRIER]), ("AT+CGATT=0", [OK, NO_CARRIER])])
def test_commands_that_end_a_call(on, command, answer):
    dial(on).bring_up()
    escape(on)
    on.ask(command, *answer)
    on.ask("ATO", NO_CARRIER)
    on.quiet()


def test_the_host_hangs_up(modem, on, open_host):
    """The next one hears nothing of it."""
    dial(on).bring_up()
    on.close()
    modem.wait_log("the host has gone")
    host = open_host(modem)
    host.ask("AT+CGACT?", "+CGACT: 1,0", OK)
    host.ask("ATO", NO_CARRIER)


def test_the_network_ends_it(modem, on):
    """In the middle of a frame of the host's, whose rest is no command."""
    dial(on).bring_up()
    on.send(b"\x7e\xff\x7d\x23ab")
    ctl(modem, "network", "down")
    on.search(rb"\r\nNO CARRIER\r\n")
    on.send(b"cdef\x7eAT\r")
    on.expect(OK)


def test_the_other_context_does_not_matter(on):
    on.ask("AT+CGACT=1,1", OK)
    dial(on, "ATD*99***2#").bring_up()
    escape(on)
    on.ask("AT+CGACT=0,1", OK)
    on.ask("ATO", CONNECT)


def test_the_context_of_the_call_ends(on):
    """Another one goes on."""
    on.ask("AT+CGACT=1,1", OK)
    dial(on, "ATD*99***2#").bring_up()
    escape(on)
    on.ask("AT+CGACT=0,2", OK, NO_CARRIER)
    on.ask("AT+CGACT?", "+CGACT: 1,1", "+CGACT: 2,0", OK)


def test_reports_wait(modem, on):
    on.ask("AT+CGREG=1", OK)
    on.ask("AT+CGDATA", "+CGREG: 2", "+CGREG: 1", CONNECT)
    ppp = PppHost(on)
    ppp.bring_up()
    ctl(modem, "registration", "roaming")
    ppp.terminate()
    on.expect(NO_CARRIER, line("+CGREG: 5"))


def test_results_as_numbers(on):
    on.send("ATV0\r")
    on.expect(b"0\r")
    on.send("ATD*99#\r")
    on.expect(b"1\r")
    ppp = PppHost(on)
    ppp.bring_up()
    ppp.terminate()
    on.expect(b"3\r")


def test_a_program(start_modem, open_host):
    """In place of the built-in peer; its end is the call's."""
    host = open_host(start_modem(ppp__command="printf 'noise~%a %l %d'; head -c 3 >/dev/null"))
    host.ask("AT+CFUN=1", OK)
    host.ask("AT+CGDATA", CONNECT)
    host.search(rb"~192\.168\.40\.13 [0-9.]+ [0-9.]+")
    host.send(b"ab\x7e")
    host.search(rb"\r\nNO CARRIER\r\n$")
    host.ask("AT", OK)


def test_pppd_chat_script(start_modem, open_host):
    """As a common peers file has it: one line with everything, then the call."""
    host = open_host(start_modem(echo=1))
    host.send("AT\r")
    host.expect(b"AT\r", OK)
    host.send("ATE0\r")
    host.expect(b"ATE0\r", OK)
    talk(host, """
        ATI;+CSQ;+CPIN?;+COPS?;+CGREG?;&D2 -> ucchip | 8088 | Revision: 012345678 | +CSQ: 99,99 | +CPIN: READY | +COPS: 0 | +CGREG: 0,0 | OK
        AT+CFUN=1 -> OK
        AT+CPIN? -> +CPIN: READY | OK
        AT+CGDCONT=1,"IP","cmnet",,0,0 -> OK
    """)
    dial(host, "ATD*99#").bring_up()


def test_ofono_call(on):
    on.ask('AT+CGDCONT=1,"IP","cmnet"', OK)
    dial(on, 'AT+CGDATA="PPP",1').bring_up()


def test_modemmanager_call(start_modem, open_host):
    host = open_host(start_modem(modem__profile="modemmanager"))
    talk(host, """
        AT+CFUN=1 -> OK
        AT+CGDCONT? -> OK
        AT+CGDCONT=1,"IP","cmnet" -> OK
    """)
    ppp = dial(host, "ATD*99***1#")
    ppp.bring_up()
    ppp.terminate()
    host.expect(NO_CARRIER)
    host.ask("AT+CGACT=0,1", OK)


@pytest.mark.parametrize("granted,number,text", [("denied", 107, "GPRS service not allowed"),
                                                 ("searching", 30, "no network service")])
def test_no_network(start_modem, open_host, granted, number, text):
    host = open_host(start_modem(network__registration=granted))
    host.ask("AT+CFUN=1", OK)
    cme(host, "AT+CGDATA", number, text)
    cme(host, "ATD*99#", number, text)


def test_errors(on):
    for bad in ('"PAD"', '"X25",1', '"PPP",x', '"PPP",1,2,1'):
        ext(on, f"AT+CGDATA={bad}", 0)
    not_allowed(on, 'AT+CGDATA="PPP",3')
    not_allowed(on, 'AT+CGDATA="PPP",0')
    for number in ("D123", "D*99***3#", "D*98#", "D", "D*99#1", "D112;"):
        on.ask("AT" + number, NO_CARRIER)
    on.ask("AT+CFUN=0", OK)
    ext(on, "AT+CGDATA", 15)
    not_allowed(on, "ATD*99#")
