"""OTA: other checksums, hexadecimal frames, other modules, frames cut anew, offers that replace each other, images
that are too large or that nobody could check."""

import hashlib
import json
import random

import pytest
from aw import arc, at_cloud, cme, connect_to, connect_to_cloud, crc16, download, frame, offer
from bench import OK, line, wait_until
from cloud_device import NAMES
from web import Web

NO_TASK = cme("no upgrade task")
CONTENT = random.Random(3).randbytes(600)
CHECKSUMS = {"arc": arc, "modbus": lambda data: crc16(data, 0x8005, 0xffff, True),
             "ccitt-false": lambda data: crc16(data, 0x1021, 0xffff, False),
             "xmodem": lambda data: crc16(data, 0x1021, 0, False)}


@pytest.fixture
def start_host(start_modem, open_host, cloud, pki):
    """A host whose module is connected to the cloud."""
    def start(**settings):
        host = open_host(start_modem(**at_cloud(cloud, pki), **settings))
        connect_to_cloud(host)
        return host

    return start


@pytest.mark.parametrize("kind", CHECKSUMS)
def test_checksums(cloud, start_host, kind):
    assert {name: check(b"123456789") for name, check in CHECKSUMS.items()} == {
        "arc": 0xbb3d, "modbus": 0x4b37, "ccitt-false": 0x29b1, "xmodem": 0x31c3}
    host = start_host(aw__crc16=kind)
    offer(cloud, host, CONTENT)
    download(host, 600)
    assert frame(host, 1, CHECKSUMS[kind]) == CONTENT[256:512]


def test_frames_in_hexadecimal_digits(cloud, start_host):
    host = start_host(aw__ota_data="hex")
    offer(cloud, host, CONTENT)
    download(host, 600)
    data = CONTENT[512:]
    host.ask("AT+IOTASTX=2", f"+IOTASTX:2,{len(data)},{arc(data)},{data.hex().upper()}", OK)


@pytest.mark.parametrize("setting,module", [("sensor", "sensor"), ("", "default"), ("default", "default")])
def test_modules(cloud, start_host, setting, module):
    host = start_host(aw__ota_module=setting)
    cloud.host("3.0.0", CONTENT, module="MCU" if module != "MCU" else "x")
    cloud.control("/announce", device="one", module="MCU")  # somebody else's
    offer(cloud, host, CONTENT, module=module)
    told = json.loads(cloud.records(1, topic=f"/ota/device/inform/{NAMES}")[-1]["payload"])["params"]
    assert told.get("module", "default") == module
    host.ask("AT+IOTAQUERY", OK, "+IOTASTATE:0,2.0.0,600")
    download(host, 600)
    step = cloud.records(1, topic=f"/ota/device/progress/{NAMES}")[-1]
    assert json.loads(step["payload"])["params"].get("module", "default") == module


def test_cut_anew_while_ready(cloud, start_host):
    host = start_host()
    offer(cloud, host, CONTENT)
    download(host, 600)
    digest = hashlib.md5(CONTENT).hexdigest()
    for number in (0, 1):
        frame(host, number)
    host.ask("AT+IOTAPARA=BLOCKSIZE,300", OK)
    host.ask("AT+IOTASHO?", f'+IOTASHO:2,300,2.0.0,600,0,"{digest}"', OK)
    host.ask("AT+IOTASTX=2", cme("invalid parameter"))
    assert frame(host, 1) + frame(host, 1) == CONTENT[300:] * 2
    host.quiet()  # the ones before do not count
    assert frame(host, 0) == CONTENT[:300]
    host.expect(line("+IOTAEOT"))


@pytest.mark.parametrize("ready", [False, True])
def test_an_offer_that_replaces_another(cloud, start_host, ready):
    host = start_host()
    offer(cloud, host, CONTENT)
    if ready:
        download(host, 600)
    cloud.host("2.1.0", b"newer", module="MCU")
    cloud.control("/announce", device="one", module="MCU")
    host.expect(line("+IOTASTATE:0,2.1.0,5"))
    host.ask("AT+IOTASTX=0", NO_TASK)
    download(host, 5, "2.1.0")
    assert frame(host, 0) == b"newer"
    host.expect(line("+IOTAEOT"))


# ---- a plain broker, and offers that the cloud would not make ----


@pytest.fixture
def plain(host, broker):
    host.ask("AT+IMQTTCRED=c1,dn&pk,password", OK)
    connect_to(host, broker.port)
    return host


def announce(watcher, **members):
    data = {"size": 5, "version": "2", "url": "http://127.0.0.1:1/image", "md5": hashlib.md5(b"image").hexdigest(),
            "signMethod": "Md5", "module": "MCU", **members}
    data = {name: value for name, value in data.items() if value is not None}
    watcher.publish("/ota/device/upgrade/pk/dn", json.dumps({"code": "1000", "data": data, "id": 1}))


def steps(watcher):
    return [json.loads(message.payload)["params"]["step"] for message in watcher.messages
            if message.topic == "/ota/device/progress/pk/dn"]


def test_too_large(plain, watcher):
    announce(watcher, size=16 * 1024 * 1024)
    plain.expect(line("+IOTASTATE:0,2,16777216"))
    announce(watcher, size=16 * 1024 * 1024 + 1)
    plain.expect(line("+IOTASTATE:4,2,16777217"))
    plain.ask("AT+IOTASTART=1", NO_TASK)
    wait_until(lambda: steps(watcher) == ["-2"], "what the cloud hears")


@pytest.mark.parametrize("members", [{"version": None}, {"size": None}, {"size": "x"}, {"url": None}, {"md5": None},
                                     {"md5": "12"}, {"module": None}, {"module": "other"}])
def test_offers_that_are_none(plain, watcher, members):
    announce(watcher, **members)
    announce(watcher, version="good")
    plain.expect(line("+IOTASTATE:0,good,5"))
    plain.quiet()


def test_an_answer_that_says_no(plain, watcher):
    plain.ask("AT+IOTAQUERY", OK)
    for data in ('"data":{}', '"data":null', '"id":"1"'):
        watcher.publish("/sys/pk/dn/thing/ota/firmware/get_reply", f'{{"code":200,{data}}}')
    watcher.publish("/sys/pk/dn/thing/ota/firmware/get_reply", '{"code":460,"data":{"version":"2","size":1}}')
    plain.expect(line("+IOTASTATE:6,,0") * 4)


@pytest.mark.parametrize("members", [{"dProtocol": "mqtt", "url": None}, {"files": [{"fileSize": 1}]}])
def test_downloads_that_are_not_supported(plain, watcher, members):
    announce(watcher, **members)
    plain.expect(line("+IOTASTATE:4,2,5"))
    wait_until(lambda: steps(watcher) == ["-2"], "what the cloud hears")


def test_three_tries(plain, watcher):
    """A server that always breaks off: begun anew twice, from what is there already; the session does not matter."""
    def answer(request):
        request.connection.close()
        raise ConnectionError

    web = Web(answer)
    announce(watcher, url=web.url + "/image")
    plain.expect(line("+IOTASTATE:0,2,5"))
    plain.ask("AT+IOTASTART=1", OK, "+IOTASTATE:1,2,5")
    announce(watcher, version="newer")  # ignored while it loads
    plain.expect(line("+IOTASTATE:4,2,5"))
    assert len(web.requests) == 3
    web.close()
