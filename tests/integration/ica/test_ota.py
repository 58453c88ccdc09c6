"""OTA: the dialogues of the standard against the local stand-in of the cloud, faults, limits."""

import binascii
import hashlib
import json
import os
import random

import pytest
from bench import DEADLINE, OK, cme, line, wait_until
from conftest import Watcher, at_broker
from standin import DEVICE_NAME, PRODUCT_KEY, Standin

SECRET = "c75b6a4e39342f02ec161ba682566054"
TRIPLE = f'"{PRODUCT_KEY}","{DEVICE_NAME}","{SECRET}"'
UPGRADE = f"/ota/device/upgrade/{PRODUCT_KEY}/{DEVICE_NAME}"
INFORM = f"/ota/device/inform/{PRODUCT_KEY}/{DEVICE_NAME}"
PROGRESS = f"/ota/device/progress/{PRODUCT_KEY}/{DEVICE_NAME}"


@pytest.fixture
def cloud(tmp_path, broker):
    cloud = Standin(tmp_path / "cloud", "--broker", f"127.0.0.1:{broker.port}")
    yield cloud
    cloud.stop()


@pytest.fixture
def modem(cloud, broker, start_daemon):
    return start_daemon(settings=at_broker(broker, **{"http.uri": cloud.url("")}))


def connect(host):
    host.ask(f"AT+IMQTTAUTH={TRIPLE}", OK, "+IMQTTAUTH:OK")
    host.ask("AT+IMQTTCONN", OK)
    return host


@pytest.fixture
def connected(host):
    return connect(host)


def image(size, seed=1):
    return random.Random(seed).randbytes(size)


def crc(block):
    """CRC-16/CCITT-FALSE."""
    return binascii.crc_hqx(block, 0xffff)


def announced(host, content, version="2.0.0", method="md5"):
    digest = hashlib.new(method, content).hexdigest()
    host.expect(line(f'+IOTANEWVER:"{version}",{len(content)},"{digest}"'), OK)


def offer(cloud, host, content, version="2.0.0", **members):
    """The stand-in has a newer version than the host's, which hears of it when it reports."""
    cloud.host(version, content, **members)
    host.ask('AT+IOTAVER="1.0.0"', OK)
    method = "sha256" if members.get("sign_method") == "SHA256" else "md5"
    announced(host, content, version, method)


def block(host, kind=0):
    """A block's bytes, its checksum verified."""
    host.send(f"AT+IOTABLOCK={kind}\r")
    match = host.search(r"^\r\n\+IOTABLOCK:(\d+),0x([0-9A-F]{4})\r\n\r\nOK\r\n")
    data = host.read(int(match.group(1)))
    assert int(match.group(2), 16) == crc(data)
    return data


def fetch(host):
    """All blocks, up to the empty one."""
    content = b""
    while data := block(host):
        content += data
    return content


# ---- the standard's dialogues ----


def test_parameters(host):
    host.ask("AT+IOTAPARA?", '+IOTAPARA:"DURATION",86400,"BLOCKSIZE",512', OK)
    host.ask('AT+IOTAPARA="DURATION",86400', OK)
    host.ask('AT+IOTAPARA="DURATION",3600,"BLOCKSIZE",1024', OK)
    host.ask("AT+IOTAPARA?", '+IOTAPARA:"DURATION",3600,"BLOCKSIZE",1024', OK)


@pytest.mark.parametrize("arguments", ['"DURATION",59', '"DURATION",31536001', '"BLOCKSIZE",15',
                                       '"BLOCKSIZE",8193', '"BLOCKSIZE",1.5', '"SIZE",100', '"DURATION"', ""])
def test_bad_parameters(host, arguments):
    host.ask(f"AT+IOTAPARA={arguments}", cme(50))


def test_test_forms(host):
    for command, *answer in (
        ("+IOTAPARA", '+IOTAPARA:"ParaTag","ParaValue"', OK),
        ("+IOTAVER", '+IOTAVER:"version"', OK),
        ("+IOTANEWVER", OK),
        ("+IOTAPGS", '+IOTAPGS:"progress","desc"', OK),
        ("+IOTABLOCK", OK),
        ("+IOTABORT", OK),
    ):
        host.ask(f"AT{command}=?", *answer)


def test_before_any_update(host):
    host.ask("AT+IOTAVER?", '+IOTAVER:""', OK)
    host.ask("AT+IOTANEWVER?", OK)
    host.ask("AT+IOTABLOCK=0", cme(3))
    host.ask("AT+IOTABLOCK=1", cme(3))
    host.ask("AT+IOTABORT", OK)


