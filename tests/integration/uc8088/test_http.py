"""The HTTP family: flows of the manual, parameters, states, errors."""

import threading

import pytest
from bench import ERROR, OK, Peer, free_port, line
from uc import cme, ctl, ext, talk

HELLO = b"hello world"


@pytest.fixture
def web(start_web):
    return start_web(lambda request: (200, HELLO if request.method != "HEAD" else b""))


def at(web, path="/"):
    return f"127.0.0.1:{web.port}{path}"


def test_manual_forms(on):
    talk(on, """
        AT+HTTPTLS=? -> +HTTPTLS: (0-1) | OK
        AT+HTTPTLS? -> +HTTPTLS: 0 | OK
        AT+HTTPTLS=1 -> OK
        AT+HTTPTLS? -> +HTTPTLS: 1 | OK
        AT+HTTPPARA =? -> +HTTPPARA: [<httpparatag>:<httpparavalue>] | OK
        AT+HTTTPARA=? -> +HTTPPARA: [<httpparatag>:<httpparavalue>] | OK
        AT+HTTPARA=? -> +HTTPPARA: [<httpparatag>:<httpparavalue>] | OK
        AT+HTTPDATA=? -> +HTTPDATA: <lent>,<data> | OK
        AT+HTTPDATA=1, X -> OK
        AT+HTTPACTION=? -> +HTTPACTION: (0-3) | OK
        AT+HTTPREAD=? -> +HTTPREAD | OK
        AT+HTTPINIT -> OK
    """)


def test_manual_get(on, web):
    """2.49: a path, a URL with leaning slashes; the parameters are unquoted."""
    on.ask("at+httppara=path, /", OK)
    on.ask(f"at+httppara=url,http:\\\\{at(web, '')}", OK)
    on.ask("at+httpaction=0", "+HTTPACTION:0,11", OK)
    on.ask("at+httpread", "+HTTPREAD:11,", b"hello world\r\n", OK)
    on.ask("at+httpread", "+HTTPREAD:11,", b"hello world\r\n", OK)
    assert [(r.method, r.path, r.headers["Host"]) for r in web.requests] == [("GET", "/", f"127.0.0.1:{web.port}")]
    on.ask("AT+CGACT?", "+CGACT: 1,1", OK)


def test_manual_post(on, start_web):
    """2.50 and the later edition: headers add up, then a body."""
    web = start_web(lambda request: (200, b"x" * 292))
    on.ask("at+cgatt=1", OK)
    on.ask("at+cgact=1,1", OK)
    on.ask(f"at+httppara=url,http://{at(web, '/post')}", OK)
    on.ask("at+httpinit", OK)
    on.ask("at+httpaction=3", "+HTTPACTION:0,292", OK)
    on.ask("at+httppara=user,api-key:z40o57s9ctWnrAySMfpIfyq1A5M=", OK)
    on.ask("at+httppara=usre:Content-Type:application/json", OK)
    body = '{"datastreams":[{"id":"humi","datapoints":[{"value":20}]}]}'
    on.ask(f"at+httppara=body,{body}", OK)
    on.ask("at+httpaction=3", "+HTTPACTION:0,292", OK)
    on.ask("at+httpaction=2", "+HTTPACTION:0,292", OK)
    bare, post, put = web.requests
    assert (bare.method, bare.body, bare.headers["Content-Type"]) == ("POST", b"", None)
    assert (post.method, post.path, post.body) == ("POST", "/post", body.encode())
    assert post.headers["api-key"] == "z40o57s9ctWnrAySMfpIfyq1A5M="
    assert post.headers["Content-Type"] == "application/json"
    assert (put.method, put.body) == ("PUT", body.encode())


def test_manual_robot(start_modem, open_host, start_web, pki):
    """2.52 over TLS."""
    web = start_web(lambda request: (200, b"x" * 23), certificate=pki / "server.pem", key=pki / "server.key")
    host = open_host(start_modem(http__ca_file=pki / "ca.pem"))
    host.ask("at+cfun=1", OK)
    host.ask("at+httptls=1", OK)
    host.ask(f"at+httppara=url,localhost:{web.port}/send/?access_token=a;b,c", OK)
    host.ask("at+httppara=user,Content-Type:application/json", OK)
    host.ask("at+httpinit", OK)
    host.ask('at+httppara=body,{"msgtype":"text","text":{"content":"Happening:sys123"}}', OK)
    host.ask("at+httpaction=3", "+HTTPACTION:0,23", OK)
    assert web.requests[0].path == "/send/?access_token=a;b,c"
    host.ask("AT+HTTPTLS=0", OK)
    host.ask(f"at+httppara=url,https://localhost:{web.port}?x=1", OK)
    host.ask("at+httpaction=0", "+HTTPACTION:0,23", OK)
    assert web.requests[1].path == "/?x=1"


