"""The MCU's OTA against the local stand-in."""

import hashlib
import random

import pytest
from bench import OK, line
from cloud_device import DEVICE_NAME, PRODUCT_KEY, SECRET

HOST = f"{PRODUCT_KEY}.iot-as-mqtt.cn-shanghai.aliyuncs.com"


def failure(text):
    return line(f"+CME ERROR:{text}") + line("FAIL")


def arc(data):
    """CRC-16/ARC."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xa001 if crc & 1 else crc >> 1
    return crc


@pytest.fixture
def host(cloud, start_daemon, open_host, pki):
    host = open_host(start_daemon("--dialect", "aliyun-wifi", settings={
        "mqtt.host": "127.0.0.1", "mqtt.port": cloud.ports["mqtt"], "http.uri": cloud.url(""),
        "http.insecure": 1, "mqtt.ca_file": pki / "ca.pem"}))
    host.ask(f"AT+IMQTTAUTH={PRODUCT_KEY},{DEVICE_NAME},{SECRET}", OK)
    host.ask(f"AT+IDMCONN={HOST},443", "+IDMSTATE:1", OK)
    return host


def offer(cloud, host, content, version="2.0.0", **members):
    cloud.host(version, content, module="MCU", **members)
    host.ask("AT+IOTAVER=1.0.0", OK, f"+IOTASTATE:0,{version},{len(content)}")


def frame(host, number):
    host.send(f"AT+IOTASTX={number}\r")
    match = host.search(rf"^\r\n\+IOTASTX:{number},(\d+),(\d+),")
    data = host.read(int(match.group(1)))
    host.expect(b"\r\n", OK)
    assert arc(data) == int(match.group(2))
    return data


@pytest.mark.parametrize("method,number", [("Md5", 0), ("SHA256", 1)])
def test_update(cloud, host, method, number):
    content = random.Random(1).randbytes(1024 * 1024 if number else 3000)
    size = 2048 if number else 256
    host.ask("AT+IOTASTART=1", failure("no upgrade task"))
    offer(cloud, host, content, sign_method=method)
    host.ask(f"AT+IOTAPARA=BLOCKSIZE,{size}", OK)
    host.ask("AT+IOTASTART=1", OK, f"+IOTASTATE:1,2.0.0,{len(content)}", f"+IOTASTATE:2,2.0.0,{len(content)}",
             f"+IOTASTATE:5,2.0.0,{len(content)}")
    frames = -(-len(content) // size)
    digest = hashlib.new(method.lower(), content).hexdigest()
    host.ask("AT+IOTASHO", f'+IOTASHO:{frames},{size},2.0.0,{len(content)},{number},"{digest}"', OK)
    assert b"".join(frame(host, n) for n in range(frames)) == content
    host.expect(line("+IOTAEOT"))
    host.ask("AT+IOTASHO?", failure("no upgrade task"))
    host.ask("AT+IOTASTX=0", failure("no upgrade task"))
    host.ask("AT+IOTAVER=2.0.0", OK, f"+IOTASTATE:3,2.0.0,{len(content)}")
    host.quiet()


def test_refusal(cloud, host):
    offer(cloud, host, b"x" * 100)
    host.ask("AT+IOTASTART=0", OK)
    host.ask("AT+IOTASTART=1", failure("no upgrade task"))


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
    host.ask("AT+IOTASTART=1", OK, "+IOTASTATE:1,2.0.0,100000", "+IOTASTATE:2,2.0.0,100000",
             "+IOTASTATE:5,2.0.0,100000")
    assert frame(host, 3) == content[768:1024]


def test_query(cloud, host):
    cloud.host("2.0.0", b"x" * 100, module="MCU")
    host.ask("AT+IOTAQUERY", OK, "+IOTASTATE:0,2.0.0,100")


@pytest.mark.parametrize("command", ["IOTAPARA=BLOCKSIZE,63", "IOTAPARA=BLOCKSIZE,2049", "IOTAPARA=X,100",
                                     "IOTASTART=2", "IOTASTX=x", "IOTAVER=", 'IOTAVER=a"b', f"IOTAVER={'v' * 65}"])
def test_bad_input(host, command):
    host.ask(f"AT+{command}", failure("invalid parameter"))