@pytest.mark.parametrize(
    "command,error",
    [('IOTAVER=""', 50), (f'IOTAVER="{"v" * 65}"', 24), ('IOTAVER="1","2"', 50), ("IOTAPGS=101", 50),
     ("IOTAPGS=-5", 50), ("IOTAPGS=x", 50), (f'IOTAPGS=1,"{"d" * 129}"', 24), ('IOTAPGS=1,"a","b"', 50),
     ("IOTABLOCK=2", 50), ("IOTABLOCK=-1", 50), ("IOTABLOCK=", 50), ("IOTABLOCK", 4), ("IOTABLOCK?", 4),
     ("IOTANEWVER", 4), ("IOTANEWVER=1", 4), ("IOTABORT?", 4), ("IOTAPGS?", 4), ("IOTAVER", 4)])
def test_bad_input(host, command, error):
    host.ask(f"AT+{command}", cme(error))


def test_bad_text(host):
    host.ask(b'AT+IOTAVER="\xff"', cme(50))
    host.ask(b'AT+IOTAPGS=1,"\xc0\x80"', cme(50))


def test_version_is_reported(connected, cloud):
    connected.ask('AT+IOTAVER="hw_1.0.0 fw_1.2.0"', OK)
    record, = cloud.records(1, kind="message", topic=INFORM)
    message = json.loads(record["payload"])
    assert message["params"] == {"version": "hw_1.0.0 fw_1.2.0"} and isinstance(message["id"], str)
    connected.ask("AT+IOTAVER?", '+IOTAVER:"hw_1.0.0 fw_1.2.0"', OK)
    connected.quiet()


def test_version_is_reported_at_the_next_connection(host, cloud):
    content = image(100)
    cloud.host("2.0.0", content)
    host.ask('AT+IOTAVER="1.0.0"', OK)
    connect(host)
    announced(host, content)


@pytest.mark.parametrize("method", ["Md5", "SHA256"])
def test_update(connected, cloud, method):
    content = image(10000)
    offer(cloud, connected, content, sign_method=method)
    digest = hashlib.new(method.lower(), content).hexdigest()
    connected.ask("AT+IOTANEWVER?", f'+IOTANEWVER:"2.0.0",10000,"{digest}"', OK)
    assert fetch(connected) == content
    connected.ask("AT+IOTABLOCK=0", "+IOTABLOCK:0,0xFFFF", OK)
    connected.ask("AT+IOTAPGS=100", OK)
    record, = cloud.records(1, kind="message", topic=PROGRESS)
    assert json.loads(record["payload"])["params"] == {"step": "100", "desc": ""}
    connected.ask('AT+IOTAVER="2.0.0"', OK)
    cloud.records(2, kind="message", topic=INFORM)
    connected.quiet()


def test_last_block_again(connected, cloud):
    content = image(1000)
    offer(cloud, connected, content)
    connected.ask("AT+IOTABLOCK=1", cme(3))
    assert block(connected) == content[:512]
    assert block(connected, 1) == content[:512]
    assert block(connected, 1) == content[:512]
    connected.ask('AT+IOTAPARA="BLOCKSIZE",16', OK)
    assert block(connected, 1) == content[:512]  # counts from the next block
    assert block(connected) == content[512:528]
    connected.ask('AT+IOTAPARA="BLOCKSIZE",8192', OK)
    assert block(connected) == content[528:]
    assert block(connected, 1) == content[528:]
    assert block(connected) == b""
    assert block(connected, 1) == content[528:]


def test_example_checksum(connected, cloud):
    offer(cloud, connected, b"\x11\x22\x33\xaa\xbb")
    connected.ask("AT+IOTABLOCK=0", "+IOTABLOCK:5,0x1DD1", OK, b"\x11\x22\x33\xaa\xbb")


@pytest.mark.parametrize("step,desc", [(80, None), (-2, "FLASH MEMORY IS NOT ENOUGH"), (0, ""), (-4, 'a"b')])
def test_progress(connected, cloud, step, desc):
    typed = "" if desc is None else ',"%s"' % desc.replace('"', '\\"')
    connected.ask(f"AT+IOTAPGS={step}{typed}", OK)
    record, = cloud.records(1, kind="message", topic=PROGRESS)
    assert json.loads(record["payload"])["params"] == {"step": str(step), "desc": desc or ""}


def test_progress_waits_for_the_connection(host, cloud):
    host.ask("AT+IOTAPGS=10", OK)
    host.ask("AT+IOTAPGS=20", OK)
    connect(host)
    record, = cloud.records(1, kind="message", topic=PROGRESS)
    assert json.loads(record["payload"])["params"]["step"] == "20"


