"""CFUN, registration, packet service, quality of service: the manual's examples, and the network's doings."""

import pytest
from bench import OK, line
from uc import cme, ctl, ext, not_allowed, talk


def test_power_on_state(host):
    talk(host, """
        AT+CFUN? -> +CFUN: 0 | OK
        AT+CMEE? -> +CMEE: 0 | OK
        AT+CGATT? -> +CGATT: 0 | OK
        AT+CGREG? -> +CGREG: 0,0 | OK
        AT+CGDCONT? -> OK
        AT+CGACT? -> OK
        AT+CGPADDR=? -> +CGPADDR: () | OK
        AT+CGPADDR -> OK
        AT+COPS? -> +COPS: 0 | OK
        AT+LPM? -> +LPM: 0,1 | OK
        AT+CELLLOCK? -> +CELLLOCK: 0,0 | OK
        AT+CSQ -> +CSQ: 99,99 | OK
    """)


def test_manual_identity_and_errors(host):
    talk(host, """
        at -> OK
        AT+CFUN=? -> +CFUN: (0,1),(0) | OK
        AT+CFUN=1 -> OK
        AT+CFUN? -> +CFUN: 1 | OK
        AT+CFUN=0 -> OK
        AT+CGMI -> ucchip | OK
        AT+CGMI=? -> OK
        AT+CGMM -> 8088 | OK
        AT+CGMM=? -> OK
        AT+CGMR -> +SOFTV:012345678 | +HARDV:00123456 | +MANUF:ucchip | OK
        AT+CGMR=? -> OK
        AT+CGSN -> 863711020146740 | OK
        AT+CGSN=? -> OK
        AT+CIMI -> 460040812002376 | OK
        AT+CIMI=? -> OK
        AT+CFUN=1 -> OK
        AT+CMEE=? -> +CMEE: (0-2) | OK
        AT+CMEE? -> +CMEE: 0 | OK
        AT+CMEE=2 -> OK
        AT+CMEE? -> +CMEE: 2 | OK
        AT+CGACT=1,5 -> +CME ERROR: operation not allowed
        AT+CMEE=3 -> +EXT ERROR: 0
    """)


def test_manual_frequency(host):
    talk(host, """
        AT+CELLLOCK=? -> +CELLLOCK: (0,1),freq | OK
        AT+CELLLOCK? -> +CELLLOCK: 0,0 | OK
        AT+CELLLOCK=1, 935400000 -> OK
        AT+ CELLLOCK? -> +CELLLOCK: 1,935400000 | OK
        AT+CELLLOCK=0,7 -> OK
        AT+CELLLOCK? -> +CELLLOCK: 0,0 | OK
        AT+CFUN=1 -> OK
        AT+CGATT=1 -> OK
    """)
    for bad in ("2", "1", "1,879999999", "1,915000001", "1,99999999999999999999", "", "x", "0,1,2"):
        ext(host, f"AT+CELLLOCK={bad}", 0)
    not_allowed(host, "AT+CELLLOCK=1,935400000")
    not_allowed(host, "AT+CELLLOCK=0")


def test_manual_attach(on):
    talk(on, """
        AT+CGATT=? -> +CGATT: (0,1) | OK
        AT+CGATT? -> +CGATT: 0 | OK
        AT+CGATT=1 -> OK
        AT+CGATT? -> +CGATT: 1 | OK
        AT+CGATT=1 -> OK
        AT+CGATT=0 -> OK
        AT+CGATT? -> +CGATT: 0 | OK
        AT+CGREG=? -> +CGREG: (0-1) | OK
        AT+CGREG=1 -> OK
        AT+CGATT=1 -> +CGREG: 2 | +CGREG: 1 | OK
        AT+CGREG? -> +CGREG: 1,1,13122,32451 | OK
        AT+CGREG=0 -> OK
        AT+CGREG? -> +CGREG: 0,1 | OK
        AT+CREG=1 -> OK
        AT+CREG? -> +CREG: 1,1,13122,32451 | OK
        AT+CGREG=1 -> OK
        AT+CGATT=0 -> +CREG: 0 | +CGREG: 0 | OK
    """)


