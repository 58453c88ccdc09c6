"""The command line: blanks, case, several commands, what is no command; errors for hosts that do not know EXT; sleep."""

import pytest
from bench import ERROR, OK, line
from uc import cme, ext, talk


def test_layout(on):
    """What the manual prints: lower case, blanks around everything."""
    talk(on, """
        at+cgatt=? -> +CGATT: (0,1) | OK
        AT+ CGATT ? -> +CGATT: 0 | OK
        AT + CGATT = 1 -> OK
        AT+CGATT =? -> +CGATT: (0,1) | OK
        AT+CGACT= 1 , 1 -> OK
        AT+CGDCONT=2, "IP" , "cmnet" -> OK
        AT+CGDCONT=2,IP,ims -> OK
        AT+CGDCONT? -> +CGDCONT: 1,"IP","","",0,0 | +CGDCONT: 2,"IP","ims","",0,0 | OK
        AT+CGDCONT=2,"IP","cmwap -> OK
        AT+CGDCONT? -> +CGDCONT: 1,"IP","","",0,0 | +CGDCONT: 2,"IP","cmwap","",0,0 | OK
    """)


def test_line_ends(host):
    host.send("\n\r\n  \r\nAT\r\nAT\nAT\r")
    host.expect(OK, OK, OK)
    host.send("AT+CGMM\rA/")
    host.expect(line("8088"), OK, line("8088"), OK)


@pytest.mark.parametrize("cmee", [0, 1, 2])
def test_no_command(host, cmee):
    host.ask(f"AT+CMEE={cmee}", OK)
    host.send("T\r+CGMM\rhello\r")
    host.expect(ERROR, ERROR, ERROR)
    host.ask("AT" + "x" * 9000, ERROR)
    host.quiet()


def test_backspace_does_not_edit(host):
    host.ask("AT+CGMN\bM", ERROR)
    host.ask("ATS5=127", OK)
    host.ask("AT+CGMN\x7fM", ERROR)
    host.ask("AT\b", ERROR)


def test_several_commands(on):
    talk(on, """
        ATQ0 V1 E0 S0=0 -> OK
        ATE0 &C0 +CMEE=1 -> OK
        ATI;+CSQ;+CGREG? -> ucchip | 8088 | Revision: 012345678 | +CSQ: 21,99 | +CGREG: 0,0 | OK
        AT+CGMM;+CGACT=1,5;+CGMI -> 8088 | +CME ERROR: 3
        AT+CGATT=1;+CGATT?; -> +CGATT: 1 | OK
        AT+CGDCONT=1,"IP","a;b";+CGDCONT? -> +CGDCONT: 1,"IP","a;b","",0,0 | OK
    """)


def test_echo(start_modem, open_host):
    host = open_host(start_modem(echo=1))
    host.send("AT\r")
    host.expect(b"AT\r", OK)
    host.send("ATE0\r")
    host.expect(b"ATE0\r", OK)
    host.ask("AT", OK)
    host.ask("ATZ", OK)
    host.send("AT\r")
    host.expect(b"AT\r", OK)


def test_results_as_numbers(on):
    on.send("ATV0\r")
    on.expect(b"0\r")
    for command, answer in (("AT", b"0\r"), ("AT+NOSUCH", b"4\r"), ("ATD5551234", b"3\r"), ("ATO", b"3\r")):
        on.send(command + "\r")
        on.expect(answer)
    on.send("AT+CMEE=1\rAT+CGACT=7\rAT+CGACT=1,7\rATV1\r")
    on.expect(b"0\r+EXT ERROR: 0\r\n+CME ERROR: 3\r\n", OK)
    on.ask("ATQ1")
    on.ask("AT+CGMM", "8088")
    on.ask("ATQ0", OK)


def test_ext_errors_for_other_hosts(start_modem, open_host):
    host = open_host(start_modem(uc8088__ext_error="cme"))
    cme(host, "AT+CGATT=1", 3, "operation not allowed")
    cme(host, "AT+CFUN=9", 3, "operation not allowed")
    cme(host, "AT+CGPADDR=1", 3, "operation not allowed")


def sleeping(start_modem, open_host):
    host = open_host(start_modem(uc8088__sleep=1))
    host.ask("AT+CFUN=1", OK)
    return host


def test_low_power_is_only_kept(on):
    talk(on, """
        AT+LPM=? -> +LPM: (0,1),(0,1) | OK
        AT+LPM=1,0 -> OK
        AT+LPM? -> +LPM: 1,0 | OK
        AT+LPM=0,0 -> OK
        AT+CFUN? -> +CFUN: 1 | OK
    """)
    ext(on, "AT+LPM=0", 0)


def test_retention_loses_the_first_byte(start_modem, open_host):
    host = sleeping(start_modem, open_host)
    host.ask("AT+LPM=1,0", OK)
    host.ask("AT", OK)
    host.search_nothing(1.1)
    host.ask("AT", ERROR)
    host.ask("AT", OK)
    host.ask("AT+CFUN?", "+CFUN: 1", OK)
    host.ask("AT+LPM=1,1", OK)
    host.search_nothing(1.1)
    host.ask("AT", OK)


def test_sleep_ends_with_a_restart(start_modem, open_host):
    host = sleeping(start_modem, open_host)
    host.ask("AT+LPM=0,0", OK)
    host.ask("AT+CGMM")  # the line that wakes it
    talk(host, """
        AT -> OK
        AT+CFUN? -> +CFUN: 0 | OK
        AT+LPM? -> +LPM: 0,1 | OK
    """)
