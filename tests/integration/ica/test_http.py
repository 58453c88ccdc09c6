"""HTTP: the dialogues of the standard, each status and what it comes from, bad input, hostile servers."""

import socket
import threading

import pytest
from bench import DEADLINE, OK, Peer, cme, line, mute, wait_until
from web import Web

AUTH = 'AT+IHTTPAUTH="productKey001","deviceName001","deviceSecret123"'
LIGHT = r'2,"/livingroom/light","{\"action\":\"turnon\"}"'


@pytest.fixture
def web():
    web = Web(lambda request: (200, b'{"status":"on"}'))
    yield web
    web.close()


@pytest.fixture
def start_modem(start_daemon, open_host):
    """A host of a modem directed to a server; settings in keyword form: http__uri for http.uri."""

    def start(uri, **settings):
        settings = {name.replace("__", "."): value for name, value in settings.items()}
        host = open_host(start_daemon(settings={"http.uri": uri, **settings}))
        host.modem_settings = settings
        return host

    return start


@pytest.fixture
def host(web, start_modem):
    host = start_modem(web.url)
    host.ask(AUTH, OK, "+IHTTPAUTH:OK")
    web.requests.clear()
    web.connections = 0
    return host


def hostile(start_modem, handler, **settings):
    """A host whose modem has authenticated with a server that answers the first request properly and
    then does as the handler says."""
    first = threading.Event()

    def serve(connection):
        if first.is_set():
            handler(connection)
            return
        first.set()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.close()

    peer = Peer(serve)
    host = start_modem(f"http://127.0.0.1:{peer.port}", **settings)
    host.ask(AUTH, OK, "+IHTTPAUTH:OK")
    return host, peer


# ---- the standard's dialogues ----


def test_parameters(host):
    host.ask("AT+IHTTPARA?", '+IHTTPARA:"KEEPALIVE",0,"TIMEOUT",5', OK)
    host.ask('AT+IHTTPARA="KEEPALIVE",1,"TIMEOUT",6', OK)
    host.ask("AT+IHTTPARA?", '+IHTTPARA:"KEEPALIVE",1,"TIMEOUT",6', OK)
    host.ask('AT+IHTTPPARA="TIMEOUT",0.5', OK)
    host.ask('AT+IHTTTPARA="KEEPALIVE",0', OK)
    host.ask("AT+IHTTPARA?", '+IHTTPARA:"KEEPALIVE",0,"TIMEOUT",0.5', OK)


@pytest.mark.parametrize(
    "arguments",
    ['"KEEPALIVE",2', '"TIMEOUT",0.4', '"TIMEOUT",601', '"TIMEOUT",x', '"LIFE",1', '"KEEPALIVE"',
     '"KEEPALIVE",1,"KEEPALIVE",1', '"KEEPALIVE",1,"TIMEOUT",0', ""],
)
def test_bad_parameters(host, arguments):
    host.ask(f"AT+IHTTPARA={arguments}", cme(50))
    host.ask("AT+IHTTPARA?", '+IHTTPARA:"KEEPALIVE",0,"TIMEOUT",5', OK)


def test_send(host, web):
    host.ask(f"AT+IHTTPSEND={LIGHT}", OK, r'+IHTTPSEND:0,15,"{\"status\":\"on\"}"')
    request, = web.requests
    assert (request.method, request.path) == ("POST", "/livingroom/light")
    assert request.body == b'{"action":"turnon"}'
    assert request.headers["Content-Type"] == "application/octet-stream"
    assert request.headers["password"] is None
    host.ask("AT+IHTTPSEND?", f"+IHTTPSEND:{LIGHT}", OK)


def test_send_and_report(host, web):
    token = host.request(f"AT+IHTTPSENDREQ={LIGHT}", "IHTTPSENDREQ")
    report = rf'+IHTTPRCVRSP:{token},0,"/livingroom/light",15,"{{\"status\":\"on\"}}"'
    host.expect(line(report), OK)
    host.ask("AT+IHTTPRCVRSP?", report, OK)
    host.ask("AT+IHTTPSENDREQ?", f"+IHTTPSENDREQ:{LIGHT}", OK)


