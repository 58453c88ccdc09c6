"""The dialogues of the manual, and where it disagrees with itself the reading chosen."""

import re

import pytest
from bench import OK, Peer, line
from dx import BOOT, CHEVRON, CONNECT, DISCONNECT, SEND_OK, Far, error, received, restart, take


@pytest.fixture(params=["TCP", "UDP"])
def far(request):
    far = Far(request.param)
    yield far
    far.close()


def test_identity(host):
    host.ask("AT", OK)
    host.ask("AT+GMR", "+VERSION=CT11_V1.0.1", OK)
    host.ask("AT+GSN", "860720087453595", OK)
    host.ask("AT+QCCID", "+QCCID:898604E6192391620488", OK)
    host.ask("ATI", "atmodemd", "dx-ct11", "CT11_V1.0.1", OK)


def test_echo(start_daemon, open_booted):
    """On by default: the command, then its answer."""
    host = open_booted(start_daemon("--dialect", "dx-ct11"))
    host.send("AT+GMR\r\n")
    host.expect(b"AT+GMR\r", line("+VERSION=CT11_V1.0.1"), OK)
    host.send("ATE0\r\n")
    host.expect(b"ATE0\r", OK)
    host.ask("AT", OK)
    host.ask("ATE1", OK)
    host.send("AT\r\n")
    host.expect(b"AT\r", OK)
    host.send("ATE0\r\n")
    host.expect(b"ATE0\r", OK)
    host.ask("AT+RST", OK, BOOT)
    host.send("AT\r\n")
    host.expect(b"AT\r", OK)  # it was not saved


@pytest.mark.parametrize("command", ["AT+RST", "AT+RESTORE", "AT+IPR=115200,8,1,0", "AT+SINGLESIM=0",
                                     "AT+SIMPLEMODE=0,0"])
def test_restarts(host, command):
    for _ in range(2):
        restart(host, command)
    host.quiet()


def test_line_and_slot(host):
    host.ask("AT+IPR?", "+IPR:115200,8,1,0", OK)
    restart(host, "AT+IPR=115200,8,1,0")
    host.ask("AT+IPR?", "+IPR:115200,8,1,0", OK)
    restart(host, "AT+SINGLESIM=0")
    host.ask("AT+SINGLESIM?", "+SINGLESIM: 0", OK)


def test_gpio(host):
    host.ask("AT+GPIO=0,2,1", "+GPIO:0,0", OK)  # the manual reads 1: something pulls its line up
    host.ask("AT+GPIO=0,1", OK)
    host.ask("AT+GPIO=0", "+GPIO:0,1", OK)


def test_network(start_modem, open_booted):
    host = open_booted(start_modem(network__rssi=-83))
    host.ask("AT+CREG?", "+CREG:0,1", OK)
    host.ask("AT+CSQ", "+CSQ: 15,99", OK)
    host.ask("AT+CPSI", "+CPSI:460-0,0x25ef,47198990,411,5,5,-19,-82,-69,0", OK)
    host.ask("AT+QNTP?", "+QNTP:cn.pool.ntp.org,123", OK)
    host.send("AT+QLTS?\r")
    host.search(r"^\r\n\+QLTS:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\r\n\r\nOK\r\n")


def test_sleep(host):
    host.ask("AT+SYSSLEEP=0", OK)
    host.ask("AT+SYSSLEEP?", "+SYSSLEEP:0", OK)
    host.ask("AT+CSCLK=0", OK)
    host.ask("AT+CSCLK?", "+CSCLK:0", OK)


def test_at_transfer(host, far):
    host.ask(f"AT+QIOPEN={far.target()}", CONNECT)
    host.ask("AT+QISEND=3,10", OK, CHEVRON)
    host.send("1234567890")
    host.expect(SEND_OK)
    if far.kind == "TCP":
        connection = far.accept()
        assert take(connection, 10) == b"1234567890"
        connection.sendall(b"pong")
    else:
        assert far.datagram() == b"1234567890"
        far.answer(b"pong")
    host.expect(received(3, "pong"))
    host.send("AT+QISTATE\r")
    host.search(rf'^\r\n\+QISTATE:3,"{far.kind}","127.0.0.1",{far.port},[1-9]\d*\r\n\r\nOK\r\n')
    host.ask("AT+QICLOSE=3", OK, "DISCONNECT" if far.kind == "TCP" else "UDP_CLOSE")
    host.ask("AT+QISTATE", OK)


def test_simple_client(host):
    far = Far()
    host.ask("AT+SIMPLEMODE?", "+SIMPLEMODE:0,0", OK)
    restart(host, "AT+SIMPLEMODE=1,0")
    host.expect(error(104))
    host.ask("AT+SIMPLECLIENT?", "+SIMPLECLIENT:NOT SET", OK)
    host.ask(f"AT+SIMPLECLIENT={far.target()}", OK, CONNECT)
    host.ask("AT+SIMPLECLIENT?", f"+SIMPLECLIENT:TCP,127.0.0.1,{far.port},0,0", OK)
    host.ask("AT+QISEND=3,10", OK, CHEVRON)
    host.send("1234567890")
    host.expect(SEND_OK)
    assert take(far.accept(), 10) == b"1234567890"
    host.ask("AT+QICLOSE=3", OK, DISCONNECT)
    far.close()


