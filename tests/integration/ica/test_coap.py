"""CoAP: the dialogues of the standard, each status and what it comes from, bad input, hostile far ends."""

import os
import socket

import pytest
from bench import OK, cme, line, wait_until
from coap import ACK, CON, EMPTY, NON, RST, CoapMessage, CoapPeer, CoapServer, code, content

AUTH = 'AT+ICOAPAUTH="productKey001","deviceName001","deviceSecret123"'
LIGHT = r'2,"/livingroom/light","{\"action\":\"turnon\"}"'
ON = rb'"/livingroom/light",15,"{\"status\":\"on\"}"'


@pytest.fixture
def peer():
    peer = CoapPeer(content(b'{"status":"on"}'))
    yield peer
    peer.close()


@pytest.fixture
def start_modem(start_daemon, open_host):
    """A host of a modem directed to a server; settings in keyword form: coap__psk_key."""

    def start(uri, **settings):
        settings = {name.replace("__", "."): value for name, value in settings.items()}
        return open_host(start_daemon(settings={"coap.uri": uri, **settings}))

    return start


@pytest.fixture
def host(peer, start_modem):
    return start_modem(peer.uri)


@pytest.fixture
def server(tmp_path):
    server = CoapServer(tmp_path / "coap")
    yield server
    server.stop()


def send(host, command, arguments, status=0):
    """A send command and its status line, where there is one; gives the token."""
    token = host.request(f"AT+{command}={arguments}", command)
    if status is not None:
        host.expect(line(f"+{command}:{token},{status}"))
    return token


def send_binary(host, command, arguments, data, status=0):
    host.ask(f"AT+{command}={arguments}", OK)
    host.send(data)
    token = int(host.search(rf"^\r\n\+{command}:(\d+)\r\n\r\nOK\r\n").group(1))
    if status is not None:
        host.expect(line(f"+{command}:{token},{status}"))
    return token


# ---- the standard's dialogues ----


def test_parameters(host):
    host.ask('AT+ICOAPARA?', '+ICOAPARA:"TIMEOUT",2', OK)
    host.ask('AT+ICOAPARA="TIMEOUT",2', OK)
    host.ask('AT+ICOAPPARA="timeout", 0.75', OK)
    host.ask('AT+ICOAPARA?', '+ICOAPARA:"TIMEOUT",0.75', OK)


@pytest.mark.parametrize("arguments", ['"TIMEOUT",0.4', '"TIMEOUT",121', '"TIMEOUT"', '"RETRY",1',
                                       '"TIMEOUT",1,"TIMEOUT",1', "", '"TIMEOUT",-1'])
def test_bad_parameters(host, arguments):
    host.ask(f"AT+ICOAPARA={arguments}", cme(50))
    host.ask('AT+ICOAPARA?', '+ICOAPARA:"TIMEOUT",2', OK)


def test_confirmable_request(host, peer):
    token = send(host, "ICOAPSENDREQ", LIGHT)
    host.expect(b"\r\n+ICOAPRCVRSP:%d," % token + ON + b"\r\n", OK)
    host.ask("AT+ICOAPRCVRSP?", b"\r\n+ICOAPRCVRSP:%d," % token + ON + b"\r\n", OK)
    host.ask("AT+ICOAPSENDREQ?", f"+ICOAPSENDREQ:{LIGHT}", OK)
    message, = peer.messages
    assert (message.type, message.code, message.path()) == (CON, code("0.02"), "/livingroom/light")
    assert message.token == token.to_bytes(2, "big")
    assert message.payload == b'{"action":"turnon"}'


def test_confirmable_binary_request(host, peer):
    peer.handler = content(b"\x11\x22\x33\xaa\xbb")
    token = send_binary(host, "ICOAPSENDBIN", '2,"/livingroom/light",5', b"\x11\x22\x33\xaa\xba")
    report = f'+ICOAPRCVBIN:{token},"/livingroom/light",5'
    host.expect(line(report), OK, b"\x11\x22\x33\xaa\xbb")
    host.ask("AT+ICOAPRCVBIN?", report, OK, b"\x11\x22\x33\xaa\xbb")
    host.ask("AT+ICOAPSENDBIN?", '+ICOAPSENDBIN:2,"/livingroom/light",5', OK, b"\x11\x22\x33\xaa\xba")
    host.quiet()