def test_send_binary(host, web):
    web.answer = lambda request: (200, b"\x11\x22\x33\xaa\xbb")
    host.ask('AT+IHTTPSENDBIN=2,"/livingroom/light",5', OK)
    host.send(b"\x11\x22\x33\xaa\xba")
    token = int(host.search(rb"^\r\n\+IHTTPSENDBIN:(\d+)\r\n\r\nOK\r\n").group(1))
    report = f'+IHTTPRCVBIN:{token},0,"/livingroom/light",5'
    host.expect(line(report), OK, b"\x11\x22\x33\xaa\xbb")
    assert web.requests[0].body == b"\x11\x22\x33\xaa\xba"
    host.ask("AT+IHTTPRCVBIN?", report, OK, b"\x11\x22\x33\xaa\xbb")
    host.ask("AT+IHTTPSENDBIN?", '+IHTTPSENDBIN:2,"/livingroom/light",5', OK,
             b"\x11\x22\x33\xaa\xba")
    host.quiet()


def test_send_binary_to_the_end_mark(host, web):
    every = bytes(range(256))
    host.ask('AT+IHTTPSENDBIN=3,"/b",0', ">")
    host.send(every + b"+++")
    host.search(rb"\+IHTTPSENDBIN:\d+\r\n\r\nOK\r\n")
    host.search(rb"\+IHTTPRCVRSP:\d+,0")
    assert web.requests[0].body == every and web.requests[0].method == "PUT"


def test_test_forms(host):
    for command, *answer in (
        ("+IHTTPARA", '+IHTTPARA:"ParaTag","ParaValue"', OK),
        ("+IHTTPAUTH", '+IHTTPAUTH:"PRODUCT_KEY","DEVICE_NAME","DEVICE_SECRET"', OK),
        ("+IHTTPSEND", '+IHTTPSEND:"method","path","message"', OK),
        ("+IHTTPSENDREQ", '+IHTTPSENDREQ:"method","path","message"', OK),
        ("+IHTTPSENDBIN", '+IHTTPSENDBIN:"method","path","msg_len"', OK, '"bin_message"'),
        ("+IHTTPRCVRSP", OK),
        ("+IHTTPRCVBIN", OK),
        ("+IHTTPDISCONN", OK),
    ):
        host.ask(f"AT{command}=?", *answer)


def test_read_forms_before_any_use(host):
    for name in ("SEND", "SENDREQ", "SENDBIN", "RCVRSP", "RCVBIN"):
        host.ask(f"AT+IHTTP{name}?", OK)


@pytest.mark.parametrize("alias", ["IHTTSEND", "IHTTPSEND"])
def test_other_spellings(host, alias):
    host.ask(f"AT+{alias}={LIGHT}", OK, r'+IHTTPSEND:0,15,"{\"status\":\"on\"}"')
    for name in ("IHTTSENDREQ", "IHTTPSENDRQ"):
        host.request(f"AT+{name}={LIGHT}", "IHTTPSENDREQ")
        host.search(r"RCVRSP.*OK\r\n")
    for name in ("IHTTPSENBIN", "IHTTPSEENDBIN", "IHTTSENDBIN", "IHTTSENBIN"):
        host.ask(f'AT+{name}=2,"/a",1', OK)
        host.send("x")
        host.search(r"\+IHTTPSENDBIN:\d+.*RCVRSP.*OK\r\n")
    host.ask("AT+IHTTPODISCONN", OK)


# ---- methods, texts, sizes ----


