"""What the known host sends, the base commands, restarts, the speed of the line."""

import os
import termios

import pytest
from bench import ERROR, OK, Host, line
from rh import connect, ctl, done

BOOT = line("RDY")


@pytest.fixture
def clr970(start_daemon):
    def start(**settings):
        return start_daemon("--dialect", "risinghf", settings={"modem.profile": "stm32-clr970", **settings})
    return start


def test_stm32_clr970(broker, clr970, open_host, watcher):
    """Section 8: CR LF, echo on, the opening sequence, a subscription, data, the state."""
    host = open_host(clr970())
    host.expect(BOOT)

    def ask(command, *answer):
        host.send(command + "\r\n")
        host.expect(command.encode() + b"\r", *(part if isinstance(part, bytes) else line(part) for part in answer))

    ask("AT", OK)
    ask("AT+CMEE=2", OK)
    ask("AT+CPIN?", "+CPIN: READY", OK)
    ask("AT+CSQ", "+CSQ: 21,99", OK)
    ask("AT+CEREG?", "+CEREG: 0,1", OK)
    ask("AT+CGATT?", "+CGATT: 1", OK)
    ask("AT+CGACT?", "+CGACT: 1,1", OK)
    ask('AT+CGDCONT=1,"IP","cmnet"', OK)
    ask("AT+CGATT=1", OK)
    ask("AT+CGACT=1,1", OK)
    ask("AT+IMQTTMODE=2,0,0", OK)
    ask("AT+IMQTTPARA=TIMEOUT,2,CLEAN,1,KEEPALIVE,60,VERSION,3.1.1", OK)
    ask(f'AT+IMQTTADDR="127.0.0.1",{broker.port},"gw-01"', OK)
    ask('AT+IMQTTUSER="u","p"', OK)
    ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    host.send("AT+IMQTTSUB=root/node/+/command/set,1\r\n")
    host.search(r"^AT.*?\r\r\nOK\r\n\r\n\+IMQTTSUB:\d+,1\r\n")
    data = b'{"node":1,"t":"21.5>"}'
    host.send(f"AT+IMQTTPUBEX=root/node/1/state,1,0,{len(data)}\r\n")
    host.search(r"^AT.*?\r\r\n>$")
    host.send(data)
    host.search(r"^\r\nOK\r\n\r\n\+IMQTTPUBEX:\d+,0\r\n")  # nothing of the data is echoed
    assert watcher.next().payload == data
    ask("AT+IMQTTSTATE?", "+IMQTTSTATE:2", OK)
    watcher.publish("root/node/7/command/set", '{"on":true,"by":"me"}', 1)
    host.search(r'^\r\n\+IMQTTRCVPUB:\d+,"root/node/7/command/set",21,"\{"on":true,"by":"me"\}"\r\n')


def test_no_line_has_the_word_that_ends_everything(broker, clr970, open_host):
    """The host takes any line with ERROR in it for the end of the session."""
    modem = clr970()
    host = open_host(modem)
    host.expect(BOOT)
    host.send("ATE0\r")
    host.expect(b"ATE0\r", OK)
    connect(host, broker)
    ctl(modem, "network", "down")
    host.expect(line("+IMQTTCONN:-1"))
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:-1")


# ---- base commands ----


def test_identity(host):
    host.ask("ATI", "atmodemd", "risinghf", host_version(host), OK)
    host.ask("AT+CGMI", "atmodemd", OK)
    host.ask("AT+CGMM", "risinghf", OK)
    host.ask("AT+CGSN", "860720087453595", OK)
    host.ask("AT+CIMI", "460001234567890", OK)
    host.ask("AT+CPIN?", "+CPIN: READY", OK)


def host_version(host):
    host.send("AT+CGMR\r")
    return host.search(r"^\r\n(\d+\.\d+\.\d+)\r\n\r\nOK\r\n").group(1).decode()


def test_identity_of_settings(start_modem, open_host):
    host = open_host(start_modem(identity__manufacturer="RisingHF", identity__imei="1", identity__imsi="2"))
    host.ask("AT+CGMI", "RisingHF", OK)
    host.ask("AT+CGSN", "1", OK)
    host.ask("AT+CIMI", "2", OK)


def test_no_sim(start_modem, open_host):
    host = open_host(start_modem(identity__iccid=""))
    for cmee, answer in ((0, "ERROR"), (1, "+CME ERROR: 10"), (2, "+CME ERROR: SIM not inserted")):
        host.ask(f"AT+CMEE={cmee}", OK)
        host.ask("AT+CPIN?", answer)
        host.ask("AT+CIMI", answer)
    host.ask("AT+IMQTTCONN", ERROR)  # always plain
    for name in ("CREG", "CGREG", "CEREG"):
        host.ask(f"AT+{name}?", f"+{name}: 0,0", OK)


@pytest.mark.parametrize("registration,stat", [("home", 1), ("roaming", 5), ("searching", 2), ("denied", 3), ("none", 0)])
def test_registration(start_modem, open_host, registration, stat):
    host = open_host(start_modem(network__registration=registration))
    for name in ("CREG", "CGREG", "CEREG"):
        host.ask(f"AT+{name}?", f"+{name}: 0,{stat}", OK)


def test_signal(modem, host):
    for dbm, rssi in ((-140, 0), (-113, 0), (-112, 0), (-111, 1), (-71, 21), (-51, 31), (-1, 31), (0, 99)):
        ctl(modem, "signal", str(dbm))
        host.ask("AT+CSQ", f"+CSQ: {rssi},99", OK)


