"""The stand-in's images and its conversation about them, on MQTT and on CoAP."""

import hashlib
import http.client
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request

import pytest
from bench import DEADLINE
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from test_coap import AUTH, SESSION, Peer, code_of, message, payload_of

IMAGE = bytes((7 * i + 3) % 256 for i in range(4096))
MD5 = "d105289f5617c241f52a191c6b2fc809"
SHA256 = "7486da8f1e13943fae21a0b043f1e99640d7d8ebafb25266478b5cddae1272b5"
NAMES = "a1TestProdKey/dev001"
INFORM, REQUEST = f"/ota/device/inform/{NAMES}", f"/ota/device/request/{NAMES}"
GET = f"/sys/{NAMES}/thing/ota/firmware/get"


@pytest.fixture
def platform(broker, start_standin):
    standin = start_standin("--broker", f"127.0.0.1:{broker.port}")
    standin.host("2.0.0", IMAGE)
    return standin


def next_of(watcher, topic):
    """The payload of the next message that the watcher sees on a topic."""
    while True:
        got = watcher.next()
        if got.topic == topic:
            return json.loads(got.payload)


def announce(standin, watcher, **members):
    standin.control("/announce", device="one", **members)
    return next_of(watcher, f"/ota/device/upgrade/{NAMES}")["data"]


def download(url, wanted=None, context=None):
    """Status, headers and body."""
    headers = {"Range": wanted} if wanted else {}
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE, context=context) as response:
            return response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def test_version_reported(platform, watcher):
    watcher.publish(INFORM, '{"id":"1","params":{"version":"1.9.12"}}')
    push = next_of(watcher, f"/ota/device/upgrade/{NAMES}")
    assert push["code"] == "1000" and push["message"] == "success" and push["id"].isdigit()
    data = push["data"]
    assert len(data.pop("url")) > 600
    assert data == {"size": 4096, "version": "2.0.0", "sign": MD5, "signMethod": "Md5", "md5": MD5}
    got = platform.records(1, kind="message", topic=INFORM)[0]
    assert (got["via"], got["device"]) == ("mqtt", "one")


def test_nothing_to_announce(platform, watcher):
    for payload in ('{"id":"1","params":{"version":"2.0.0"}}', '{"id":"1","params":{}}',
                    '{"id":"1","params":{"version":"10.0"}}', '{"id":"1","params":{"version":7}}',
                    '{"id":"1","params":{"version":"1.0","module":"MCU"}}', '{"params":1}',
                    "[]", "no JSON", b"\xff", '{"params":{"version":"%s"}}' % ("1" * 65)):
        watcher.publish(INFORM, payload)
        watcher.publish(GET, '{"id":"9","params":{}}')
        assert [watcher.next().topic for _ in range(3)] == [INFORM, GET, GET + "_reply"]


def test_unknown_device(platform, watcher):
    other = INFORM.replace("dev001", "dev009")
    watcher.publish(other, '{"id":"1","params":{"version":"1.0"}}')
    assert platform.records(1, kind="message", topic=other)[0]["device"] is None
    watcher.publish(INFORM, '{"id":"1","params":{"version":"1.0"}}')
    assert [watcher.next().topic for _ in range(3)][2] == f"/ota/device/upgrade/{NAMES}"


def test_query(platform, watcher):
    platform.host("1.5", IMAGE, module="MCU", sign_method="SHA256")
    watcher.publish(GET, '{"id":"abc","version":"1.0","params":{"module":"MCU"}}')
    reply = next_of(watcher, GET + "_reply")
    assert (reply["id"], reply["code"]) == ("abc", 200)
    data = reply["data"]
    del data["url"]
    assert data == {"size": 4096, "version": "1.5", "sign": SHA256, "signMethod": "SHA256",
                    "module": "MCU"}
    watcher.publish(GET, '{"id":"2","version":"1.0","params":{"module":"none"}}')
    assert next_of(watcher, GET + "_reply") == {"id": "2", "code": 200, "data": {}}


def test_old_query_is_answered_on_its_own_topic_once(platform, watcher):
    watcher.publish(REQUEST, '{"id":1,"params":{"version":"1.0"}}')
    next_of(watcher, REQUEST)
    assert next_of(watcher, REQUEST)["data"]["version"] == "2.0.0"
    watcher.publish(REQUEST, '{"id":2,"params":{"version":"2.0.0"}}')
    next_of(watcher, REQUEST)
    assert next_of(watcher, REQUEST)["data"] == {}
    assert watcher.messages == []
    assert len(platform.records(kind="message", topic=REQUEST)) == 2


def test_announcements_on_command(platform, watcher):
    data = announce(platform, watcher, base="https://x.aliyuncs.com",
                    data={"md5": None, "extra": [1], "size": "4096"})
    assert data["url"].startswith("https://x.aliyuncs.com/ota/")
    assert "md5" not in data and data["extra"] == [1] and data["size"] == "4096"
    platform.fault("announcement", wrong_digest=True)
    data = announce(platform, watcher)
    assert data["md5"] != MD5 and len(data["md5"]) == 32
    assert announce(platform, watcher)["md5"] == MD5


