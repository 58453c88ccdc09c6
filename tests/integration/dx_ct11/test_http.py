"""HTTP and HTTPS against real servers."""

import os
import signal

import pytest
from bench import OK, Peer, free_port, line, mute
from dx import CHEVRON, ctl, error, head_and_body, serve

METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD"]
EVERY_BYTE = bytes(range(256))


def point(host, web, path="/", cert=0):
    host.ask(f'AT+HTTPPARA="{web.url}{path}",0,{int(web.url.startswith("https"))},{cert}', OK)


def act(host, method=0):
    """A request; gives status line, headers, blocks of the body."""
    host.send(f"AT+HTTPACTION={method}\r")
    return head_and_body(host.search(rb"^(.*?\r\n)\r\nOK\r\n$").group(1))


def give(host, command, data):
    host.ask(f"AT+{command},{len(data)}" if "=" in command else f"AT+{command}={len(data)}", CHEVRON)
    host.send(data)
    host.expect(OK)


# ---- requests ----


@pytest.mark.parametrize("method", range(5))
def test_methods(host, start_web, method):
    """The body goes with POST and PUT, and stays."""
    web = start_web(lambda request: (200, b"answer"))
    point(host, web, "/path?q=1")
    give(host, "HTTPDATA", EVERY_BYTE * 4)
    for _ in range(2):
        status, headers, blocks = act(host, method)
        request = web.requests.pop()
        assert (request.method, request.path) == (METHODS[method], "/path?q=1")
        assert request.request_version == "HTTP/1.1"
        body = EVERY_BYTE * 4 if method in (1, 2) else b""
        assert request.body == body
        assert request.headers.get("Content-Type") == ("application/octet-stream" if body else None)
        assert status == "HTTP/1.1 200 OK"
        assert b"Content-Length: 6" in headers
        assert blocks == ([] if method == 4 else [b"answer"])


def test_headers(host, start_web):
    web = start_web()
    point(host, web)
    host.ask('AT+HTTPRQH="Content-Type","application/json"', OK)
    host.ask("AT+HTTPRQH=X-Bare,value", OK)
    host.ask('AT+HTTPRQH="X-Text","a, b: "c""', OK)
    host.ask('AT+HTTPRQH="User-Agent","me"', OK)
    host.ask('AT+HTTPRQH="Host","elsewhere.example"', OK)
    give(host, "HTTPDATA", b"{}")
    act(host, 1)
    headers = web.requests.pop().headers
    assert (headers["Content-Type"], headers["X-Bare"], headers["X-Text"]) == ("application/json", "value", 'a, b: "c"')
    assert (headers["User-Agent"], headers["Host"]) == ("me", "elsewhere.example")
    assert len(headers.get_all("Content-Type")) == 1
    host.ask("AT+HTTPRQH=content-type,text/plain", OK)  # of any case: in its place
    host.ask('AT+HTTPRQH="X-Text",""', OK)  # out
    host.ask('AT+HTTPRQH="X-Never",""', OK)
    host.ask("AT+HTTPRQH?", "+HTTPRQH:content-type:text/plain", "+HTTPRQH:X-Bare:value", "+HTTPRQH:User-Agent:me",
             "+HTTPRQH:Host:elsewhere.example", OK)
    act(host, 2)
    headers = web.requests.pop().headers
    assert headers.get_all("Content-Type") == ["text/plain"] and headers["X-Text"] is None
    point(host, web, "/other")  # headers and body stay
    act(host, 1)
    request = web.requests.pop()
    assert (request.path, request.headers["X-Bare"], request.body) == ("/other", "value", b"{}")


def test_sixteen_headers(host, start_web):
    web = start_web()
    point(host, web)
    for number in range(16):
        host.ask(f"AT+HTTPRQH=X-{number},{number}", OK)
    host.ask("AT+HTTPRQH=X-16,16", error(102))
    host.ask("AT+HTTPRQH=x-3,three", OK)
    act(host)
    assert web.requests[0].headers["X-3"] == "three" and web.requests[0].headers["X-15"] == "15"
    host.ask('AT+HTTPRQH=X-0,""', OK)
    host.ask("AT+HTTPRQH=X-16,16", OK)