def test_url_port_and_path(on, web):
    for url, port, path, asked in (("127.0.0.1", web.port, "a/b", "/a/b"), (at(web, "/c"), 1, "/d", "/c"),
                                   (at(web, ""), 1, "/e", "/e"), (f"HTTP://{at(web, '?q=1')}", 1, "/f", "/f?q=1")):
        on.ask(f"AT+HTTPPARA=URL,{url}", OK)
        on.ask(f"AT+HTTPPARA=PORT,{port}", OK)
        on.ask(f"AT+HTTPPARA=PATH,{path}", OK)
        on.ask("AT+HTTPACTION=0", "+HTTPACTION:0,11", OK)
        assert web.requests[-1].path == asked


def test_quoted_values_and_escapes(on, web):
    on.ask(f'AT+HTTPPARA="URL","http://{at(web)}"', OK)
    on.ask('AT+HTTPPARA=USER,"A:1\\r\\nB:2"', OK)
    on.ask("AT+HTTPPARA=USER,C:3\\r\\nD:\\\"4\\\"", OK)
    on.ask("AT+HTTPPARA=USER,b: 5", OK)  # in place of B
    on.ask('AT+HTTPPARA=BODY,a "b" \\"c\\"\\n', OK)
    on.ask("AT+HTTPACTION=3", "+HTTPACTION:0,11", OK)
    request = web.requests[0]
    assert [request.headers[name] for name in "ABCD"] == ["1", "5", "3", '"4"']
    assert request.body == b'a "b" "c"\n'
    on.ask("AT+HTTPPARA?", f"+HTTPPARA: URL,http://{at(web)}", "+HTTPPARA: TIMEOUT,50",
           '+HTTPPARA: USER,A:1\\r\\nb:5\\r\\nC:3\\r\\nD:"4"', '+HTTPPARA: BODY,a "b" "c"\\n', OK)
    on.ask("AT+HTTPPARA=USER,", OK)
    on.ask("AT+HTTPDATA=4,\\n\\n\\n\\n", OK)
    on.ask("AT+HTTPACTION=3", "+HTTPACTION:0,11", OK)
    assert web.requests[1].headers["A"] is None and web.requests[1].body == b"\n\n\n\n"


@pytest.mark.parametrize("typed,body", [
    ("1, X", b"X"), ("2, X", b" X"), ('3,"a"', b'"a"'), ('1,"a"', b"a"), ('3, "a"', b'"a"'), ("3,a,b", b"a,b"),
    ("0,", b""), ("3,a;b", b"a;b")])
def test_length_of_data(on, web, typed, body):
    on.ask(f"AT+HTTPPARA=URL,{at(web)}", OK)
    on.ask(f"AT+HTTPDATA={typed}", OK)
    on.ask("AT+HTTPACTION=3", "+HTTPACTION:0,11", OK)
    assert web.requests[0].body == body


def test_head_and_statuses(on, start_web):
    web = start_web(lambda request: (int(request.path[1:]), b"" if request.method == "HEAD" else b"gone"))
    for status in (200, 404, 500, 301):
        on.ask(f"AT+HTTPPARA=URL,{at(web, '/' + str(status))}", OK)
        on.ask("AT+HTTPACTION=0", "+HTTPACTION:0,4", OK)
        on.ask("AT+HTTPACTION=1", "+HTTPACTION:0,0", OK)
        on.ask("AT+HTTPREAD", "+HTTPREAD:0,", OK)
    assert web.requests[1].method == "HEAD"


def test_report_by_itself(on, web):
    on.ask(f"AT+HTTPPARA=URL,{at(web)}", OK)
    on.ask("AT+HTTPPARA=MODE,1", OK)
    on.ask("AT+HTTPACTION=0", "+HTTPACTION:0,11", OK, "+HTTPREAD:11,", b"hello world\r\n")
    on.ask("AT+HTTPREAD", "+HTTPREAD:11,", b"hello world\r\n", OK)


def test_body_on_the_same_line(start_modem, open_host, web):
    host = open_host(start_modem(uc8088__httpread="line"))
    host.ask("AT+CFUN=1", OK)
    host.ask(f"AT+HTTPPARA=URL,{at(web)}", OK)
    host.ask("AT+HTTPACTION=0", "+HTTPACTION:0,11", OK)
    host.ask("AT+HTTPREAD", "+HTTPREAD:11,hello world", OK)


def test_term(on, web):
    on.ask(f"AT+HTTPPARA=URL,{at(web)}", OK)
    on.ask("AT+HTTPTLS=1", OK)
    on.ask("AT+HTTPTERM", OK)
    on.ask("AT+HTTPPARA?", "+HTTPPARA: TIMEOUT,50", OK)
    on.ask("AT+HTTPTLS?", "+HTTPTLS: 1", OK)
    ext(on, "AT+HTTPACTION=0", 0)
    cme(on, "AT+HTTPREAD", 22, "not found")


def fails(host, url, state):
    """With its own number, and a plain ERROR whatever CMEE is."""
    host.ask(f"AT+HTTPPARA=URL,{url}", OK)
    for style in (0, 2):
        host.ask(f"AT+CMEE={style}", OK)
        host.ask("AT+HTTPACTION=0", f"+HTTPACTION:{state},0", ERROR)
    cme(host, "AT+HTTPREAD", 22, "not found")