def test_contexts(host):
    host.ask("AT+CGDCONT?", '+CGDCONT: 1,"IP",""', OK)
    host.ask('AT+CGDCONT=1,"IP","cmnet"', OK)
    host.ask('AT+CGDCONT=2,"IPV4V6",internet', OK)
    host.ask("AT+CGDCONT?", '+CGDCONT: 1,"IP","cmnet"', '+CGDCONT: 2,"IPV4V6","internet"', OK)
    host.ask("AT+CGACT?", "+CGACT: 1,1", "+CGACT: 2,0", OK)
    host.ask("AT+CGACT=1,2", OK)
    host.ask("AT+CGACT=0,1", OK)
    host.ask("AT+CGACT?", "+CGACT: 1,0", "+CGACT: 2,1", OK)
    host.ask("AT+CGACT=1", OK)
    host.ask("AT+CGACT?", "+CGACT: 1,1", "+CGACT: 2,1", OK)
    host.ask("AT+CGDCONT=2", OK)
    host.ask("AT+CGACT?", "+CGACT: 1,1", OK)
    host.ask("AT+CMEE=1", OK)
    host.ask("AT+CGACT=1,2", "+CME ERROR: 3")
    for command in ("CGDCONT=0,IP,a", "CGDCONT=17,IP,a", "CGDCONT=1,PPP,a", "CGDCONT=1,,a", "CGACT=2", "CGATT=2",
                    "CGATT=1,1", "CGDCONT=", "CFUN=2", "CFUN=1,2", "CFUN=", "IPR=0", "IPR=9601", "IPR=x"):
        host.ask(f"AT+{command}", "+CME ERROR: 50")
    for command in ("CPIN", "CPIN=1", "CSQ?", "CSQ=?", "CREG", "CREG=1", "CGATT", "CGACT", "CFUN", "IPR", "CGMI?"):
        host.ask(f"AT+{command}", "+CME ERROR: 4")
    host.ask(f"AT+CGDCONT=1,IP,{'a' * 101}", "+CME ERROR: 24")
    host.ask('AT+CGDCONT=1,IP,"a b"', "+CME ERROR: 25")


# ---- restart ----


def test_restart(broker, start_modem, open_host):
    modem = start_modem(risinghf__ready_urc="RDY")
    host = open_host(modem)
    host.expect(BOOT)
    host.ask("AT+CFUN?", "+CFUN: 1", OK)
    host.ask("AT+IMQTTMODE=1,1,1", OK)
    host.ask("AT+IMQTTMODE=2,0", OK)
    host.ask("AT+IMQTTPARA=TIMEOUT,1", OK)
    host.ask("AT+IMQTTLWT=will,0,m", OK)
    host.ask("AT+IMQTTAUTH=a,b,c", OK)
    host.ask("AT+IMQTTUSER=a,b", OK)
    host.ask('AT+CGDCONT=1,"IP","cmnet"', OK)
    connect(host, broker)
    done(host, "AT+IMQTTPUB=t,0,m", "IMQTTPUB")
    done(host, "AT+IMQTTSUB=t,0", "IMQTTSUB", 0)
    host.ask("ATE1", OK)
    host.send("AT+CFUN=1,1\rAT+LOST\r")
    host.expect(b"AT+CFUN=1,1\r", OK, BOOT)
    broker.wait_log("Received DISCONNECT from testMQTT")
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:2,0,0", OK)
    host.ask("AT+IMQTTPARA?", "+IMQTTPARA:TIMEOUT,3,CLEAN,1,KEEPALIVE,60,VERSION,3.1.1", OK)
    host.ask("AT+IMQTTADDR?", "+IMQTTADDR:,,", OK)
    host.ask("AT+IMQTTUSER?", "+IMQTTUSER:,*****", OK)
    host.ask("AT+IMQTTAUTH?", "+IMQTTAUTH:,,", OK)
    host.ask("AT+CGDCONT?", '+CGDCONT: 1,"IP",""', OK)
    for name in ("LWT", "SUB", "PUB"):
        host.ask(f"AT+IMQTT{name}?", OK)
    host.ask("AT+IMQTTCONN", ERROR)
    host.quiet()


def test_restart_turns_the_radio_on(host):
    host.ask("AT+CFUN=0", OK)
    host.ask("AT+CREG?", "+CREG: 0,0", OK)
    host.ask("AT+CFUN=1,1", OK)
    host.ask_until_answered("AT", 0.2)
    host.ask("AT+CREG?", "+CREG: 0,1", OK)


def test_no_banner_by_default(host):
    host.quiet()


# ---- the speed of the line ----


def test_ipr(host):
    host.ask("AT+IPR?", "+IPR: 115200", OK)
    host.ask("AT+IPR=9600", OK)
    host.send("AT\r")
    host.expect(OK)
    host.ask("AT+IPR?", "+IPR: 9600", OK)


def test_ipr_holds_behind_its_ok(start_daemon, tmp_path):
    """On a serial line: the OK comes at the old speed, what follows at the new one."""
    leader, follower = os.openpty()
    try:
        daemon = start_daemon("--dialect", "risinghf", "--port", os.ttyname(follower), link=False,
                              settings={"port.echo": 0})

        def speed():
            return termios.tcgetattr(leader)[5]

        class Line(Host):
            def __init__(self):
                self.fd, self.got = leader, b""

        os.set_blocking(leader, False)
        host = Line()
        host.ask("AT", OK)
        assert speed() == termios.B115200
        host.ask("AT+IPR=9600", OK)
        from bench import wait_until
        wait_until(lambda: speed() == termios.B9600, "the new speed")
        host.ask("AT+IPR?", "+IPR: 9600", OK)
        host.ask("AT+CFUN=1,1", OK)
        wait_until(lambda: speed() == termios.B115200, "the old speed")
        daemon.stop()
    finally:
        os.close(leader)
        os.close(follower)