def test_abort_and_start_again(connected, cloud):
    content = image(5000)
    offer(cloud, connected, content)
    assert block(connected) == content[:512]
    connected.ask("AT+IOTABORT", OK)
    connected.ask("AT+IOTANEWVER?", OK)
    connected.ask("AT+IOTABLOCK=0", cme(3))
    connected.ask("AT+IOTABLOCK=1", cme(3))
    cloud.control("/announce", device="one")
    announced(connected, content)
    assert fetch(connected) == content


def test_new_announcement_replaces_the_pending_one(connected, cloud):
    offer(cloud, connected, image(5000))
    assert block(connected) == image(5000)[:512]
    newer = image(700, 2)
    cloud.host("3.0.0", newer)
    cloud.control("/announce", device="one")
    announced(connected, newer, "3.0.0")
    connected.ask("AT+IOTABLOCK=1", cme(3))
    assert fetch(connected) == newer


# ---- the cloud's names, and what the host subscribed to ----


def test_cloud_name_in_the_link(connected, cloud):
    content = image(600)
    cloud.host("2.0.0", content)
    connected.ask('AT+IOTAVER="2.0.0"', OK)
    cloud.records(1, kind="message", topic=INFORM)
    cloud.control("/announce", device="one", base="https://iotx-ota.oss-cn-shanghai.aliyuncs.com")
    announced(connected, content)
    assert fetch(connected) == content


def test_announcement_of_a_host_that_subscribed_too(connected, cloud):
    packet_id = connected.request(f'AT+IMQTTSUB="{UPGRADE}",1', "IMQTTSUB")
    connected.expect(line(f"+IMQTTSUB:{packet_id},1"))
    content = image(100)
    cloud.host("2.0.0", content)
    connected.ask('AT+IOTAVER="1.0.0"', OK)
    announced(connected, content)
    connected.search(rb'^\r\n\+IMQTTRCVPUB:\d+,"' + UPGRADE.encode() + rb'",\d+,"\{.*\}"\r\n\r\nOK\r\n')
    packet_id = connected.request(f'AT+IMQTTUNSUB="{UPGRADE}"', "IMQTTUNSUB")
    connected.expect(line(f"+IMQTTUNSUB:{packet_id},0"))
    cloud.control("/announce", device="one")
    announced(connected, content)
    connected.quiet()


@pytest.mark.parametrize(
    "payload",
    [b"no json", b"[]", b"{}", b'{"data":{}}', b'{"data":{"version":"2","size":10}}',
     b'{"data":{"url":"http://h/","size":10}}', b'{"data":{"version":"2","url":"http://h/"}}',
     b'{"data":{"version":"2","url":"http://h/","size":0}}',
     b'{"data":{"version":"2","url":"ftp://h/x","size":1}}',
     b'{"data":{"version":"2","url":"http://h/","size":1,"module":"MCU"}}', b'{"data":' * 2000])
def test_announcements_that_are_none(connected, cloud, watcher, modem, payload):
    connected.ask('AT+IOTAVER="1.0.0"', OK)
    cloud.records(1, kind="message", topic=INFORM)
    watcher.publish(UPGRADE, payload, 1)
    modem.wait_log("ota: .* ignored" if b"{}" not in payload else "message on /ota/device/upgrade")
    connected.ask("AT+IOTANEWVER?", OK)
    connected.quiet()


@pytest.mark.parametrize("shape", ["top", "data", "texts"])
def test_shapes_of_an_announcement(connected, cloud, watcher, shape):
    content = image(64)
    digest = hashlib.sha256(content).hexdigest().upper()
    cloud.host("9", content)
    connected.ask('AT+IOTAVER="9"', OK)
    cloud.records(1, kind="message", topic=INFORM)
    data = {"version": "3", "url": "http://127.0.0.1:1/x", "size": 64, "sign": digest, "signMethod": "sha256",
            "later": {"a": []}}
    if shape == "texts":
        data["size"] = "64"
    watcher.publish(UPGRADE, json.dumps(data if shape == "top" else {"id": 1, "data": data}), 1)
    connected.expect(line(f'+IOTANEWVER:"3",64,"{digest}"'), OK)


def test_lines_with_equals(cloud, broker, start_daemon, open_host):
    host = connect(open_host(start_daemon(settings=at_broker(
        broker, **{"http.uri": cloud.url(""), "ica.urc_equals": 1, "ica.urc_ok": 0}))))
    cloud.host("2.0.0", b"\x11\x22\x33\xaa\xbb")
    host.ask('AT+IOTAVER="1.0.0"', OK)
    host.search(r'^\r\n\+IOTANEWVER:"2.0.0",5,"[0-9a-f]{32}"\r\n')
    host.ask("AT+IOTABLOCK=0", "+IOTABLOCK=5,0x1DD1", OK, b"\x11\x22\x33\xaa\xbb")