@pytest.mark.parametrize("number,method", [(1, "GET"), (2, "POST"), (3, "PUT"), (4, "DELETE")])
@pytest.mark.parametrize("text", ["", "x"])
def test_methods(host, web, number, method, text):
    host.ask(f'AT+IHTTPSEND={number},"a?b=c","{text}"', OK, r'+IHTTPSEND:0,15,"{\"status\":\"on\"}"')
    request, = web.requests
    assert (request.method, request.path, request.body) == (method, "/a?b=c", text.encode())
    has_body = text or method in ("POST", "PUT")
    assert (request.headers["Content-Type"] is not None) == bool(has_body)
    assert request.headers["Content-Length"] == (str(len(text)) if has_body else None)


@pytest.mark.parametrize(
    "body,told",
    [(b"", '0,""'), (b'a"b\\"c', r'6,"a\"b\\"c"'), (b"\x00\r\n\xff", b'4,"\x00\r\n\xff"'),
     ("温度".encode(), '6,"温度"')],
)
def test_texts_of_responses(host, web, body, told):
    web.answer = lambda request: (200, body)
    told = told if isinstance(told, bytes) else told.encode()
    host.ask('AT+IHTTPSEND=1,"/",""', OK, line(b"+IHTTPSEND:0," + told))


def test_raw_texts(web, start_modem):
    host = start_modem(web.url, ica__rcv_escape=0, ica__urc_ok=0, ica__urc_equals=1)
    host.ask(AUTH, OK, "+IHTTPAUTH:OK")
    host.ask('AT+IHTTPSEND=1,"/",""', OK, '+IHTTPSEND:0,15,"{"status":"on"}"')
    token = host.request(f"AT+IHTTPSENDREQ={LIGHT}", "IHTTPSENDREQ")
    host.expect(line(f'+IHTTPRCVRSP={token},0,"/livingroom/light",15,"{{"status":"on"}}"'))
    host.quiet()


def test_everything_as_text(web, start_modem):
    host = start_modem(web.url, ica__rcv_format="text")
    web.answer = lambda request: (200, b"{\n}\n")
    host.ask(AUTH, OK, "+IHTTPAUTH:OK")
    token = host.request(f"AT+IHTTPSENDREQ={LIGHT}", "IHTTPSENDREQ")
    host.expect(line(f'+IHTTPRCVRSP:{token},0,"/livingroom/light",4,"{{\n}}\n"'), OK)


def test_64_kib(host, web):
    big = bytes(range(256)) * 256
    web.answer = lambda request: (200, big)
    host.ask('AT+IHTTPSENDBIN=2,"/big",16384', OK)
    host.send(big[:16384])
    host.search(r"\+IHTTPSENDBIN:\d+\r\n\r\nOK\r\n")
    host.search(r'^\r\n\+IHTTPRCVBIN:\d+,0,"/big",65536\r\n\r\nOK\r\n')
    assert host.read(65536) == big
    assert web.requests[0].body == big[:16384]
    web.answer = lambda request: (200, big + b"x")
    host.ask('AT+IHTTPSEND=1,"/",""', OK, "+IHTTPSEND:255")
    host.quiet()


def test_message_limits(host, web):
    host.ask(f'AT+IHTTPSEND=2,"/{"p" * 255}","{"m" * 4096}"', OK)
    host.search(r'\+IHTTPSEND:0,.*"\r\n')
    assert web.requests[0].body == b"m" * 4096
    host.ask(f'AT+IHTTPSEND=2,"/{"p" * 256}","m"', cme(24))
    host.ask(f'AT+IHTTPSEND=2,"/","{"m" * 4097}"', cme(24))


@pytest.mark.parametrize(
    "arguments,error",
    [('0,"/",""', 50), ('5,"/",""', 50), ('x,"/",""', 50), ('1,"",""', 50), ('1,"/"', 50), ("1", 50),
     ('1,"/","",""', 50), ('1,"/","', 25), ('1,"/ab c",""', 50), ('1,"/\x01",""', 50),
     ('2,"/","{"a":1}"', 25), ("", 50)],
)
def test_bad_send(host, web, arguments, error):
    for name in ("SEND", "SENDREQ"):
        host.ask(f"AT+IHTTP{name}={arguments}", cme(error))
        host.ask(f"AT+IHTTP{name}?", OK)
    assert not web.requests


