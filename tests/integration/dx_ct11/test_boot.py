"""What the module says when it starts, registration, signal, what is kept and what is not."""

import re
import signal

import pytest
from bench import OK, line
from dx import BOOT, CONNECT, Far, connect, ctl, error, restart

RDY = line("RDY")
SIM = line("SIM_SUCCESS")
ACTIVE = line("NETWORK_ACTIVATE_SUCCESS")


def test_host_that_comes_late(modem, open_host):
    host = open_host(modem)
    host.expect(BOOT)
    host.close()
    modem.wait_log("the host has gone")
    host = open_host(modem)
    host.quiet()  # once


def test_before_the_first_answer(modem, open_host):
    host = open_host(modem)
    host.send("AT+GSN\r\n")
    host.expect(BOOT, line("860720087453595"), OK)


def test_lines_behind_a_restart_are_dropped(host):
    """The module hears nothing until it is up again."""
    host.send("AT+RST\rAT+NOPE\r")
    host.expect(OK, BOOT)
    host.quiet()


def test_restart_without_a_host(modem, open_host):
    host = open_host(modem)
    host.expect(BOOT)
    host.close()
    modem.wait_log("the host has gone")
    ctl(modem, "console", input="AT+RST\n")
    modem.wait_log("reboot")
    host = open_host(modem)
    host.expect(BOOT)
    host.quiet()


@pytest.mark.parametrize("missing", ["imsi", "iccid"])
def test_no_sim(start_modem, open_booted, missing, broker):
    host = open_booted(start_modem(**{f"identity__{missing}": ""}), RDY)
    host.ask("AT+QCCID", f"+QCCID:{'' if missing == 'iccid' else '898604E6192391620488'}", OK)
    host.ask("AT+CREG?", "+CREG:0,0", OK)
    host.ask("AT+CSQ", "+CSQ: 21,99", OK)
    host.ask("AT+CPSI", error(102))
    host.ask("AT+SINGLESIM=1", error(102))
    host.ask('AT+QIOPEN="TCP","127.0.0.1",9,0,0', error(201))
    host.ask('AT+QIOPEN="UDP","127.0.0.1",9,0,0', error(201))
    host.ask('AT+QNTP="127.0.0.1",9', error(201))
    host.ask('AT+QPING="127.0.0.1",1', error(201))
    host.ask('AT+HTTPPARA="http://127.0.0.1/",80,0,0', OK)
    host.ask("AT+HTTPACTION=0", error(201))
    host.ask('AT+OTA=0,"http://127.0.0.1/"', error(201))
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port},0', OK, error(203))
    host.ask("AT+RST", OK, RDY)
    host.quiet()


@pytest.mark.parametrize("settings,stat,rssi", [
    ({"network__registration": "home"}, 1, 21), ({"network__registration": "roaming"}, 5, 21),
    ({"network__registration": "searching"}, 2, 21), ({"network__registration": "denied"}, 3, 21),
    ({"network__registration": "none"}, 0, 21), ({"network__rssi": 0}, 2, 99)])
def test_registration(start_modem, open_booted, settings, stat, rssi):
    up = stat in (1, 5)
    host = open_booted(start_modem(**settings), BOOT if up else RDY + SIM)
    more = ',"25EF","2D0330E",7' if up else ""
    host.ask("AT+CREG?", f"+CREG:0,{stat}", OK)
    host.ask("AT+CREG=1", OK)
    host.ask("AT+CREG?", f"+CREG:1,{stat}{more}", OK)
    host.ask("AT+CREG=2", OK)
    host.ask("AT+CREG?", f"+CREG:2,{stat}{more}", OK)
    host.ask("AT+CSQ", f"+CSQ: {rssi},99", OK)
    host.ask("AT+SINGLESIM=0", *((OK, BOOT) if up else (error(102),)))
    host.quiet()


def test_network_that_comes_later(start_modem, open_booted):
    modem = start_modem(network__registration="searching")
    host = open_booted(modem, RDY + SIM)
    ctl(modem, "registration", "denied")
    ctl(modem, "registration", "roaming")
    host.expect(ACTIVE)
    host.ask("AT+SINGLESIM=0", OK, BOOT)
    ctl(modem, "registration", "searching")
    ctl(modem, "registration", "home")
    host.quiet()  # once a start