def test_non_confirmable_requests(host, peer):
    token = send(host, "ICOAPSENDREQN", LIGHT, None)
    host.expect(b"\r\n+ICOAPRCVRSP:%d," % token + ON + b"\r\n", OK)
    token = send_binary(host, "ICOAPSENDNBIN", '2,"/livingroom/light",5', b"\x11\x22\x33\xaa\xba", None)
    host.expect(b"\r\n+ICOAPRCVRSP:%d," % token + ON + b"\r\n", OK)
    assert [message.type for message in peer.messages] == [NON, NON]
    host.ask("AT+ICOAPSENDREQN?", f"+ICOAPSENDREQN:{LIGHT}", OK)
    host.ask("AT+ICOAPSENDNBIN?", '+ICOAPSENDNBIN:2,"/livingroom/light",5', OK, b"\x11\x22\x33\xaa\xba")
    host.ask("AT+ICOAPSENDREQ?", OK)
    host.quiet()


def test_test_forms(host):
    for command, *answer in (
        ("+ICOAPARA", '+ICOAPARA:"ParaTag","ParaValue"', OK),
        ("+ICOAPAUTH", '+ICOAPAUTH:"PRODUCT_KEY","DEVICE_NAME","DEVICE_SECRET"', OK),
        ("+ICOAPSENDREQ", '+ICOAPSENDREQ:"method","path","message"', OK),
        ("+ICOAPSENDBIN", '+ICOAPSENDBIN:"method","path","msg_len"', OK, '"bin_message"'),
        ("+ICOAPSENDREQN", '+ICOAPSENDREQN:"method","path","message"', OK),
        ("+ICOAPSENDNBIN", '+ICOAPSENDNBIN:"method","path","msg_len"', OK, '"bin_message"'),
        ("+ICOAPRCVRSP", OK),
        ("+ICOAPRCVBIN", OK),
    ):
        host.ask(f"AT{command}=?", *answer)


def test_read_forms_before_any_use(host):
    for name in ("SENDREQ", "SENDBIN", "SENDREQN", "SENDNBIN", "RCVRSP", "RCVBIN"):
        host.ask(f"AT+ICOAP{name}?", OK)
    host.ask("AT+ICOAPAUTH?", '+ICOAPAUTH:"","",""', OK)


def test_other_spellings(host):
    for name in ("ICOAPSEENDBIN", "ICOAPSENBIN"):
        host.ask(f'AT+{name}=2,"/a",1', OK)
        host.send("x")
        host.search(r"\+ICOAPSENDBIN:\d+\r\n\r\nOK\r\n\r\n\+ICOAPSENDBIN:\d+,0\r\n")
        host.search(r"RCVRSP.*OK\r\n")


# ---- authentication ----


def test_authentication_is_a_ping(host, peer):
    host.ask(AUTH, OK, "+ICOAPAUTH:OK")
    assert not peer.messages
    host.ask("AT+ICOAPAUTH?", '+ICOAPAUTH:"productKey001","deviceName001","deviceSecret123"', OK)
    host.ask("AT+ICOAPAUTH", OK, "+ICOAPAUTH:OK")


def test_failed_authentication(start_modem):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        host = start_modem(f"coap://127.0.0.1:{silent.getsockname()[1]}", ica__conn_timeout=1)
        host.ask(AUTH, OK)
        host.ask(AUTH, cme(3))
        host.expect(line("+ICOAPAUTH:FAIL"))
    host.ask(AUTH, OK, "+ICOAPAUTH:FAIL")  # nobody is there
    host.ask("AT+ICOAPAUTH", cme(3))


def test_no_end_point(start_daemon, open_host):
    host = open_host(start_daemon())
    for name in ("REQ", "REQN"):
        host.ask(f"AT+ICOAPSEND{name}={LIGHT}", cme(3))
    for name in ("BIN", "NBIN"):
        host.ask(f'AT+ICOAPSEND{name}=2,"/a",1', cme(3))
    host.quiet()


# ---- methods, paths, texts, sizes ----


@pytest.mark.parametrize("method", [1, 2, 3, 4])
@pytest.mark.parametrize("text", ["", "x"])
def test_methods(host, peer, method, text):
    send(host, "ICOAPSENDREQ", f'{method},"a/b?c=d&e","{text}"')
    host.search("RCVRSP.*OK\r\n")
    message, = peer.messages
    assert (message.code, message.path(), message.payload) == (method, "/a/b", text.encode())
    assert message.all(15) == [b"c=d", b"e"]


def test_path_of_the_uri(peer, start_modem):
    host = start_modem(peer.uri + "/base/")
    token = send(host, "ICOAPSENDREQ", '1,"x",""')
    host.search(rf'RCVRSP:{token},"x",')
    assert peer.messages[0].path() == "/base/x"


@pytest.mark.parametrize(
    "payload,told",
    [(b"", '0,""'), (b'a"b\\"c', r'6,"a\"b\\"c"'), ("温度".encode(), '6,"温度"')],
)
def test_texts_of_responses(host, peer, payload, told):
    peer.handler = content(payload)
    token = send(host, "ICOAPSENDREQ", '1,"/t",""')
    host.expect(line(f'+ICOAPRCVRSP:{token},"/t",{told}'), OK)