def test_manual_contexts(on):
    talk(on, """
        AT+CGACT=? -> +CGACT: (0,1) | OK
        AT+CGACT=1,1,2 -> OK
        AT+CGACT? -> +CGACT: 1,1 | +CGACT: 2,1 | OK
        AT+CGPADDR=? -> +CGPADDR: (1,2) | OK
        AT+CGPADDR=1,2 -> +CGPADDR: 1,"192.168.40.13" | +CGPADDR: 2,"192.168.40.14" | OK
        AT+CGPADDR= -> +CGPADDR: 1,"192.168.40.13" | +CGPADDR: 2,"192.168.40.14" | OK
        AT+CGPADDR -> +CGPADDR: 1,"192.168.40.13" | +CGPADDR: 2,"192.168.40.14" | OK
        AT+CGACT=0,2 -> OK
        AT+CGACT? -> +CGACT: 1,1 | +CGACT: 2,0 | OK
        AT+CGPADDR=2 -> +CGPADDR: 2,"" | OK
        AT+CGACT=0 -> OK
        AT+CGACT? -> +CGACT: 1,0 | +CGACT: 2,0 | OK
        AT+CGACT=1 -> OK
        AT+CGACT? -> +CGACT: 1,1 | +CGACT: 2,1 | OK
        AT+CGATT=0 -> OK
        AT+CGACT? -> +CGACT: 1,0 | +CGACT: 2,0 | OK
    """)


def test_manual_definition(on):
    """2.11.4, and flow 2.20."""
    talk(on, """
        AT+CGDCONT=? -> +CGDCONT: (1-2),"IP",,,(0,1),(0,1) | OK
        AT+CGDCONT=1, "IP" -> OK
        AT+CGDCONT? -> +CGDCONT: 1,"IP","","",0,0 | OK
        AT+CGACT=1,1 -> OK
        AT+CGACT? -> +CGACT: 1,1 | OK
        AT+CGDCONT? -> +CGDCONT: 1,"IP","","",0,0 | OK
        AT+CGDCONT=1,"IP" -> OK
        AT+CGDCONT=2,"PPP","cmnet",,1,1,x,y -> OK
        AT+CGDCONT? -> +CGDCONT: 1,"IP","","",0,0 | +CGDCONT: 2,"PPP","cmnet","",1,1 | OK
        AT+CGPADDR=? -> +CGPADDR: (1,2) | OK
        AT+CGDCONT=2 -> OK
        AT+CGDCONT? -> +CGDCONT: 1,"IP","","",0,0 | OK
    """)
    not_allowed(on, 'AT+CGDCONT=1,"IP","cmnet"')
    not_allowed(on, "AT+CGDCONT=1")
    not_allowed(on, 'AT+CGDCONT=3,"IP"')
    not_allowed(on, 'AT+CGDCONT=0')
    for bad in ('2,"ip"', '2,"IPV6"', '2,"X.25"', '2,"IP","a b"', '2,"IP",,,2', '2,"IP",,,0,3', "", "x"):
        ext(on, f"AT+CGDCONT={bad}", 0)


def test_manual_default_activation(on):
    """2.17.3: without a context the first one is made."""
    talk(on, """
        AT+CGACT=1 -> OK
        AT+CGACT? -> +CGACT: 1,1 | OK
        AT+CSQ=? -> +CSQ: (2-31,99),(99) | OK
        AT+CSQ -> +CSQ: 21,99 | OK
    """)


@pytest.mark.parametrize("spelling", ["CGQREQ", "CGQRE"])
def test_manual_requested_quality(on, spelling):
    on.ask('AT+CGDCONT=1,"IP"', OK)
    on.ask(f"AT+{spelling}=?", '+CGQREQ: "IP",(1-3),(1-4),(1-5),(1-9),(1-18,31)', OK)
    on.ask(f"AT+{spelling}?", "+CGQREQ: 1,0,0,0,0,0", OK)
    on.ask(f"AT+{spelling}=1, 1, 4, 5, 2, 14", OK)
    on.ask(f"AT+{spelling}?", "+CGQREQ: 1,1,4,5,2,14", OK)
    on.ask("AT+CGACT=1,1", OK)
    on.ask(f"AT+{spelling}?", OK)