def test_mqtt(broker, host):
    host.ask("AT+QMTCONNCFG?", "+QMTCONNCFG:NOT SET", OK)
    host.ask("AT+QMTCFG?", "+QMTCFG:NOT SET", OK)
    host.ask("AT+QMTSTATU", "+QMTSTATU:0", OK)
    host.ask('AT+QMTCFG="CT11","MQTT1","123456",0,1,QQQ,123456', OK)
    host.ask("AT+QMTCFG?", "+QMTCFG:CT11,MQTT1,123456,0,1,QQQ,123456", OK)
    host.ask(f'AT+QMTCONNCFG="127.0.0.1",{broker.port},0', OK, "MQTTCONNECT")
    host.ask("AT+QMTCONNCFG?", f"+QMTCONNCFG:127.0.0.1,{broker.port},0", OK)
    host.ask("AT+QMTSTART?", "+QMTSTART:1,60", OK)
    host.ask("AT+QMTSTART=1,30", OK)
    host.ask("AT+QMTSTART?", "+QMTSTART:1,30", OK)
    host.ask('AT+QMTSUB="TTT",0', OK)
    host.ask("AT+QMTSUB?", "+QMTSUB:TTT,0", OK)
    host.ask("AT+QMTSTATU", "+QMTSTATU:1", OK)
    host.ask('AT+QMTPUB="TTT",0,0,"12345678"', OK, '+QMTRECV:"TTT",8,"12345678"')
    host.ask('AT+QMTPUB="TTT",0,0,1', OK, '+QMTRECV:"TTT",1,"1"')  # never a prompt
    host.ask('AT+QMTPUBEX="TTT",0,0,10', CHEVRON)
    host.send("1234567890")
    host.expect(OK, line('+QMTRECV:"TTT",10,"1234567890"'))
    host.ask('AT+QMTUNSUB="TTT"', OK)
    host.ask("AT+QMTDISC", OK, "MQTTDISCONNECT")
    host.ask("AT+QMTSTATU", "+QMTSTATU:0", OK)


@pytest.mark.parametrize("command,read,unset", [
    ("AT+MQTTCERTIFI=1,1", "AT+MQTTCERTIFI?", "+MQTTCERTIFI:0,0,0,"),
    ("AT+HTTPCERTIFI=1", "AT+HTTPCERTIFI?", "+HTTPCERTIFI:0,0,")])
def test_certificates(host, pki, command, read, unset):
    pem = (pki / "ca.pem").read_bytes()
    host.ask(read, unset, OK)
    host.ask(f"{command},{len(pem)}", CHEVRON)
    host.send(pem)
    host.expect(OK)
    name = command[2:].replace("=", ":")
    host.ask(read, f"{name},{len(pem)},".encode().join([b"\r\n", pem + b"\r\n"]), OK)


def answering(text):
    def serve(connection):
        connection.recv(65536)
        connection.sendall(text)
    return Peer(serve)


def test_http(host):
    body = b"0123456789" * 17 + b"abcdefgh"
    web = answering(b"HTTP/1.1 405 METHOD NOT ALLOWED\r\nContent-Type: text/html\r\nAllow: POST, OPTIONS\r\n"
                    b"Content-Length: 178\r\n\r\n" + body)
    host.ask("AT+HTTPPARA?", "+HTTPPARA:NOT SET", OK)
    host.ask(f'AT+HTTPPARA="http://127.0.0.1/post",{web.port},0,0', OK)
    host.ask("AT+HTTPPARA?", f"+HTTPPARA:http://127.0.0.1/post,{web.port},0,0", OK)
    host.ask('AT+HTTPRQH="Content-Type","application/json"', OK)
    host.ask("AT+HTTPRQH?", "+HTTPRQH:Content-Type:application/json", OK)
    host.ask("AT+HTTPDATA=10", CHEVRON)
    host.send("0123456789")
    host.expect(OK)
    host.ask("AT+HTTPACTION=1", "HTTP/1.1 405 METHOD NOT ALLOWED", "Content-Type: text/html", "Allow: POST, OPTIONS",
             "Content-Length: 178", line("$HTTPRECV:DATA,178") + body + b"\r\n", OK)
    web.close()


def test_ping_has_the_form_of_the_example(host):
    host.send('AT+QPING="127.0.0.1",2\r')
    host.search(r'^\r\n\+CIPPING:"127\.0\.0\.1",\d+,\d+\r\n\r\n\+CIPPING:"127\.0\.0\.1",\d+,\d+\r\n\r\nOK\r\n')
    host.quiet()


def test_boot_lines_have_their_order(modem, open_host):
    host = open_host(modem)
    text = host.search(rb"^(.*ACTIVATE_SUCCESS\r\n)").group(1)
    assert re.findall(rb"\w+", text) == [b"RDY", b"SIM_SUCCESS", b"NETWORK_ACTIVATE_SUCCESS"]