@pytest.mark.parametrize("interface,stat", [("lo", 1), ("nope0", 2)])
def test_network_of_the_host(start_modem, open_booted, interface, stat):
    """What settings and control socket say of the registration does not count."""
    modem = start_modem(network__provider="host", network__interface=interface, network__registration="denied")
    host = open_booted(modem, BOOT if stat == 1 else RDY + SIM)
    host.ask("AT+CREG?", f"+CREG:0,{stat}", OK)
    ctl(modem, "registration", "roaming")
    host.ask("AT+CREG?", f"+CREG:0,{stat}", OK)


def test_network_that_comes_while_nobody_is_there(start_modem, open_host):
    modem = start_modem(network__registration="none")
    ctl(modem, "registration", "home")
    host = open_host(modem)
    host.expect(BOOT)
    host.quiet()


def test_changes_are_told_when_wanted(modem, host):
    ctl(modem, "network", "down")
    host.ask("AT+CREG?", "+CREG:0,2", OK)
    ctl(modem, "network", "up")
    host.ask("AT+CREG=1", OK)
    for words, stat in ((("network", "down"), 2), (("network", "up"), 1), (("registration", "denied"), 3),
                        (("registration", "none"), 0), (("registration", "roaming"), 5), (("signal", "0"), 2),
                        (("signal", "-90"), 5), (("registration", "home"), 1)):
        ctl(modem, *words)
        host.expect(line(f"+CREG:{stat}"))
    host.ask("AT+CREG=2", OK)
    ctl(modem, "network", "down")
    host.ask("AT+CREG?", "+CREG:2,2", OK)
    ctl(modem, "network", "up")
    host.ask("AT+CREG=1", OK)
    restart(host, "AT+RST")
    host.ask("AT+CREG?", "+CREG:0,1", OK)


def test_signal(modem, host):
    for dbm, rssi in ((-140, 0), (-113, 0), (-111, 1), (-109, 2), (-83, 15), (-53, 30), (-51, 31), (-1, 31), (0, 99)):
        ctl(modem, "signal", str(dbm))
        host.ask("AT+CSQ", f"+CSQ: {rssi},99", OK)


def test_identity_of_settings(start_modem, open_booted):
    host = open_booted(start_modem(identity__revision="X_1", identity__imei="123456789012345", identity__iccid="8986"))
    host.ask("AT+GMR", "+VERSION=X_1", OK)
    host.ask("AT+GSN", "123456789012345", OK)
    host.ask("AT+QCCID", "+QCCID:8986", OK)


# ---- what stays ----


def test_kept_over_a_kill(modem, host, open_booted, pki):
    """The OK means that it is kept; what only the moment needs is not."""
    pem = (pki / "ca.pem").read_bytes()
    for command in ("MQTTCERTIFI=1,1", "HTTPCERTIFI=1"):
        host.send(f"AT+{command},{len(pem)}\r")
        host.search(">$")
        host.send(pem)
        host.expect(OK)
    restart(host, "AT+SINGLESIM=1")
    host.ask("AT+CREG=1", OK)
    host.ask("AT+SYSSLEEP=1", OK)
    host.ask("AT+QMTCFG=me", OK)
    host.ask("AT+QMTSTART=0,9", OK)
    host.ask('AT+HTTPPARA="http://a/",80,0,0', OK)
    host.ask("AT+HTTPRQH=X-A,b", OK)
    host.send("AT+IPR=9600,7,2,2\r")
    host.expect(OK)
    host.close()
    modem.restart(signal.SIGKILL)
    host = open_booted(modem)
    host.ask("AT+IPR?", "+IPR:9600,7,2,2", OK)
    host.ask("AT+SINGLESIM?", "+SINGLESIM: 1", OK)
    host.ask("AT+MQTTCERTIFI?", f"\r\n+MQTTCERTIFI:1,1,{len(pem)},".encode() + pem + b"\r\n", OK)
    host.ask("AT+HTTPCERTIFI?", f"\r\n+HTTPCERTIFI:1,{len(pem)},".encode() + pem + b"\r\n", OK)
    host.ask("AT+CREG?", "+CREG:0,1", OK)
    host.ask("AT+SYSSLEEP?", "+SYSSLEEP:0", OK)
    host.ask("AT+QMTCFG?", "+QMTCFG:NOT SET", OK)
    host.ask("AT+QMTSTART?", "+QMTSTART:1,60", OK)
    host.ask("AT+HTTPPARA?", "+HTTPPARA:NOT SET", OK)
    host.ask("AT+HTTPRQH?", OK)
    restart(host, "AT+RESTORE")
    host.ask("AT+IPR?", "+IPR:115200,8,1,0", OK)
    host.ask("AT+MQTTCERTIFI?", "+MQTTCERTIFI:0,0,0,", OK)
    host.ask("AT+HTTPCERTIFI?", "+HTTPCERTIFI:0,0,", OK)
    host.ask("AT+SINGLESIM?", "+SINGLESIM: 1", OK)  # all but this