def test_manual_minimum_quality(on):
    talk(on, """
        AT+CGDCONT=1,"IP" -> OK
        AT+CGQMIN=? -> +CGQMIN: "IP",(1-3),(1-4),(1-5),(1-9),(1-18,31) | OK
        AT+CGQMIN? -> +CGQMIN: 1,0,0,0,0,0 | OK
        AT+CGQMIN=1, 1, 4, 5, 2, 14 -> OK
        AT+CGQMIN? -> +CGQMIN: 1,1,4,5,2,14 | OK
        AT+CGACT=1,1 -> ERROR
        AT+CGACT? -> +CGACT: 1,0 | OK
        AT+CGATT? -> +CGATT: 1 | OK
    """)
    cme(on, "AT+CGACT=1,1", 148, "unspecified GPRS error")
    for fine in ("1,3,4,3,4,31", "1,0,0,0,0,0", "1"):
        on.ask("AT+CGQMIN=" + fine, OK)
        on.ask("AT+CGACT=1,1", OK)
        on.ask("AT+CGACT=0,1", OK)
    for steep in ("1,2", "1,0,3", "1,0,0,2", "1,0,0,0,5", "1,0,0,0,0,18"):
        on.ask("AT+CGQMIN=" + steep, OK)
        on.ask("AT+CGACT=1,1", "+CME ERROR: unspecified GPRS error")


def test_bad_quality(on):
    on.ask('AT+CGDCONT=1,"IP"', OK)
    for name in ("CGQREQ", "CGQMIN"):
        for bad in ("1,4", "1,0,5", "1,0,0,6", "1,0,0,0,10", "1,0,0,0,0,19", "1,0,0,0,0,32", "1,1,1,1,1,1,1", ""):
            ext(on, f"AT+{name}={bad}", 0)
        not_allowed(on, f"AT+{name}=3,1")
        ext(on, f"AT+{name}=2,1", 14)


def test_manual_operators(on):
    talk(on, """
        AT+COPS=? -> +COPS: (1,"","","46000") | OK
        AT+COPS=1,2,"46000" -> OK
        AT+CGATT? -> +CGATT: 1 | OK
        AT+COPS? -> +COPS: 1,2,"46000" | OK
        AT+COPS=? -> +COPS: (2,"","","46000") | OK
        AT+COPS=1,2,"26242" -> +COPS: (1,"","","46000") | OK
        AT+CGATT? -> +CGATT: 0 | OK
        AT+COPS? -> +COPS: 1 | OK
        AT+COPS=4,2,"26242" -> OK
        AT+COPS? -> +COPS: 0,2,"46000" | OK
        AT+COPS=2 -> OK
        AT+COPS? -> +COPS: 2 | OK
        AT+COPS=0 -> OK
        AT+COPS=3,0 -> OK
        AT+COPS? -> +COPS: 0,0,"" | OK
        AT+COPS=3,2 -> OK
        AT+COPS? -> +COPS: 0,2,"46000" | OK
    """)
    for bad in ("", "5", "1", "1,2", '1,3,"46000"', '1,,"46000"', "3", "4,2", "0,2,x,y"):
        ext(on, f"AT+COPS={bad}", 0)
    on.ask("AT+CGACT=1,1", OK)
    not_allowed(on, "AT+COPS=0")
    not_allowed(on, "AT+COPS=2")
    on.ask("AT+COPS=3,2", OK)


def test_several_operators(start_modem, open_host):
    host = open_host(start_modem(network__operator="46000,26242"))
    talk(host, """
        AT+CFUN=1 -> OK
        AT+CGREG=1 -> OK
        AT+COPS=0 -> +CGREG: 2 | +CGREG: 1 | OK
        AT+COPS=1,2,"26242" -> +CGREG: 0 | +CGREG: 2 | +CGREG: 1 | OK
        AT+COPS=? -> +COPS: (1,"","","46000"),(2,"","","26242") | OK
        AT+COPS? -> +COPS: 1,2,"26242" | OK
    """)


def test_without_full_functionality(host):
    """It is said before anything else."""
    for command in ("CGATT=1", "CGATT=7", "CGACT=1,1", "CGACT=", "COPS=?", "COPS=0"):
        ext(host, f"AT+{command}", 15)


def test_function_off_takes_everything_down(active):
    talk(active, """
        AT+CGREG=1 -> OK
        AT+CFUN=0 -> +CGREG: 0 | OK
        AT+CGATT? -> +CGATT: 0 | OK
        AT+CGACT? -> +CGACT: 1,0 | OK
        AT+CSQ -> +CSQ: 99,99 | OK
        AT+CFUN=1 -> OK
        AT+CGATT? -> +CGATT: 0 | OK
        AT+CGREG? -> +CGREG: 1,0 | OK
    """)