def test_states(on, start_web, pki):
    fails(on, f"127.0.0.1:{free_port()}", 203)
    fails(on, "nobody.invalid", 202)
    secure = start_web(certificate=pki / "server.pem", key=pki / "server.key")
    fails(on, f"https://localhost:{secure.port}", 206)
    big = start_web(lambda request: (200, b"x" * (1024 * 1024 + 1)))
    fails(on, at(big), 105)
    for answer, state in ((b"", 203), (b"hello\r\n\r\n", 209), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", 209)):
        def serve(connection, answer=answer):
            connection.recv(4096)
            connection.sendall(answer)
            connection.close()

        peer = Peer(serve)
        fails(on, f"127.0.0.1:{peer.port}", state)
        peer.close()


def test_time_out(on):
    silent = Peer(lambda connection: connection.recv(1 << 20) and connection.recv(1))
    on.ask("AT+HTTPPARA=TIMEOUT,1", OK)
    on.ask(f"AT+HTTPPARA=URL,127.0.0.1:{silent.port}", OK)
    on.ask("AT+HTTPACTION=0", "+HTTPACTION:208,0", ERROR)
    silent.close()


def test_the_network_goes_meanwhile(modem, active):
    asked = threading.Event()

    def serve(connection):
        connection.recv(4096)
        asked.set()
        connection.recv(1)

    peer = Peer(serve)
    active.ask(f"AT+HTTPPARA=URL,127.0.0.1:{peer.port}", OK)
    active.send("AT+HTTPACTION=0\r")
    assert asked.wait(20)
    ctl(modem, "network", "down")
    active.expect(line("+HTTPACTION:202,0"), ERROR)
    active.ask("AT+HTTPACTION=0", "+HTTPACTION:202,0", ERROR)
    peer.close()


def test_insecure(start_modem, open_host, start_web, pki):
    web = start_web(lambda request: (200, HELLO), certificate=pki / "misnamed.pem", key=pki / "misnamed.key")
    host = open_host(start_modem(http__insecure=1))
    host.ask("AT+CFUN=1", OK)
    host.ask("AT+HTTPTLS=1", OK)
    host.ask(f"AT+HTTPPARA=URL,{at(web)}", OK)
    host.ask("AT+HTTPACTION=0", "+HTTPACTION:0,11", OK)


def test_where_names_lead(start_modem, open_host, web):
    """Alibaba's names go to http.uri, any name where network.redirect says."""
    host = open_host(start_modem(http__uri=web.url, network__redirect=f"api.heclouds.com=127.0.0.1:{web.port}"))
    host.ask("AT+CFUN=1", OK)
    host.ask("AT+HTTPPARA=URL,https://iot-auth.cn-shanghai.aliyuncs.com/auth?x=1", OK)
    host.ask("AT+HTTPACTION=0", "+HTTPACTION:0,11", OK)
    host.ask("AT+HTTPPARA=URL,http://api.heclouds.com/devices/632952758", OK)
    host.ask("AT+HTTPACTION=0", "+HTTPACTION:0,11", OK)
    assert [r.path for r in web.requests] == ["/auth?x=1", "/devices/632952758"]
    assert web.requests[1].headers["Host"] == "api.heclouds.com"


def test_errors(on):
    for bad in ("", "URL", "NOSUCH,1", "PORT,0", "PORT,65536", "PORT,x", "TIMEOUT,0", "MODE,-1", "MODE,", "USER,noname",
                "USER,a b:c", "URL,ftp://h/", "URL,http://a b/", "PATH,/a b"):
        ext(on, f"AT+HTTPPARA={bad}", 0)
    for bad in ("", "1", "513,x", "x,x"):
        ext(on, f"AT+HTTPDATA={bad}", 0)
    for bad in ("", "4", "x", "0,0"):
        ext(on, f"AT+HTTPACTION={bad}", 0)
    ext(on, "AT+HTTPDATA=2,abc", 1)
    ext(on, "AT+HTTPACTION=0", 0)  # no URL
    ext(on, "AT+HTTPTLS=2", 0)
    for long in ("URL,http://h/" + "x" * 1020, "PATH,/" + "x" * 1024, "BODY," + "x" * 513, "USER,a:" + "x" * 511):
        cme(on, f"AT+HTTPPARA={long}", 24, "text string too long")
    cme(on, "AT+HTTPREAD", 22, "not found")
    for unknown in ("HTTPINIT=1", "HTTPREAD?", "HTTPACTION", "HTTPTLS"):
        cme(on, f"AT+{unknown}", 4, "operation not supported")
    on.ask("AT+CFUN=0", OK)
    ext(on, "AT+HTTPACTION=0", 15)


def test_secrets_stay_out_of_the_log(start_modem, open_host):
    modem = start_modem()
    host = open_host(modem)
    host.ask("AT+HTTPPARA=USER,api-key:sesame", OK)
    host.ask("AT+HTTPPARA?", "+HTTPPARA: TIMEOUT,50", "+HTTPPARA: USER,api-key:sesame", OK)
    assert "sesame" not in modem.log()