def test_restore_ends_a_simple_mode(host):
    restart(host, "AT+SIMPLEMODE=2,1")
    host.ask("AT+QMTCFG=kept", OK)
    host.ask("AT+QMTSTART=0,7", OK)
    restart(host, "AT+RST")
    host.ask("AT+QMTCFG?", "+QMTCFG:kept,,,0,0,,", OK)
    restart(host, "AT+SIMPLEMODE=0,0")
    host.ask("AT+QMTCFG?", "+QMTCFG:NOT SET", OK)
    restart(host, "AT+SIMPLEMODE=2,2")
    host.ask("AT+QMTCFG?", "+QMTCFG:kept,,,0,0,,", OK)  # it was there, unused
    restart(host, "AT+RESTORE")
    host.ask("AT+SIMPLEMODE?", "+SIMPLEMODE:0,0", OK)
    restart(host, "AT+SIMPLEMODE=2,2")
    host.ask("AT+QMTCFG?", "+QMTCFG:NOT SET", OK)
    host.ask("AT+QMTSTART?", "+QMTSTART:1,60", OK)


def test_a_damaged_store(modem, host, open_booted):
    """What the module would not have taken counts as never given."""
    restart(host, "AT+SIMPLEMODE=2,1")
    host.ask("AT+QMTCFG=kept", OK)
    host.ask("AT+QMTSTART=0,7", OK)
    host.close()
    modem.stop()
    store = next(path for path in modem.state.rglob("*") if path.is_file() and b"qmtcfg" in path.read_bytes())
    text = store.read_text()
    assert re.search(r"qmtstart", text)
    store.write_text(re.sub(r"(qmtstart\s*=).*", r"\1 [7,7]", re.sub(r"(qmtcfg\s*=).*", r"\1 nonsense", text)))
    modem.start()
    host = open_booted(modem)
    host.ask("AT+SIMPLEMODE?", "+SIMPLEMODE:2,1", OK)
    host.ask("AT+QMTCFG?", "+QMTCFG:NOT SET", OK)
    host.ask("AT+QMTSTART?", "+QMTSTART:1,60", OK)


def test_restart_ends_everything(broker, watcher, host, start_watcher):
    """Links and session without a word, and without the will."""
    far = Far()
    host.ask(f"AT+QIOPEN={far.target()}", CONNECT)
    connection = far.accept()
    connect(host, broker, '"me","u","p",0,0,"will","gone"')
    restart(host, "AT+RST")
    assert connection.recv(1) == b""
    broker.wait_log("Received DISCONNECT from me")
    host.ask("AT+QISTATE", OK)
    host.ask("AT+QMTSTATU", "+QMTSTATU:0", OK)
    host.ask("AT+QMTCONNCFG?", "+QMTCONNCFG:NOT SET", OK)
    watcher.publish("end", "")
    assert watcher.next().topic == "end"
    far.close()


# ---- the line ----


@pytest.mark.parametrize("ipr", ["4800,7,2,2", "9600,8,0,1", "921600,8,1,0", "460800,7,0,0"])
def test_speed_of_a_pty(modem, host, open_booted, ipr):
    """Nothing to be seen of it there, but it is shown and kept."""
    restart(host, f"AT+IPR={ipr}")
    host.ask("AT+IPR?", f"+IPR:{ipr}", OK)
    host.close()
    modem.restart()
    open_booted(modem).ask("AT+IPR?", f"+IPR:{ipr}", OK)


def test_speed_of_settings(start_modem, open_booted):
    host = open_booted(start_modem(port__baud=9600, port__format="7E2"))
    host.ask("AT+IPR?", "+IPR:9600,7,2,2", OK)
    restart(host, "AT+IPR=19200,8,1,0")
    restart(host, "AT+RESTORE")
    host.ask("AT+IPR?", "+IPR:9600,7,2,2", OK)