def test_ranges(platform, watcher):
    url = announce(platform, watcher)["url"]
    status, headers, body = download(url)
    assert (status, body, headers["Content-Length"]) == (200, IMAGE, "4096")
    assert hashlib.md5(body).hexdigest() == MD5
    for wanted, first, end in (("bytes=0-", 0, 4096), ("bytes=1000-", 1000, 4096),
                               ("bytes=10-19", 10, 20), ("bytes=4095-", 4095, 4096),
                               ("bytes=4000-9999", 4000, 4096), ("bytes=-10", 4086, 4096),
                               ("bytes=-9999", 0, 4096)):
        status, headers, body = download(url, wanted)
        assert (status, body) == (206, IMAGE[first:end])
        assert headers["Content-Range"] == f"bytes {first}-{end - 1}/4096"
    for wanted in ("bytes=4096-", "bytes=9999-10000", "bytes=-0"):
        status, headers, body = download(url, wanted)
        assert (status, body, headers["Content-Range"]) == (416, b"", "bytes */4096")
    for wanted in ("bytes=5-1", "bytes=-", "bytes=1-2,4-5", "lines=1-2",
                   "bytes=" + "9" * 5000 + "-"):
        assert download(url, wanted)[0::2] == (200, IMAGE)
    got = platform.records(kind="download")
    assert (got[2]["status"], got[2]["range"]) == (206, "bytes=1000-")


def test_links_must_come_back_unchanged(platform, watcher):
    url = announce(platform, watcher)["url"]
    assert download(url)[0] == 200
    assert "%2B%2F%3D%3D" in url
    expires = urllib.parse.parse_qs(url.partition("?")[2])["Expires"][0]
    for changed in (url.replace(expires, str(int(expires) + 1)), url.partition("?")[0],
                    url.replace("%2B", "+"), url[:-1], url + "&x=1"):
        assert changed != url and download(changed)[0] == 403
    assert download(url.replace("/ota/", "/ota/0"))[0] == 404


def test_links_of_older_images_stay_good(platform, watcher):
    url = announce(platform, watcher)["url"]
    platform.host("3.0", b"another")
    assert announce(platform, watcher)["size"] == 7
    assert download(url)[2] == IMAGE


def test_faults_of_downloads(platform, watcher):
    url = announce(platform, watcher)["url"]
    platform.fault("firmware", short=96)
    assert download(url)[2] == IMAGE[:4000]
    platform.fault("firmware", drop_after=1000)
    kept = http.client.HTTPConnection("127.0.0.1", platform.ports["http"], timeout=DEADLINE)
    kept.request("GET", url.partition(str(kept.port))[2])
    with pytest.raises(http.client.IncompleteRead) as caught:
        kept.getresponse().read()
    assert caught.value.partial == IMAGE[:1000]
    kept.close()
    assert download(url, "bytes=1000-")[2] == IMAGE[1000:]
    platform.fault("firmware", expired=True)
    assert download(url)[0] == 403
    platform.fault("firmware", count=2, ignore_range=True)
    for _ in range(2):
        assert download(url, "bytes=1000-")[0::2] == (200, IMAGE)
    assert download(url, "bytes=1000-")[0] == 206


def test_images_of_a_folder_over_https(start_standin, broker, watcher, pki, tmp_path):
    (tmp_path / "image").write_bytes(IMAGE)
    (tmp_path / "firmware.ini").write_text("[default]\nversion = 2.0\nfile = image\n"
                                           "sign_method = SHA256\n")
    standin = start_standin("--folder", tmp_path, "--broker", f"127.0.0.1:{broker.port}",
                            "--certificate", pki / "server.pem", "--key", pki / "server.key")
    data = announce(standin, watcher)
    assert data["sign"] == SHA256 and data["url"].startswith("https://")
    context = ssl.create_default_context(cafile=pki / "ca.pem")
    assert download(data["url"], context=context)[2] == IMAGE
    standin.fault("firmware", drop_after=1000)
    with pytest.raises((http.client.IncompleteRead, ssl.SSLError)):
        download(data["url"], context=context)


def cipher():
    """AES as the session of test_coap has it."""
    return Cipher(algorithms.AES(bytes.fromhex("2eb9b8e504c0d22bc42818d6270d2f95")),
                  modes.CBC(b"543yhjy97ae7fyfg"))


def seal(plain):
    count = 16 - len(plain) % 16
    encryptor = cipher().encryptor()
    return encryptor.update(plain + bytes([count]) * count) + encryptor.finalize()


def unseal(data):
    decryptor = cipher().decryptor()
    plain = decryptor.update(data) + decryptor.finalize()
    assert plain[-plain[-1]:] == bytes([plain[-1]]) * plain[-1]
    return plain[:-plain[-1]]


def test_over_coap(standin):
    standin.host("2.0.0", IMAGE)
    standin.control("/session", **SESSION)
    peer = Peer(standin.ports["coap"])
    peer.ask(AUTH)

    def say(topic, text, seq):
        options = [(12, b"\x32"), (2088, SESSION["token"].encode()), (2089, seal(b"%d" % seq))]
        answer = peer.ask(message("/topic" + topic, options, seal(text), id=seq))
        assert code_of(answer) == "2.05"
        return payload_of(answer)

    assert say(INFORM, b'{"id":"1","params":{"version":"1.0"}}', 2) == b""
    answer = json.loads(unseal(say(REQUEST, b'{"id":2,"params":{"version":"1.0"}}', 3)))
    assert answer["data"]["md5"] == MD5
    assert download(answer["data"]["url"])[2] == IMAGE
    answer = json.loads(unseal(say(REQUEST, b'{"id":3,"params":{"version":"2.0.0"}}', 4)))
    assert answer["data"] == {}
    peer.socket.close()