@pytest.mark.parametrize("arguments", ['1,"/",-1', '1,"/",16385', '1,"/",x', '9,"/",1', '1,"/"'])
def test_bad_binary_send(host, web, arguments):
    host.ask(f"AT+IHTTPSENDBIN={arguments}", cme(50))
    host.quiet()


def test_binary_data_cut_short(web, start_modem):
    host = start_modem(web.url, ica__data_timeout=1)
    host.ask(AUTH, OK, "+IHTTPAUTH:OK")
    host.ask('AT+IHTTPSENDBIN=2,"/a",5', OK)
    host.send("abc")
    host.expect(cme(50))
    assert len(web.requests) == 1
    host.ask_until_answered("AT", 1.2)


def test_wrong_forms(host):
    for command in ("+IHTTPSEND", "+IHTTPSENDREQ", "+IHTTPRCVRSP", "+IHTTPRCVBIN=1", "+IHTTPDISCONN?",
                    "+IHTTPDISCONN=1", "+IHTTPARA"):
        host.ask(f"AT{command}", cme(4))


# ---- status ----


@pytest.mark.parametrize(
    "http,status", [(201, 0), (204, 0), (301, 255), (400, 255), (401, 3), (403, 3), (404, 255),
                    (429, 5), (500, 255), (503, 255)])
def test_status(host, web, http, status):
    web.answer = lambda request: (http, b"", {"Location": "/elsewhere"} if http == 301 else {})
    host.ask('AT+IHTTPSEND=1,"/",""', OK, f"+IHTTPSEND:{status}" + (',0,""' if status == 0 else ""))
    token = host.request('AT+IHTTPSENDREQ=1,"/p",""', "IHTTPSENDREQ")
    host.expect(line(f"+IHTTPRCVRSP:{token},{status}" + (',"/p",0,""' if status == 0 else "")), OK)
    assert len(web.requests) == 2


def test_without_authentication(web, start_modem):
    host = start_modem(web.url)
    host.ask("AT+IHTTPAUTH?", '+IHTTPAUTH:"","",""', OK)
    host.ask("AT+IHTTPAUTH", cme(3))
    host.ask('AT+IHTTPSEND=1,"/",""', OK, "+IHTTPSEND:2")
    token = host.request('AT+IHTTPSENDREQ=1,"/",""', "IHTTPSENDREQ")
    host.expect(line(f"+IHTTPRCVRSP:{token},2"), OK)
    host.ask('AT+IHTTPSENDBIN=2,"/",1', OK)
    host.send("x")
    token = int(host.search(rb"^\r\n\+IHTTPSENDBIN:(\d+)\r\n\r\nOK\r\n").group(1))
    host.expect(line(f"+IHTTPRCVRSP:{token},2"), OK)
    assert not web.requests


def test_authentication(web, start_modem, open_host):
    host = start_modem(web.url)
    host.ask(AUTH, OK, "+IHTTPAUTH:OK")
    assert [(request.method, request.path) for request in web.requests] == [("GET", "/")]
    host.ask("AT+IHTTPAUTH?",
             '+IHTTPAUTH:"productKey001","deviceName001","deviceSecret123"', OK)
    host.ask("AT+IHTTPAUTH", OK, "+IHTTPAUTH:OK")
    # The three families keep their own.
    host.ask("AT+IMQTTAUTH?", '+IMQTTAUTH:"","",""', OK)
    host.ask("AT+ICOAPAUTH?", '+ICOAPAUTH:"","",""', OK)
    host.ask("AT+IREBOOT=0", OK)
    host.ask_until_answered("AT", 1.2)
    host.ask('AT+IHTTPSEND=1,"/",""', OK, "+IHTTPSEND:2")
    host.ask("AT+IHTTPAUTH", OK, "+IHTTPAUTH:OK")
    host.ask("AT+IDEFAULT", OK)
    host.ask_until_answered("AT", 1.2)
    host.ask("AT+IHTTPAUTH", cme(3))