def test_speed_of_a_device(start_modem, pair):
    pair.plug()
    modem = start_modem("--port", str(pair.a))
    host = pair.host()
    host.search(rb"NETWORK_ACTIVATE_SUCCESS\r\n")
    host.ask("AT", OK)
    restart(host, "AT+IPR=57600,8,2,0")
    if speed := pair.speed():
        assert "speed 57600 baud" in speed and re.search(r"(?<!-)cstopb", speed)
    restart(host, "AT+IPR=9600,8,1,0")
    if speed := pair.speed():
        assert "speed 9600 baud" in speed and "-cstopb" in speed
    host.close()
    modem.restart()
    host = pair.host()
    host.search(rb"NETWORK_ACTIVATE_SUCCESS\r\n")
    host.ask("AT+IPR?", "+IPR:9600,8,1,0", OK)
    if speed := pair.speed():
        assert "speed 9600 baud" in speed
    host.close()


# ---- sleep ----


def test_sleep_modes_shut_each_other_out(host):
    for one, other in (("SYSSLEEP", "CSCLK"), ("CSCLK", "SYSSLEEP")):
        host.ask(f"AT+{one}=1", OK)
        host.ask(f"AT+{one}?", f"+{one}:1", OK)
        host.ask(f"AT+{other}=1", error(102))
        host.ask(f"AT+{other}?", f"+{other}:0", OK)
        host.ask(f"AT+{other}=0", OK)
        host.ask(f"AT+{one}=1", OK)
        host.ask(f"AT+{one}=0", OK)
    host.ask("AT+SYSSLEEP=1", OK)
    host.ask("AT+GSN", "860720087453595", OK)  # any byte wakes it
    restart(host, "AT+RST")
    host.ask("AT+SYSSLEEP?", "+SYSSLEEP:0", OK)


# ---- GPIO ----


def test_gpio(modem, host):
    for pin in (0, 1, 2):
        host.ask(f"AT+GPIO={pin}", f"+GPIO:{pin},0", OK)
        host.ask(f"AT+GPIO={pin},0", OK)
        host.ask(f"AT+GPIO={pin}", f"+GPIO:{pin},0", OK)
        host.ask(f"AT+GPIO={pin},1,2", OK)  # pull goes with inputs only
        host.ask(f"AT+GPIO={pin}", f"+GPIO:{pin},1", OK)
        host.ask(f"AT+GPIO={pin},3", OK)
        host.ask(f"AT+GPIO={pin}", f"+GPIO:{pin},0", OK)
        for pull, level in ((2, 1), (0, 0), (1, 0)):
            host.ask(f"AT+GPIO={pin},2,{pull}", f"+GPIO:{pin},{level}", OK)
            host.ask(f"AT+GPIO={pin}", f"+GPIO:{pin},{level}", OK)
        host.ask(f"AT+GPIO={pin},2", f"+GPIO:{pin},0", OK)


def test_gpio_with_the_world_outside(modem, host):
    host.ask("AT+GPIO=1,2,2", "+GPIO:1,1", OK)
    ctl(modem, "gpio", "1", "0")
    host.ask("AT+GPIO=1", "+GPIO:1,0", OK)
    ctl(modem, "gpio", "1", "1")
    host.ask("AT+GPIO=1,2,1", "+GPIO:1,1", OK)
    host.ask("AT+GPIO=0", "+GPIO:0,0", OK)
    host.ask("AT+GPIO=1,0", OK)
    host.ask("AT+GPIO=1", "+GPIO:1,0", OK)  # an output reads what it drives
    restart(host, "AT+RST")
    host.ask("AT+GPIO=1", "+GPIO:1,1", OK)  # an input again, with that level still there
    ctl(modem, "gpio", "1", "release")
    host.ask("AT+GPIO=1", "+GPIO:1,0", OK)


def test_gpio_chip_that_is_not_there(start_modem, open_host):
    modem = start_modem(network__provider="host", dx__gpio="gpiochip99:1,2,3")
    host = open_host(modem)
    host.search(rb"RDY\r\n")
    host.send("AT+GPIO=0\r")
    host.search(rb"ERROR=102\r\n")


@pytest.mark.parametrize("setting", ["dx-ct11.gpio=nonsense", "dx-ct11.gpio=gpiochip0:1,2,x",
                                     "dx-ct11.escape_guard_ms=0"])
def test_refused_settings(start_daemon, setting):
    daemon = start_daemon("--dialect", "dx-ct11", "--set", setting, ready=False)
    assert daemon.ended() == 2
    daemon.wait_log(setting.split("=")[0])
