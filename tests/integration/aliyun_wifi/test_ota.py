"""The MCU's OTA against the local stand-in."""

import hashlib
import random

import pytest
from aw import INVALID, at_cloud, cme, connect_to_cloud, download, frame, offer
from bench import OK, line

NO_TASK = cme("no upgrade task")


@pytest.fixture
def modem(start_modem, cloud, pki):
    return start_modem(**at_cloud(cloud, pki))


@pytest.fixture
def host(modem, open_host):
    host = open_host(modem)
    connect_to_cloud(host)
    return host


@pytest.mark.parametrize("method,number", [("Md5", 0), ("SHA256", 1)])
def test_update(cloud, host, method, number):
    content = random.Random(1).randbytes(1024 * 1024 if number else 3000)
    size = 2048 if number else 256
    host.ask("AT+IOTASTART=1", NO_TASK)
    offer(cloud, host, content, sign_method=method)
    host.ask(f"AT+IOTAPARA=BLOCKSIZE,{size}", OK)
    download(host, len(content))
    frames = -(-len(content) // size)
    digest = hashlib.new(method.lower(), content).hexdigest()
    host.ask("AT+IOTASHO", f'+IOTASHO:{frames},{size},2.0.0,{len(content)},{number},"{digest}"', OK)
    assert b"".join(frame(host, n) for n in range(frames)) == content
    host.expect(line("+IOTAEOT"))
    host.ask("AT+IOTASHO?", NO_TASK)
    host.ask("AT+IOTASTX=0", NO_TASK)
    host.ask("AT+IOTAVER=2.0.0", OK, f"+IOTASTATE:3,2.0.0,{len(content)}")
    host.quiet()


def test_refusal(cloud, host):
    offer(cloud, host, b"x" * 100)
    host.ask("AT+IOTASTART=0", OK)
    host.ask("AT+IOTASTART=1", NO_TASK)


def test_wrong_digest(cloud, host):
    cloud.fault("announcement", wrong_digest=True)
    offer(cloud, host, b"x" * 100)
    host.ask("AT+IOTASTART=1", OK, "+IOTASTATE:1,2.0.0,100", "+IOTASTATE:2,2.0.0,100", "+IOTASTATE:4,2.0.0,100")
    host.quiet()


def test_expired_link(cloud, host):
    offer(cloud, host, b"x" * 100)
    cloud.fault("firmware", expired=True)
    host.ask("AT+IOTASTART=1", OK, "+IOTASTATE:1,2.0.0,100", "+IOTASTATE:4,2.0.0,100")


def test_resumed_download(cloud, host):
    content = random.Random(2).randbytes(100_000)
    offer(cloud, host, content)
    cloud.fault("firmware", drop_after=50_000)
    download(host, len(content))
    assert frame(host, 3) == content[768:1024]


def test_query(cloud, host):
    cloud.host("2.0.0", b"x" * 100, module="MCU")
    host.ask("AT+IOTAQUERY", OK, "+IOTASTATE:0,2.0.0,100")


@pytest.mark.parametrize("command", ["IOTAPARA=BLOCKSIZE,63", "IOTAPARA=BLOCKSIZE,2049", "IOTAPARA=X,100",
                                     "IOTASTART=2", "IOTASTX=x", "IOTAVER=", 'IOTAVER=a"b', f"IOTAVER={'v' * 65}"])
def test_bad_input(host, command):
    host.ask(f"AT+{command}", INVALID)