def test_any_answer_authenticates(web, start_modem):
    web.answer = lambda request: (500, b"")
    host = start_modem(web.url)
    host.ask(AUTH, OK, "+IHTTPAUTH:OK")


def test_failed_authentication(start_modem):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    host = start_modem(f"http://127.0.0.1:{port}")
    host.ask(AUTH, OK, "+IHTTPAUTH:FAIL")
    host.ask("AT+IHTTPAUTH", cme(3))  # nothing is stored
    host.ask('AT+IHTTPSEND=1,"/",""', OK, "+IHTTPSEND:2")


def test_authentication_that_takes_long(start_modem):
    peer = Peer(mute)
    host = start_modem(f"http://127.0.0.1:{peer.port}", ica__conn_timeout=1)
    host.ask(AUTH, OK)
    host.ask(AUTH, cme(3))
    host.expect(line("+IHTTPAUTH:FAIL"))
    peer.close()


@pytest.mark.parametrize("arguments,error", [('"a","b"', 50), ('"","b","c"', 50), ('"a","b","c","d"', 50),
                                             (f'"{"a" * 65}","b","c"', 24), ('"a","b","c', 25)])
def test_bad_authentication(host, arguments, error):
    host.ask(f"AT+IHTTPAUTH={arguments}", cme(error))


def test_only_stored(web, start_modem):
    host = start_modem(web.url, ica__auth="none")
    host.ask(AUTH, OK)
    host.ask('AT+IHTTPSEND=1,"/",""', OK)
    host.search(r"\+IHTTPSEND:0")


# ---- connections ----


def test_each_its_own_connection(host, web):
    for _ in range(3):
        host.ask(f"AT+IHTTPSEND={LIGHT}", OK)
        host.search(r'SEND:0,.*"\r\n')
    assert web.connections == 3
    assert all(request.headers["Connection"] == "close" for request in web.requests)


def test_kept_connection(host, web):
    host.ask('AT+IHTTPARA="KEEPALIVE",1', OK)
    for _ in range(3):
        host.ask(f"AT+IHTTPSEND={LIGHT}", OK)
        host.search(r'SEND:0,.*"\r\n')
    assert web.connections == 1
    host.ask("AT+IHTTPDISCONN", OK)
    host.ask("AT+IHTTPDISCONN", OK)
    host.ask(f"AT+IHTTPSEND={LIGHT}", OK)  # the authentication stays
    host.search(r'SEND:0,.*"\r\n')
    assert web.connections == 2


def test_disconnect_ends_what_is_under_way(start_modem):
    asked = threading.Event()

    def never(connection):
        connection.recv(65536)
        asked.set()
        mute(connection)

    host, peer = hostile(start_modem, never)
    host.ask('AT+IHTTPSEND=1,"/a",""', OK)
    token = host.request('AT+IHTTPSENDREQ=1,"/b",""', "IHTTPSENDREQ")
    assert asked.wait(DEADLINE)
    host.ask("AT+IHTTPDISCONN", OK, "+IHTTPSEND:255", f"+IHTTPRCVRSP:{token},255", OK)
    host.quiet()
    peer.close()


def test_one_after_the_other(host, web):
    web.answer = lambda request: (200, request.path.encode())
    for number in range(20):
        host.send(f'AT+IHTTPSEND=1,"/{number}",""\r')
    for number in range(20):
        host.search(rf'\+IHTTPSEND:0,\d+,"/{number}"\r\n')
    assert [request.path for request in web.requests] == [f"/{number}" for number in range(20)]


