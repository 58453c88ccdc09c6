"""Wi-Fi: modes, several access points, networks that are lost, stored ones."""

import pytest
from aw import PARAMETER, cme
from bench import OK, line

MAC = "B8:4D:43:35:A6:06"
LOST = f"+INETSTAT:5,0.0.0.0,{MAC}"
POINTS = """
[kitchen]
ssid = Kitchen
psk = correct horse
bssid = 02:00:00:00:00:01
rssi = -48
channel = 11
ip = 192.168.7.2
[cellar]
ssid = Cellar, "dark"
bssid = 02:00:00:00:00:02
rssi = -80
channel = 1
security = open
[secret]
ssid = Secret
psk = password
bssid = 02:00:00:00:00:03
rssi = -60
hidden = 1
"""


def joined(ip="192.168.7.2"):
    return f"+INETSTAT:4,{ip},{MAC}"


@pytest.fixture
def points(tmp_path):
    path = tmp_path / "points.ini"
    path.write_text(POINTS)
    return path


@pytest.fixture
def modem(start_modem, points):
    return start_modem(identity__mac=MAC, network__access_points=points, network__ip="192.168.7.9")


@pytest.mark.parametrize("mode", [0, 2])
def test_leaving_station_mode_leaves_the_network(modem, host, open_host, mode):
    host.ask("AT+IWIFICONNECT=Kitchen,correct horse,1", OK, joined())
    host.ask("AT+CWMODE=3", OK)
    host.quiet()  # still a station
    host.ask(f"AT+CWMODE={mode}", OK, LOST)
    host.ask("AT+INETSTAT", LOST, OK)
    host.ask("AT+CWJAP=Kitchen,correct horse", cme("wrong mode"))
    host.ask("AT+CWMODE=1", OK)
    host.quiet()  # nothing is joined by itself
    host.ask(f"AT+CWMODE={mode}", OK)
    host.close()
    modem.restart()
    host = open_host(modem)
    host.ask("AT+CWMODE?", f"+CWMODE:{mode}", OK)
    host.ask("AT+INETSTAT", f"+INETSTAT:1,0.0.0.0,{MAC}", OK)  # not joined at power-on, but stored:
    host.ask("AT+CWMODE=1", OK)
    host.ask("AT+IREBOOT", OK)
    host.expect(line(joined()))


def test_a_join_under_way_ends_with_its_mode(modem, host):
    host.send("AT+CWJAP=Kitchen,correct horse\rAT+CWMODE=0\r")
    host.expect(OK, OK)
    host.ask("AT+CWMODE=1", OK)
    host.ask("AT+CWJAP=Secret,password", OK, joined("192.168.7.9"))
    host.quiet()


def test_scan(host):
    host.ask("AT+CWLAP", '+CWLAP:(3,"Kitchen",-48,"02:00:00:00:00:01",11)',
             '+CWLAP:(3,"",-60,"02:00:00:00:00:03",6)', '+CWLAP:(0,"Cellar, ?dark?",-80,"02:00:00:00:00:02",1)', OK)
    host.ask("AT+CWMODE=0", OK)
    host.ask("AT+CWLAP", cme("wrong mode"))


def test_scan_and_join_at_once(host):
    host.send("AT+CWJAP=Kitchen,correct horse\rAT+CWLAP\r")
    host.expect(OK)
    host.search(r"^(\r\n\+CWLAP:[^\r]*\r\n){3}\r\nOK\r\n")
    host.expect(line(joined()))  # in the middle of the scan
    host.quiet()


@pytest.mark.parametrize("network,why", [("Kitchen,wrong", "wrong pass phrase"), ("Nowhere,password", "no such access point"),
                                         ("Kitchen,", "wrong pass phrase")])
def test_joins_that_fail(modem, host, network, why):
    host.ask(f"AT+CWJAP={network}", OK)
    modem.wait_log(why)
    host.ask("AT+INETSTAT", f"+INETSTAT:1,0.0.0.0,{MAC}", OK)
    host.ask("AT+CWJAP=Kitchen,correct horse", OK, joined())
    host.ask(f"AT+CWJAP={network}", OK, LOST)
    host.quiet()


def test_an_open_network(host, points):
    points.write_text(POINTS.replace('Cellar, "dark"', "Cellar"))
    host.ask("AT+CWJAP=Cellar,", OK, joined("192.168.7.9"))
    host.ask("AT+CWJAP=Cellar", PARAMETER)  # the comma is wanted
    host.quiet()


def test_leave_and_forget(modem, host, open_host):
    host.ask("AT+IWIFICONNECT=Kitchen,correct horse,1", OK, joined())
    host.ask("AT+CWQAP", OK, LOST)
    host.ask("AT+CWQAP", OK)
    host.ask("AT+IWIFICONNECT=Secret,password,0", OK, joined("192.168.7.9"))  # not stored
    host.close()
    modem.restart()
    host = open_host(modem)
    host.expect(line(joined()))
    host.ask("AT+IDEFAULT", OK)
    host.ask_until_answered("AT", 0.1)
    host.ask("AT+INETSTAT", f"+INETSTAT:1,0.0.0.0,{MAC}", OK)


@pytest.mark.parametrize("bad", ["CWMODE=4", "CWMODE=-1", "CWMODE=", "CWMODE=1,1", "CWJAP=", "CWJAP=n", "CWJAP=,p",
                                 "CWJAP=n,p,1", "CWJAP=" + "n" * 33 + ",p", "CWJAP=n," + "p" * 64,
                                 "IWIFICONNECT=n", "IWIFICONNECT=n,p,2", "IWIFICONNECT=n,p,1,1"])
def test_bad_arguments(host, bad):
    host.ask(f"AT+{bad}", PARAMETER)