def test_body(host, start_web):
    web = start_web()
    point(host, web)
    act(host, 1)
    assert web.requests.pop().body == b""
    give(host, "HTTPDATA", b"\r")
    act(host, 1)
    assert web.requests.pop().body == b"\r"
    give(host, "HTTPDATA", b"b" * 1024)
    act(host, 1)
    assert web.requests.pop().body == b"b" * 1024
    host.ask("AT+HTTPDATA=0", OK)  # no prompt
    act(host, 1)
    assert web.requests.pop().body == b""


def test_data_that_stop(host, start_web):
    web = start_web()
    point(host, web)
    give(host, "HTTPDATA", b"old")
    host.ask("AT+HTTPDATA=10", CHEVRON)
    host.send("new")
    host.expect(error(101))
    host.search_nothing(1.2)
    act(host, 1)
    assert web.requests.pop().body == b"old"


def test_no_para(host):
    for method in range(5):
        host.ask(f"AT+HTTPACTION={method}", error(102))


# ---- responses ----


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 2048, 300000])
def test_blocks(host, start_web, size):
    body = os.urandom(size)
    point(host, start_web(lambda request: (200, body)))
    status, headers, blocks = act(host)
    assert b"".join(blocks) == body
    assert all(len(block) == 1024 for block in blocks[:-1])
    if size % 1024:
        assert len(blocks[-1]) == size % 1024


def test_longest_body(host, start_web):
    """A MiB; one that is longer is refused whole."""
    size = [1 << 20]
    point(host, start_web(lambda request: (200, b"b" * size[0])))
    assert sum(map(len, act(host)[2])) == 1 << 20
    size[0] += 1
    host.ask("AT+HTTPACTION=0", error(201))


@pytest.mark.parametrize("status", [201, 204, 301, 302, 404, 500, 599])
def test_every_status_ends_in_ok(host, start_web, status):
    """Redirections are shown, not followed."""
    web = start_web(lambda request: (status, b"" if status == 204 else b"x", {"Location": "/next"}))
    point(host, web)
    first, headers, blocks = act(host)
    assert first.startswith(f"HTTP/1.1 {status}")
    assert b"Location: /next" in headers
    assert len(web.requests) == 1
    assert blocks == ([] if status == 204 else [b"x"])


def aim(host, port):
    host.ask(f'AT+HTTPPARA="http://127.0.0.1/",{port},0,0', OK)


def test_interim_response_is_not_shown(host):
    peer = serve(b"HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\n", b"HTTP/1.1 200 Fine\r\nX-Final: 1\r\nContent-Length: 2\r\n\r\nok")
    aim(host, peer.port)
    host.ask("AT+HTTPACTION=0", "HTTP/1.1 200 Fine", "X-Final: 1", "Content-Length: 2",
             line("$HTTPRECV:DATA,2") + b"ok\r\n", OK)
    peer.close()


