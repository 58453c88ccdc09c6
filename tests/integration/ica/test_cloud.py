"""The cloud's own CoAP and HTTPS access, against the local stand-in, which checks every signature."""

import json
import subprocess

import pytest
from bench import DEADLINE, OK, cme, free_port, line, wait_until
from coap import bound
from standin import DEVICE_NAME, PRODUCT_KEY, Standin

SECRET = "c75b6a4e39342f02ec161ba682566054"
TRIPLE = f'"{PRODUCT_KEY}","{DEVICE_NAME}","{SECRET}"'
WRONG = f'"{PRODUCT_KEY}","{DEVICE_NAME}","00000000000000000000000000000000"'
TOPIC = f"/{PRODUCT_KEY}/{DEVICE_NAME}/user/update"


@pytest.fixture
def cloud(tmp_path):
    cloud = Standin(tmp_path / "cloud")
    yield cloud
    cloud.stop()


@pytest.fixture
def host(cloud, start_daemon, open_host):
    return open_host(start_daemon(settings={
        "ica.auth": "cloud", "http.uri": cloud.url(""), "coap.uri": f"coap://127.0.0.1:{cloud.ports['coap']}",
    }))


@pytest.fixture
def by_name(cloud, start_daemon, open_host):
    """Nothing set: the cloud's names, led to the stand-in."""
    return open_host(start_daemon(settings={
        "network.redirect": f"*.coap.cn-shanghai.link.aliyuncs.com=127.0.0.1:{cloud.ports['coap']}"}))


# ---- HTTP ----


def test_http(host, cloud):
    host.ask('AT+IHTTPSEND=2,"/x","y"', OK, "+IHTTPSEND:2")
    host.ask(f"AT+IHTTPAUTH={TRIPLE}", OK, "+IHTTPAUTH:OK")
    host.ask(f'AT+IHTTPSEND=2,"{TOPIC}","hello"', OK)
    host.search(rb'^\r\n\+IHTTPSEND:0,\d+,"\{\\"code\\":0,.*\}"\r\n')
    record, = cloud.records(1, kind="message", topic=TOPIC)
    assert record["payload"] == b"hello"
    host.quiet()


def test_http_refusals(host, cloud):
    host.ask(f"AT+IHTTPAUTH={WRONG}", OK, "+IHTTPAUTH:FAIL")
    host.ask(f'AT+IHTTPSEND=2,"{TOPIC}","x"', OK, "+IHTTPSEND:2")
    host.ask(f"AT+IHTTPAUTH={TRIPLE}", OK, "+IHTTPAUTH:OK")
    cloud.control("/expire")
    host.ask(f'AT+IHTTPSEND=2,"{TOPIC}","x"', OK, "+IHTTPSEND:1")
    host.ask("AT+IHTTPAUTH", OK, "+IHTTPAUTH:OK")
    host.ask(f'AT+IHTTPSEND=2,"{TOPIC}","x"', OK)
    host.search(r'\+IHTTPSEND:0,.*"\r\n')


@pytest.mark.parametrize("code,status", [(20001, 1), (20002, 2), (20003, 3), (30001, 4), (40000, 5),
                                         (10000, 255), (20004, 255), (-5, 255)])
def test_http_codes(host, cloud, code, status):
    host.ask(f"AT+IHTTPAUTH={TRIPLE}", OK, "+IHTTPAUTH:OK")
    cloud.fault("http.report", count=2, code=code)
    host.ask(f'AT+IHTTPSEND=2,"{TOPIC}","x"', OK, f"+IHTTPSEND:{status}")
    token = host.request(f'AT+IHTTPSENDREQ=2,"{TOPIC}","x"', "IHTTPSENDREQ")
    host.expect(line(f"+IHTTPRCVRSP:{token},{status}"), OK)


def test_http_that_is_no_cloud(host, cloud):
    cloud.fault("http.auth", status=200)
    host.ask(f"AT+IHTTPAUTH={TRIPLE}", OK, "+IHTTPAUTH:FAIL")
    host.ask(f"AT+IHTTPAUTH={TRIPLE}", OK, "+IHTTPAUTH:OK")
    cloud.fault("http.report", status=503)
    host.ask(f'AT+IHTTPSEND=2,"{TOPIC}","x"', OK, "+IHTTPSEND:255")


def test_https(tmp_path, pki, start_daemon, open_host):
    cloud = Standin(tmp_path / "tls", "--certificate", pki / "server.pem", "--key", pki / "server.key")
    host = open_host(start_daemon(settings={
        "ica.auth": "cloud", "http.uri": cloud.url("", "https"), "http.ca_file": pki / "ca.pem"}))
    host.ask(f"AT+IHTTPAUTH={TRIPLE}", OK, "+IHTTPAUTH:OK")
    cloud.stop()


# ---- CoAP ----


def report(host, status=0):
    token = host.request(f'AT+ICOAPSENDREQ=2,"{TOPIC}","hello"', "ICOAPSENDREQ")
    host.expect(line(f"+ICOAPSENDREQ:{token},{status}"))
    return token


@pytest.mark.parametrize("where", ["host", "by_name"])
def test_coap(where, request, cloud):
    host = request.getfixturevalue(where)
    host.ask('AT+ICOAPSENDREQ=2,"/x","y"', cme(3))
    host.ask(f"AT+ICOAPAUTH={TRIPLE}", OK, "+ICOAPAUTH:OK")
    for _ in range(3):
        token = report(host)
        host.search(rf'^\r\n\+ICOAPRCVRSP:{token},"{TOPIC}",\d+,".*"\r\n\r\nOK\r\n')
    records = cloud.records(3, kind="message", topic=TOPIC)
    assert [record["payload"] for record in records] == [b"hello"] * 3