# ---- faults ----


def test_wrong_digest(connected, cloud):
    cloud.fault("announcement", wrong_digest=True)
    content = image(1000)
    cloud.host("2.0.0", content)
    connected.ask('AT+IOTAVER="1.0.0"', OK)
    connected.search("IOTANEWVER.*OK\r\n")
    assert block(connected) == content[:512]
    connected.ask("AT+IOTABLOCK=0", cme(100))
    connected.ask("AT+IOTABLOCK=0", cme(3))
    connected.ask("AT+IOTANEWVER?", OK)
    connected.ask("AT+IOTAPGS=-3", OK)
    cloud.control("/announce", device="one")
    announced(connected, content)
    assert fetch(connected) == content


def test_short_image(connected, cloud, modem):
    cloud.fault("firmware", count=None, short=100)
    cloud.host("2.0.0", image(1000))
    connected.ask('AT+IOTAVER="1.0.0"', OK)
    connected.search("IOTANEWVER.*OK\r\n")
    modem.wait_log("wrong image")
    connected.ask("AT+IOTABLOCK=0", cme(100))
    connected.ask("AT+IOTABLOCK=0", cme(3))


def test_lost_server_and_resumption(connected, cloud, modem):
    content = image(200_000)
    cloud.fault("firmware", drop_after=100_000)
    offer(cloud, connected, content)
    modem.wait_log("broke off")
    assert fetch(connected) == content
    downloads = cloud.records(2, kind="download")
    assert downloads[0]["range"] == "bytes=0-"
    assert 0 < int(downloads[1]["range"].removeprefix("bytes=").rstrip("-")) <= 100_000


def test_server_that_knows_no_ranges(connected, cloud, modem):
    content = image(200_000)
    cloud.fault("firmware", drop_after=100_000)
    offer(cloud, connected, content)
    modem.wait_log("broke off")
    cloud.fault("firmware", ignore_range=True)
    assert fetch(connected) == content


def test_expired_link(connected, cloud, modem):
    content = image(600)
    cloud.fault("firmware", count=2, expired=True)
    offer(cloud, connected, content)
    modem.wait_log("broke off")
    connected.ask("AT+IOTABLOCK=0", cme(30))
    assert fetch(connected) == content


def test_no_server(connected, cloud, watcher, modem):
    cloud.host("9", b"x")
    connected.ask('AT+IOTAVER="9"', OK)
    cloud.records(1, kind="message", topic=INFORM)
    watcher.publish(UPGRADE, '{"data":{"version":"3","url":"http://127.0.0.1:1/x","size":5}}', 1)
    connected.expect(line('+IOTANEWVER:"3",5,""'), OK)
    for _ in range(3):
        connected.ask("AT+IOTABLOCK=0", cme(30))
    connected.ask("AT+IOTANEWVER?", '+IOTANEWVER:"3",5,""', OK)
    connected.ask("AT+IOTABORT", OK)


def test_reboot_in_the_middle(connected, cloud):
    offer(cloud, connected, image(5000))
    block(connected)
    connected.ask("AT+IREBOOT=0", OK)
    connected.ask_until_answered("AT", 1.2)
    connected.ask("AT+IOTANEWVER?", OK)
    connected.ask("AT+IOTABLOCK=0", cme(3))
    connected.ask("AT+IOTAVER?", '+IOTAVER:""', OK)


def test_nothing_is_left_in_the_state_folder(connected, cloud, modem):
    offer(cloud, connected, image(5000))
    block(connected)
    assert not [path.name for path in modem.state.iterdir() if "ota" in path.name]


# ---- size ----


def resident_kib(process):
    with open(f"/proc/{process.pid}/status") as status:
        return next(int(text.split()[1]) for text in status if text.startswith("VmRSS"))


def test_8_mib(connected, cloud, modem):
    """Memory does not grow with the image. A sanitizer keeps what is freed: there it is not measured."""
    connected.ask('AT+IOTAPARA="BLOCKSIZE",8192', OK)
    offer(cloud, connected, image(20_000), "1.5")
    fetch(connected)
    before = resident_kib(modem.process)
    content = image(8 * 1024 * 1024)
    cloud.host("2.0.0", content, sign_method="SHA256")
    cloud.control("/announce", device="one")
    announced(connected, content, method="sha256")
    assert hashlib.sha256(fetch(connected)).digest() == hashlib.sha256(content).digest()
    if "san-" not in os.environ.get("ATMODEMD", ""):
        assert resident_kib(modem.process) - before < 1024
