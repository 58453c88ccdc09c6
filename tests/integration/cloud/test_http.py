"""The stand-in's HTTPS access, with bodies whose signatures were worked out elsewhere."""

import json
import socket
import ssl
import time
import urllib.error
import urllib.request

import pytest
from bench import DEADLINE

MD5 = ('{"version":"default","clientId":"a1TestProdKey.dev001","signmethod":"hmacmd5",'
       '"sign":"A780FEF2276923D449DA4A04EB64450C","productKey":"a1TestProdKey",'
       '"deviceName":"dev001"}')
SHA1 = ('{"version":"default","clientId":"a1TestProdKey.dev001","signmethod":"hmacsha1",'
        '"sign":"8DE9D96B0D61B99EF9CB173DE1F0A353AE48CC78","productKey":"a1TestProdKey",'
        '"deviceName":"dev001"}')
SHA1_IN_2023 = ('{"version":"default","clientId":"a1TestProdKey.dev001","signmethod":"hmacsha1",'
                '"sign":"F2B60D4C7DF79F867813AC445116287D3BACE314","productKey":"a1TestProdKey",'
                '"deviceName":"dev001","timestamp":"1700000000000"}')
TOPIC = "/topic/a1TestProdKey/dev001/user/update"


def post(url, body, headers, context=None):
    """The JSON of the answer, whatever its status."""
    body = body.encode() if isinstance(body, str) else body
    request = urllib.request.Request(url, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=DEADLINE, context=context) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return json.load(error)


def auth(standin, body):
    return post(standin.url("/auth"), body, {"Content-Type": "application/json"})


def token_of(standin, body=SHA1):
    answer = auth(standin, body)
    assert (answer["code"], answer["message"]) == (0, "success")
    return answer["info"]["token"]


def report(standin, token, body=b"hello", topic=TOPIC, content_type="application/octet-stream"):
    headers = {"Content-Type": content_type}
    if token is not None:
        headers["password"] = token
    return post(standin.url(topic), body, headers)


def test_token_and_report(standin):
    for body in (MD5, SHA1, SHA1.replace("8DE9D96B0D61B99EF9CB173DE1F0A353AE48CC78",
                                         "8de9d96b0d61b99ef9cb173de1f0a353ae48cc78")):
        answer = report(standin, token_of(standin, body), b"\0\xff{}")
        assert answer["code"] == 0 and answer["info"]["messageId"] > 2 ** 53
    got = standin.records(3, kind="message")
    assert [(r["via"], r["device"], r["topic"], r["payload"]) for r in got] == [
        ("http", "one", "/a1TestProdKey/dev001/user/update", b"\0\xff{}")] * 3


@pytest.mark.parametrize("change", [
    ("8DE9", "8DE8"),  # the signature
    ("a1TestProdKey.dev001", "a1TestProdKey.dev01"),  # what is signed
    ('"deviceName":"dev001"', '"deviceName":"dev002"'),  # a device with another secret
    ('"deviceName":"dev001"', '"deviceName":"dev009"'),  # nobody
    ("hmacsha1", "hmacmd5"),
    ('"}', '","timestamp":"1700000000000"}'),
    ('"}', '","more":"1"}'),
])
def test_wrong_signatures(standin, change):
    assert auth(standin, SHA1)["code"] == 0
    assert SHA1.count(change[0])
    assert auth(standin, SHA1.replace(*change))["code"] == 20000
    assert len(standin.records(kind="refused")) == 1


def test_wrong_secret(start_standin):
    other = start_standin(devices="[device one]\nproduct_key=a1TestProdKey\n"
                                  "device_name=dev001\ndevice_secret=another\n")
    assert auth(other, SHA1)["code"] == 20000


def test_old_timestamp_is_refused_though_signed(standin):
    assert auth(standin, SHA1_IN_2023)["code"] == 20000
    assert "timestamp" in standin.records(kind="refused")[0]["reason"]


@pytest.mark.parametrize("body", [
    "", "[]", "no JSON", SHA1.replace('"sign"', '"sing"'), SHA1.replace("hmacsha1", "hmacsha512"),
    SHA1.replace('"default"', "1"), SHA1.replace("a1TestProdKey.dev001", "x" * 65),
])
def test_bad_auth(standin, body):
    assert auth(standin, body)["code"] == 10001


def test_tokens(standin):
    token = token_of(standin)
    assert report(standin, None)["code"] == 20002
    assert report(standin, "")["code"] == 20002
    assert report(standin, token[:-1] + "x")["code"] == 20003
    assert report(standin, token, topic=TOPIC.replace("dev001", "dev002"))["code"] == 30001
    assert report(standin, token, content_type="text/plain")["code"] == 10001
    assert report(standin, token, topic=TOPIC + "?a=b")["code"] == 10001
    assert report(standin, token, bytes(128 * 1024 + 1))["code"] == 10001
    assert standin.records(kind="message") == []
    assert report(standin, token, bytes(128 * 1024))["code"] == 0
    standin.control("/expire")
    assert report(standin, token)["code"] == 20001
    assert report(standin, token_of(standin))["code"] == 0


def test_faults(standin):
    token = token_of(standin)
    standin.fault("http.report", count=2, code=40000)
    assert [report(standin, token)["code"] for _ in range(3)] == [40000, 40000, 0]
    standin.fault("http.auth", code=10000)
    assert [auth(standin, SHA1)["code"] for _ in range(2)] == [10000, 0]
    standin.fault("http.report", count=None, status=503)
    for _ in range(3):
        with pytest.raises(json.JSONDecodeError):
            report(standin, token)
    standin.fault("http.report", count=0)
    assert report(standin, token)["code"] == 0
    with pytest.raises(urllib.error.HTTPError):
        standin.fault("http.report", cod=1)


def test_only_post_and_known_paths(standin):
    for path, status in (("/auth", 405), (TOPIC, 405), ("/else", 404)):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(standin.url(path), timeout=DEADLINE)
        with caught.value:
            assert caught.value.code == status


def test_https(start_standin, pki):
    standin = start_standin("--certificate", pki / "server.pem", "--key", pki / "server.key")
    context = ssl.create_default_context(cafile=pki / "ca.pem")
    answer = post(standin.url("/auth", "https"), SHA1, {"Content-Type": "application/json"},
                  context)
    assert answer["code"] == 0


def test_a_client_that_says_nothing_holds_nobody_up(start_standin, pki):
    standin = start_standin("--certificate", pki / "server.pem", "--key", pki / "server.key")
    context = ssl.create_default_context(cafile=pki / "ca.pem")
    with socket.create_connection(("127.0.0.1", standin.ports["https"])):
        began = time.monotonic()
        post(standin.url("/auth", "https"), SHA1, {"Content-Type": "application/json"}, context)
        assert standin.stop() == 0
        assert time.monotonic() - began < DEADLINE / 2