def test_coap_refusals(host, cloud):
    host.ask(f"AT+ICOAPAUTH={WRONG}", OK, "+ICOAPAUTH:FAIL")
    host.ask(f'AT+ICOAPSENDREQ=2,"{TOPIC}","x"', cme(3))
    host.ask("AT+ICOAPAUTH", cme(3))


def test_coap_renews_its_token(host, cloud):
    host.ask(f"AT+ICOAPAUTH={TRIPLE}", OK, "+ICOAPAUTH:OK")
    cloud.control("/expire")
    report(host)
    host.search("RCVRSP.*OK\r\n")
    assert len(cloud.records(2, kind="auth")) == 2
    cloud.fault("coap.report", code="4.02")
    report(host)
    host.search("RCVRSP.*OK\r\n")
    assert len(cloud.records(3, kind="auth")) == 3


def test_coap_does_not_ask_for_ever(host, cloud):
    host.ask(f"AT+ICOAPAUTH={TRIPLE}", OK, "+ICOAPAUTH:OK")
    cloud.fault("coap.report", count=None, code="4.01")
    report(host, 2)
    host.search("RCVRSP.*OK\r\n")
    assert len(cloud.records(2, kind="auth")) == 2


def test_coap_renewal_that_is_refused(host, cloud):
    host.ask(f"AT+ICOAPAUTH={TRIPLE}", OK, "+ICOAPAUTH:OK")
    cloud.control("/expire")
    cloud.fault("coap.auth", count=None, code="4.00")
    report(host, 2)
    cloud.fault("coap.auth", count=0)
    report(host)


def test_coap_cloud_that_falls_silent(host, cloud):
    host.ask(f"AT+ICOAPAUTH={TRIPLE}", OK, "+ICOAPAUTH:OK")
    host.ask('AT+ICOAPARA="TIMEOUT",0.5', OK)
    cloud.control("/expire")
    cloud.fault("coap.auth", count=None, silent=True)
    report(host, 1)


def test_coap_other_methods(host, cloud):
    host.ask(f"AT+ICOAPAUTH={TRIPLE}", OK, "+ICOAPAUTH:OK")
    token = host.request(f'AT+ICOAPSENDREQ=1,"{TOPIC}",""', "ICOAPSENDREQ")
    host.expect(line(f"+ICOAPSENDREQ:{token},2"))


def test_coap_second_device(host, cloud):
    host.ask(f"AT+ICOAPAUTH={TRIPLE}", OK, "+ICOAPAUTH:OK")
    host.ask(f'AT+ICOAPAUTH="{PRODUCT_KEY}","dev002","00112233445566778899aabbccddeeff"', OK, "+ICOAPAUTH:OK")
    topic = f"/{PRODUCT_KEY}/dev002/user/update"
    token = host.request(f'AT+ICOAPSENDREQ=2,"{topic}","x"', "ICOAPSENDREQ")
    host.expect(line(f"+ICOAPSENDREQ:{token},0"))


def test_coap_only_stored(cloud, start_daemon, open_host):
    host = open_host(start_daemon(settings={
        "ica.auth": "none",
        "network.redirect": f"*.aliyuncs.com=127.0.0.1:{cloud.ports['coap']}"}))
    host.ask(f"AT+ICOAPAUTH={TRIPLE}", OK)
    report(host)


def test_coap_over_dtls(tmp_path, pki, cloud, start_daemon, open_host):
    """The cloud's other variant: a token, and nothing encrypted but the line."""
    port = free_port()
    front = subprocess.Popen(
        ["socat", f"OPENSSL-DTLS-LISTEN:{port},bind=127.0.0.1,cert={pki}/server.pem,"
         f"key={pki}/server.key,verify=0,fork", f"UDP:127.0.0.1:{cloud.ports['coap_dtls']}"])
    try:
        wait_until(lambda: bound(port), "the front")
        host = open_host(start_daemon(settings={
            "ica.auth": "cloud", "coap.uri": f"coaps://127.0.0.1:{port}", "coap.ca_file": pki / "ca.pem"}))
        host.ask(f"AT+ICOAPAUTH={TRIPLE}", OK, "+ICOAPAUTH:OK")
        token = report(host)
        host.search(rf"\+ICOAPRCVRSP:{token},.*OK\r\n")
        record, = cloud.records(1, kind="message", topic=TOPIC)
        assert record["payload"] == b"hello"
    finally:
        front.terminate()
        front.wait(DEADLINE)


# ---- OTA over CoAP ----


def test_ota_over_coap(host, cloud):
    content = bytes(range(256)) * 3
    cloud.host("2.0.0", content)
    host.ask('AT+IOTAVER="1.0.0"', OK)
    host.ask(f"AT+ICOAPAUTH={TRIPLE}", OK, "+ICOAPAUTH:OK")
    host.search(r'^\r\n\+IOTANEWVER:"2.0.0",768,"[0-9a-f]{32}"\r\n\r\nOK\r\n')
    host.send("AT+IOTABLOCK=0\r")
    host.search(r"\+IOTABLOCK:512,0x[0-9A-F]{4}\r\n\r\nOK\r\n")
    assert host.read(512) == content[:512]
    host.ask("AT+IOTAPGS=50", OK)
    record, = cloud.records(1, kind="message", topic=f"/ota/device/progress/{PRODUCT_KEY}/{DEVICE_NAME}")
    assert record["via"] == "coap" and json.loads(record["payload"])["params"]["step"] == "50"
