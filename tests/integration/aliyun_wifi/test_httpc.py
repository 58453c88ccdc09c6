"""HTTPC: all methods, what is sent with them, HTTPS, redirection of hosts, limits."""

import time

import pytest
from aw import INVALID, cme
from bench import OK, Peer, line, mute

FAILED = cme("http failed")


@pytest.fixture
def web(start_web):
    return start_web(lambda request: (200, f"{request.method} {request.path} ".encode() + request.body))


@pytest.mark.parametrize("number,method,type", [(1, "POST", 0), (1, "POST", 1), (1, "POST", 2), (2, "PUT", 3),
                                                (2, "PUT", 0)])
def test_with_a_body(host, web, number, method, type):
    answer = f'{method} /a?b=1 {{"a": [1, "x"]}} '
    host.ask(f'AT+HTTPC={number},{type},{web.url}/a?b=1,{{"a": [1, "x"]}} ', f"+HTTPC:{len(answer)},{answer}", OK)
    assert web.requests[0].headers["Content-Type"] == (
        "application/x-www-form-urlencoded", "application/json", "multipart/form-data", "text/xml")[type]


@pytest.mark.parametrize("number,method", [(1, "POST"), (2, "PUT")])
def test_an_empty_body(host, web, number, method):
    host.ask(f"AT+HTTPC={number},1,{web.url}/x", f"+HTTPC:{len(method) + 4},{method} /x ", OK)
    assert web.requests[0].headers["Content-Length"] == "0"


@pytest.mark.parametrize("number,method", [(0, "GET"), (3, "DELETE")])
def test_without_a_body(host, web, number, method):
    host.ask(f"AT+HTTPC={number},1,{web.url}/x,ignored", f"+HTTPC:{len(method) + 4},{method} /x ", OK)
    headers = web.requests[0].headers
    assert "Content-Type" not in headers and headers.get("Content-Length", "0") == "0"


def test_head(host, start_web):
    web = start_web(lambda request: (404, b""))
    host.ask(f"AT+HTTPC=4,0,{web.url}/x", "+HTTPC:0,", OK)
    assert web.requests[0].method == "HEAD"


def test_a_body_is_given_as_it_is(host, start_web):
    body = bytes(range(256)) + b"\r\nOK\r\n"
    web = start_web(lambda request: (500, body))
    host.ask(f"AT+HTTPC=0,0,{web.url}", line(b"+HTTPC:262," + body), OK)


@pytest.mark.parametrize("trust,good", [("ca.pem", True), ("other.pem", False), (None, False)])
def test_https(start_modem, open_host, start_web, pki, trust, good):
    web = start_web(lambda request: (200, b"secret"), pki / "server.pem", pki / "server.key")
    host = open_host(start_modem(**({"http__ca_file": pki / trust} if trust else {})))
    host.ask(f"AT+HTTPC=0,0,{web.url}/x", *(("+HTTPC:6,secret", OK) if good else (FAILED,)))


def test_https_with_a_wrong_name_or_time(start_modem, open_host, start_web, pki):
    strict = open_host(start_modem(http__ca_file=pki / "ca.pem"))
    lax = open_host(start_modem(http__insecure=1))
    for name in ("misnamed", "expired"):
        web = start_web(lambda request: (200, b"x"), pki / f"{name}.pem", pki / f"{name}.key")
        strict.ask(f"AT+HTTPC=0,0,{web.url}", FAILED)
        lax.ask(f"AT+HTTPC=0,0,{web.url}", "+HTTPC:1,x", OK)


def test_hosts_of_the_cloud_and_redirected_ones(start_modem, open_host, web):
    host = open_host(start_modem(http__uri=web.url, network__redirect=f"*.example=127.0.0.1:{web.port}"))
    host.ask("AT+HTTPC=0,0,https://iot-as-http.cn-shanghai.aliyuncs.com/auth?x=1", "+HTTPC:14,GET /auth?x=1 ", OK)
    host.ask("AT+HTTPC=0,0,www.example/y?u=ftp://h", "+HTTPC:17,GET /y?u=ftp://h ", OK)
    assert web.requests[1].headers["Host"] == "www.example"


@pytest.mark.parametrize("more", [0, 1])
def test_longest_body(host, start_web, more):
    body = b"b" * (1024 * 1024 + more)
    web = start_web(lambda request: (200, body))
    host.ask(f"AT+HTTPC=0,0,{web.url}", *((FAILED,) if more else (line(b"+HTTPC:1048576," + body), OK)))
    host.quiet()


def test_time_limit_and_lines_sent_meanwhile(host):
    peer = Peer(mute)
    start = time.monotonic()
    host.send(f"AT+HTTPC=0,0,127.0.0.1:{peer.port}\rAT+UARTE?\r")
    host.expect(FAILED, line("+UARTE:0"), OK)
    assert 8.9 < time.monotonic() - start < 10
    peer.close()


@pytest.mark.parametrize("arguments", ["", "0", "0,0", "0,0,", "5,0,h", "-1,0,h", "0,4,h", "0,x,h", "0,0,a b",
                                       "0,0,http://", "0,0,ftp://h/", "0,0,://h", "0,0," + "u" * 1025,
                                       "1,0,h," + "d" * 4097])
def test_bad_arguments(host, arguments):
    host.ask(f"AT+HTTPC={arguments}", INVALID if len(arguments) < 4080 else line("ERROR"))