def test_raw_texts(peer, start_modem):
    host = start_modem(peer.uri, ica__rcv_escape=0, ica__urc_ok=0, ica__urc_equals=1)
    token = send(host, "ICOAPSENDREQ", LIGHT)
    host.expect(line(f'+ICOAPRCVRSP={token},"/livingroom/light",15,"{{"status":"on"}}"'))
    host.quiet()


def test_block_wise_both_ways(server, start_modem):
    host = start_modem(f"coap://127.0.0.1:{server.port}")
    big = bytes(os.urandom(16384))
    send_binary(host, "ICOAPSENDBIN", '3,"/big",16384', big)
    host.search(r"RCVRSP:\d+,\"/big\",0,.*OK\r\n")
    token = send(host, "ICOAPSENDREQ", '1,"/big",""')
    host.expect(line(f'+ICOAPRCVBIN:{token},"/big",16384'), OK)
    assert host.read(16384) == big
    host.quiet()


def test_separate_response(server, start_modem):
    host = start_modem(f"coap://127.0.0.1:{server.port}")
    host.ask('AT+ICOAPARA="TIMEOUT",20', OK)
    token = send(host, "ICOAPSENDREQ", '1,"/async?1",""')
    host.search(rf'^\r\n\+ICOAPRCVRSP:{token},"/async\?1",4,"done"')


def test_several_at_once(host, peer):
    """Answers in reverse order find their requests."""
    waiting = []

    def collect(message, send):
        waiting.append((message, send))
        if len(waiting) == 10:
            for asked, answer in reversed(waiting):
                content(asked.path().encode())(asked, answer)

    peer.handler = collect
    tokens = [host.request(f'AT+ICOAPSENDREQ=1,"/{n}",""', "ICOAPSENDREQ") for n in range(10)]
    for n in range(9, -1, -1):
        host.expect(line(f"+ICOAPSENDREQ:{tokens[n]},0"),
                    line(f'+ICOAPRCVRSP:{tokens[n]},"/{n}",2,"/{n}"'), OK)


@pytest.mark.parametrize(
    "arguments,error",
    [('0,"/",""', 50), ('5,"/",""', 50), ('x,"/",""', 50), ('1,"",""', 50), ('1,"/"', 50), ("1", 50),
     ('1,"/","",""', 50), ('1,"/","', 25), ('1,"/%zz",""', 50), ("", 50), ('2,"/","{"a":1}"', 25),
     (f'1,"/{"p" * 256}",""', 24), (f'1,"{"p" * 256}",""', 50), (f'1,"/","{"m" * 4097}"', 24)],
)
def test_bad_requests(host, peer, arguments, error):
    for name in ("REQ", "REQN"):
        host.ask(f"AT+ICOAPSEND{name}={arguments}", cme(error))
        host.ask(f"AT+ICOAPSEND{name}?", OK)
    assert not peer.messages


@pytest.mark.parametrize("arguments", ['1,"/",-1', '1,"/",16385', '1,"/",x', '9,"/",1', '1,"/"'])
def test_bad_binary_requests(host, arguments):
    for name in ("BIN", "NBIN"):
        host.ask(f"AT+ICOAPSEND{name}={arguments}", cme(50))
    host.quiet()


def test_wrong_forms(host):
    for command in ("+ICOAPSENDREQ", "+ICOAPSENDBIN", "+ICOAPRCVRSP", "+ICOAPRCVBIN=1", "+ICOAPARA"):
        host.ask(f"AT{command}", cme(4))


# ---- status ----


@pytest.mark.parametrize("status,told", [("2.01", 0), ("2.04", 0), ("4.00", 2), ("4.04", 2), ("5.00", 2)])
def test_codes(host, peer, status, told):
    peer.handler = content(b"why", status)
    token = send(host, "ICOAPSENDREQ", '1,"/a",""', told)
    host.expect(line(f'+ICOAPRCVRSP:{token},"/a",3,"why"'), OK)


def test_time_out_and_retransmission(host, peer):
    peer.handler = lambda message, send: None
    send(host, "ICOAPSENDREQ", '1,"/a",""', 1)
    assert len(peer.messages) > 1 and len({m.message_id for m in peer.messages}) == 1
    host.quiet()


def test_only_acknowledged(host, peer):
    host.ask('AT+ICOAPARA="TIMEOUT",0.5', OK)
    peer.handler = lambda message, send: send(CoapMessage(ACK, EMPTY, message.message_id))
    send(host, "ICOAPSENDREQ", '1,"/a",""', 1)
    host.quiet()