def test_chunks_and_bodies_until_the_end(host):
    for head, body in ((b"Transfer-Encoding: chunked", b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), (b"X-A: b", b"abcde")):
        peer = serve(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n" + body)
        aim(host, peer.port)
        assert act(host) == ("HTTP/1.1 200 OK", [head], [b"abcde"])
        peer.close()


@pytest.mark.parametrize("parts", [(), (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",), (b"HTTP/1.1 200 OK\r\n",),
                                   (b"SSH-2.0-OpenSSH\r\n\r\n",),
                                   (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",)])
def test_cut_short(host, parts):
    """Nothing of it is shown."""
    peer = serve(*parts)
    aim(host, peer.port)
    host.ask("AT+HTTPACTION=0", error(201))
    host.quiet()
    peer.close()


def test_no_connection(host):
    aim(host, free_port())
    host.ask("AT+HTTPACTION=0", error(201))
    host.ask('AT+HTTPPARA="http://no.such.host.invalid/",80,0,0', OK)
    host.ask("AT+HTTPACTION=0", error(201))


# ---- where to ----


def test_port_and_scheme_of_the_parameters(host, start_web, pki):
    web = start_web()
    for url in ("http://127.0.0.1:1/a", "https://127.0.0.1:1/a", "127.0.0.1/a", "127.0.0.1:1/a", "HTTP://127.0.0.1/a"):
        host.ask(f'AT+HTTPPARA="{url}",{web.port},0,0', OK)
        act(host)
        assert web.requests.pop().path == "/a"
    for url in (f"http://127.0.0.1:{web.port}/a", f"127.0.0.1:{web.port}/a"):  # 0: the URL's own
        host.ask(f'AT+HTTPPARA="{url}",0,0,0', OK)
        act(host)
        assert web.requests.pop().path == "/a"
    secure = start_web(certificate=pki / "server.pem", key=pki / "server.key")
    for url in ("http://127.0.0.1/s", "127.0.0.1/s", "https://127.0.0.1:1/s"):
        host.ask(f'AT+HTTPPARA="{url}",{secure.port},1,0', OK)
        act(host)
        assert secure.requests.pop().path == "/s"


def test_names_of_the_cloud(start_modem, open_booted, start_web):
    web = start_web()
    host = open_booted(start_modem(http__uri=web.url))
    host.ask('AT+HTTPPARA="https://iot-as-http.cn-shanghai.aliyuncs.com/auth",443,1,0', OK)
    act(host)
    assert web.requests.pop().path == "/auth"
    host.ask("AT+HTTPPARA?", "+HTTPPARA:https://iot-as-http.cn-shanghai.aliyuncs.com/auth,443,1,0", OK)


def test_redirect_setting(start_modem, open_booted, start_web):
    web = start_web()
    host = open_booted(start_modem(network__redirect=f"httpbin.org=127.0.0.1:{web.port}"))
    host.ask('AT+HTTPPARA="http://httpbin.org/get",80,0,0', OK)
    act(host)
    assert web.requests.pop().headers["Host"] == "httpbin.org"


# ---- HTTPS ----


@pytest.fixture
def secure(start_web, pki):
    return lambda name="server": start_web(certificate=pki / f"{name}.pem", key=pki / f"{name}.key")


def test_verified(host, secure, pki):
    """The certificate may be set after HTTPPARA, as in the manual."""
    web = secure()
    point(host, web, cert=1)
    host.ask("AT+HTTPACTION=0", error(201))
    give(host, "HTTPCERTIFI=1", (pki / "ca.pem").read_bytes())
    assert act(host)[0] == "HTTP/1.1 200 OK"
    give(host, "HTTPCERTIFI=1", (pki / "other.pem").read_bytes())
    host.ask("AT+HTTPACTION=0", error(201))
    point(host, web, cert=0)
    assert act(host)[0] == "HTTP/1.1 200 OK"
    point(host, web, cert=1)
    host.ask("AT+HTTPCERTIFI=0,0", OK)
    host.ask("AT+HTTPCERTIFI?", "+HTTPCERTIFI:0,0,", OK)
    host.ask("AT+HTTPACTION=0", error(201))


@pytest.mark.parametrize("name", ["expired", "misnamed"])
def test_bad_servers(host, secure, pki, name):
    point(host, secure(name), cert=1)
    give(host, "HTTPCERTIFI=1", (pki / "ca.pem").read_bytes())
    host.ask("AT+HTTPACTION=0", error(201))


def test_trust_of_settings(start_modem, open_booted, secure, pki):
    host = open_booted(start_modem(http__ca_file=pki / "ca.pem"))
    point(host, secure(), cert=1)
    assert act(host)[0] == "HTTP/1.1 200 OK"
    point(host, secure("misnamed"), cert=1)
    host.ask("AT+HTTPACTION=0", error(201))
    host = open_booted(start_modem(http__insecure=1))
    point(host, secure("misnamed"), cert=1)
    assert act(host)[0] == "HTTP/1.1 200 OK"


def test_not_a_certificate(host):
    host.ask("AT+HTTPCERTIFI=1,5", CHEVRON)
    host.send("no\r\nt")
    host.expect(error(103))
    host.ask("AT+HTTPCERTIFI?", "+HTTPCERTIFI:0,0,", OK)


def test_daemon_stops_amid_a_request(modem, host):
    peer = Peer(mute)
    aim(host, peer.port)
    host.send("AT+HTTPACTION=0\r")
    modem.wait_log(r"> AT\+HTTPACTION")
    modem.stop(signal.SIGTERM)
    peer.close()


def test_network_that_goes_amid_a_request(modem, host):
    peer = Peer(mute)
    aim(host, peer.port)
    host.send("AT+HTTPACTION=0\r")
    modem.wait_log(r"> AT\+HTTPACTION")
    ctl(modem, "network", "down")
    host.expect(error(201))
    host.ask("AT+HTTPACTION=0", error(201))
    peer.close()