@pytest.mark.parametrize("fun", [0, 1])
def test_reset(active, fun):
    talk(active, f"""
        AT+CMEE=2 -> OK
        AT+CGREG=1 -> OK
        AT+CFUN={fun},1 -> OK
        AT+CFUN? -> +CFUN: {fun} | OK
        AT+CMEE? -> +CMEE: 0 | OK
        AT+CGREG? -> +CGREG: 0,0 | OK
        AT+CGDCONT? -> OK
    """)


@pytest.mark.parametrize("granted,number,text,last", [
    ("denied", 107, "GPRS service not allowed", "+CGREG: 3"),
    ("searching", 30, "no network service", None),
    ("none", 30, "no network service", "+CGREG: 0")])
def test_no_registration(start_modem, open_host, granted, number, text, last):
    modem = start_modem(network__registration=granted)
    host = open_host(modem)
    host.ask("AT+CFUN=1", OK)
    for command in ("AT+CGATT=1", "AT+CGACT=1,1", "AT+COPS=0"):
        cme(host, command, number, text)
        host.ask("AT+CGATT=0", OK)
    host.ask("AT+CGREG=1", OK)
    host.ask("AT+CGATT=1", "+CGREG: 2", *([last] if last else []), f"+CME ERROR: {text}")
    ctl(modem, "registration", "home")  # which it goes on trying for
    host.expect(line("+CGREG: 1"))
    host.ask("AT+CGATT?", "+CGATT: 1", OK)


def test_the_network_comes_and_goes(modem, active):
    """Told where that is wanted; a context is active again when the network is back."""
    active.ask("AT+CGREG=1", OK)
    for change, stat in ((("network", "down"), 2), (("network", "up"), 1), (("registration", "denied"), 3),
                         (("registration", "roaming"), 5), (("registration", "none"), 0), (("registration", "home"), 1)):
        ctl(modem, *change)
        active.expect(line(f"+CGREG: {stat}"))
        up = int(stat in (1, 5))
        active.ask("AT+CGATT?", f"+CGATT: {up}", OK)
        active.ask("AT+CGACT?", f"+CGACT: 1,{up}", OK)
    active.ask("AT+CFUN=0", "+CGREG: 0", OK)
    ctl(modem, "registration", "denied")
    active.quiet()


def test_roaming(start_modem, open_host):
    host = open_host(start_modem(network__registration="roaming"))
    talk(host, """
        AT+CFUN=1 -> OK
        AT+CGREG=1 -> OK
        AT+CGATT=1 -> +CGREG: 2 | +CGREG: 5 | OK
        AT+CGREG? -> +CGREG: 1,5,13122,32451 | OK
    """)


@pytest.mark.parametrize("missing", ["identity__imsi", "identity__iccid"])
def test_no_sim(start_modem, open_host, missing):
    host = open_host(start_modem(**{missing: ""}))
    for command in ("AT+CFUN=1", "AT+CFUN=1,1", "AT+CIMI", "AT+CPIN?"):
        cme(host, command, 10, "SIM not inserted")
    host.ask("AT+CFUN?", "+CFUN: 0", OK)


@pytest.mark.parametrize("dbm,rssi", [(-113, 2), (-120, 2), (-109, 2), (-53, 30), (-40, 31), (0, 99)])
def test_signal(start_modem, open_host, dbm, rssi):
    host = open_host(start_modem(network__rssi=dbm))
    host.ask("AT+CFUN=1", OK)
    host.ask("AT+CSQ", f"+CSQ: {rssi},99", OK)


def test_bad_parameters(on):
    for command in ("CFUN=", "CFUN=2", "CFUN=1,2", "CFUN=x", "CGATT=", "CGATT=2", "CGACT=", "CGACT=2", "CGACT=1,x",
                    "CGACT=1,1,2,1", "CGREG=2", "CGREG=", "CGPADDR=x", "CGPADDR=1,1,1", "LPM=2,0", "LPM=1", "LPM=0,2",
                    "CMEE=", "CMEE=-1"):
        ext(on, f"AT+{command}", 0)
    for command in ("CGACT=1,3", "CGACT=0,0", "CGPADDR=3"):
        not_allowed(on, f"AT+{command}")
    ext(on, "AT+CGACT=0,2", 14)
    ext(on, "AT+CGPADDR=2", 14)
    for command in ("CGMI?", "CGMI=1", "CSQ?", "CSQ=1", "CGATT", "CGACT", "CGPADDR?", "NOSUCH", "NOSUCH=1", "CIMI?"):
        cme(on, f"AT+{command}", 4, "operation not supported")