def test_late_response_is_dropped(host, peer):
    host.ask('AT+ICOAPARA="TIMEOUT",0.5', OK)
    kept = []
    peer.handler = lambda message, send: kept.append((message, send))
    send(host, "ICOAPSENDREQ", '1,"/a",""', 1)
    content(b"late")(*kept[0])
    peer.handler = content(b"in time")
    token = send(host, "ICOAPSENDREQ", '1,"/b",""')
    host.expect(line(f'+ICOAPRCVRSP:{token},"/b",7,"in time"'), OK)


def test_non_confirmable_without_response(host, peer):
    host.ask('AT+ICOAPARA="TIMEOUT",0.5', OK)
    peer.handler = lambda message, send: None
    send(host, "ICOAPSENDREQN", '1,"/a",""', None)
    wait_until(lambda: peer.messages, "the request")
    peer.handler = content(b"x")
    send(host, "ICOAPSENDREQ", '1,"/b",""')
    host.search("RCVRSP.*OK\r\n")


def test_reset(host, peer):
    peer.handler = lambda message, send: send(CoapMessage(RST, EMPTY, message.message_id))
    send(host, "ICOAPSENDREQ", '1,"/a",""', 2)
    host.quiet()


def test_nobody_there(peer, host):
    peer.close()
    send(host, "ICOAPSENDREQ", '1,"/a",""', 2)
    host.quiet()


def test_name_without_address(start_modem):
    host = start_modem("coap://nowhere.invalid")
    send(host, "ICOAPSENDREQ", '1,"/a",""', 2)


def test_foreign_tokens_and_garbage(host, peer):
    def handler(message, send):
        send(b"")
        send(b"\xff" * 40)
        send(b"\x60\x45")
        send(os.urandom(600))
        send(CoapMessage(NON, code("2.05"), 1, b"\x00\x00", [], b"foreign"))
        send(CoapMessage(ACK, code("2.05"), (message.message_id + 1) & 0xffff, message.token, [], b"no"))
        content(b"right")(message, send)

    peer.handler = handler
    token = send(host, "ICOAPSENDREQ", '1,"/a",""')
    host.expect(line(f'+ICOAPRCVRSP:{token},"/a",5,"right"'), OK)
    host.quiet()


def test_requests_survive_loss(tmp_path, start_modem):
    server = CoapServer(tmp_path / "coap", "-l", "30%")
    host = start_modem(f"coap://127.0.0.1:{server.port}")
    host.ask('AT+ICOAPARA="TIMEOUT",60', OK)
    host.send('AT+ICOAPSENDREQ=1,"/time",""\r' * 8)
    for _ in range(8):
        host.search(r"\+ICOAPSENDREQ:\d+,0\r\n")
    server.stop()


def test_reboot_with_requests_under_way(host, peer):
    peer.handler = lambda message, send: None
    for _ in range(3):
        host.request('AT+ICOAPSENDREQ=1,"/a",""', "ICOAPSENDREQ")
    host.ask("AT+IREBOOT=0", OK)
    host.ask_until_answered("AT", 1.2)
    host.quiet()


# ---- DTLS ----


def test_pre_shared_key(tmp_path, start_modem):
    server = CoapServer(tmp_path / "coap", "-k", "open sesame", "-h", "hint")
    uri = f"coaps://127.0.0.1:{server.port + 1}"
    host = start_modem(uri, coap__psk_identity="modem", coap__psk_key="open sesame")
    host.ask(AUTH, OK, "+ICOAPAUTH:OK")
    send(host, "ICOAPSENDREQ", '1,"/time",""')
    host.search("RCVRSP.*OK\r\n")
    wrong = start_modem(uri, coap__psk_identity="modem", coap__psk_key="open barley")
    send(wrong, "ICOAPSENDREQ", '1,"/time",""', 2)  # the server says nothing
    server.stop()


@pytest.mark.parametrize("name,trusted,status", [("server", "ca", 0), ("server", "other", 2),
                                                 ("expired", "ca", 2), ("misnamed", "ca", 2)])
def test_certificates(tmp_path, pki, start_modem, name, trusted, status):
    server = CoapServer(tmp_path / "coap", "-n", "-c", pki / f"{name}.pem", "-j", pki / f"{name}.key")
    host = start_modem(f"coaps://127.0.0.1:{server.port + 1}", coap__ca_file=pki / f"{trusted}.pem")
    send(host, "ICOAPSENDREQ", '1,"/time",""', status)
    server.stop()


def test_dtls_with_nobody(start_modem):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        host = start_modem(f"coaps://127.0.0.1:{silent.getsockname()[1]}")
        send(host, "ICOAPSENDREQ", '1,"/a",""', 2)
    host.quiet()