def test_too_many_at_once(start_modem):
    host, peer = hostile(start_modem, mute)
    for _ in range(32):
        host.ask('AT+IHTTPSEND=1,"/",""', OK)
    host.ask('AT+IHTTPSEND=1,"/",""', cme(20))
    host.ask("AT+IHTTPDISCONN", OK, *["+IHTTPSEND:255"] * 32)
    peer.close()


# ---- TLS ----


@pytest.mark.parametrize("server,trusted,answer", [("server", "ca", "OK"), ("server", "other", "FAIL"),
                                                   ("expired", "ca", "FAIL"), ("misnamed", "ca", "FAIL")])
def test_https(pki, start_modem, server, trusted, answer):
    web = Web(certificate=pki / f"{server}.pem", key=pki / f"{server}.key")
    host = start_modem(web.url, http__ca_file=pki / f"{trusted}.pem")
    host.ask(AUTH, OK, f"+IHTTPAUTH:{answer}")
    web.close()


def test_https_without_verification(pki, start_modem):
    web = Web(certificate=pki / "misnamed.pem", key=pki / "misnamed.key")
    host = start_modem(web.url, http__insecure=1)
    host.ask(AUTH, OK, "+IHTTPAUTH:OK")
    web.close()


def test_redirected_name_is_the_one_that_is_verified(pki, start_modem):
    web = Web(certificate=pki / "misnamed.pem", key=pki / "misnamed.key")
    host = start_modem("https://elsewhere.example", http__ca_file=pki / "ca.pem",
                       network__redirect=f"elsewhere.example=127.0.0.1:{web.port}")
    host.ask(AUTH, OK, "+IHTTPAUTH:OK")
    assert web.requests[0].headers["Host"] == "elsewhere.example"
    web.close()


# ---- hostile servers ----


def close_at_once(connection):
    connection.recv(65536)
    connection.close()


def garbage(connection):
    connection.recv(65536)
    connection.sendall(b"\x00\xff garbage\r\n\r\n")
    connection.close()


def cut_body(connection):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")
    connection.close()


def endless_body(connection):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


def endless_head(connection):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-Header: " + b"x" * 1000 + b"\r\n")


def redirect_loop(connection):
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("handler,status", [(close_at_once, 4), (garbage, 255), (cut_body, 255),
                                            (endless_body, 255), (endless_head, 255),
                                            (redirect_loop, 255)])
def test_hostile_servers(start_modem, handler, status):
    host, peer = hostile(start_modem, handler)
    host.ask('AT+IHTTPSEND=1,"/",""', OK, f"+IHTTPSEND:{status}")
    host.ask('AT+IHTTPSEND=1,"/",""', OK, f"+IHTTPSEND:{status}")
    host.quiet()
    peer.close()


def test_mute_server(start_modem):
    host, peer = hostile(start_modem, mute)
    host.ask('AT+IHTTPARA="TIMEOUT",0.5', OK)
    host.ask('AT+IHTTPSEND=1,"/",""', OK, "+IHTTPSEND:255")
    peer.close()


def test_server_that_has_gone(web, host):
    web.close()
    host.ask('AT+IHTTPSEND=1,"/",""', OK, "+IHTTPSEND:4")


def test_host_that_goes_meanwhile(web, start_daemon, open_host):
    daemon = start_daemon(settings={"http.uri": web.url})
    host = open_host(daemon)
    host.ask(AUTH, OK, "+IHTTPAUTH:OK")
    gate = threading.Event()
    web.answer = lambda request: (gate.wait(DEADLINE), (200, b"late"))[1]
    host.request('AT+IHTTPSENDREQ=1,"/",""', "IHTTPSENDREQ")
    host.close()
    daemon.wait_log("the host has gone")
    gate.set()
    wait_until(lambda: len(web.requests) == 2, "the request")
    daemon.wait_log(r"(?s)http: .*200.*http: .*200")
    open_host(daemon).quiet()
