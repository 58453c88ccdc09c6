"""Dynamic registration, over MQTT and HTTPS, with signatures that were worked out elsewhere."""

import json
import time
import urllib.request

import pytest
from bench import DEADLINE, wait_until
from cloud_device import PRODUCT_KEY, PRODUCT_SECRET, SECRET, Device, sign

CLIENT_ID = "dev001.a1TestProdKey|securemode=2,authType=register,random=567345,signmethod={}|"
PASSWORDS = {
    "hmacmd5": "b14f2a765c39fcb29d2be9572b3cfd48",
    "hmacsha1": "0ca5da9ec12d1cb54a5176565ea63b09445eb467",
    "hmacsha256": "e3bff28598d4fcb96ac1f23bdb5de16fd14e42ec10938754f6b97fe50895abb3",
}
REGNWL = ("dev001.a1TestProdKey|securemode=-2,authType=regnwl,random=567345,signmethod=hmacsha256,"
          "instanceId=iot-060a0test|")
GRANT = {"productKey": PRODUCT_KEY, "deviceName": "dev001", "deviceSecret": SECRET}


@pytest.fixture
def register(cloud, connect, pki):
    """Connections over TLS that want to register, of a device that nobody has used."""
    cloud.control("/reset", device="one")

    def connect_(client_id=CLIENT_ID.format("hmacsha256"), password=PASSWORDS["hmacsha256"],
                 **how):
        how = {"service": "mqtts", "ca": pki / "ca.pem", "keep_alive": 10, **how}
        return connect(client_id=client_id, password=password, **how)

    return connect_


@pytest.mark.parametrize("method", PASSWORDS)
def test_a_secret_comes_without_subscription(register, method):
    device = register(CLIENT_ID.format(method), PASSWORDS[method].upper())
    assert device.code == 0
    assert device.next_json("/ext/register") == GRANT
    # It can be repeated, as long as nobody has used the secret.
    again = register(CLIENT_ID.format(method), PASSWORDS[method])
    assert again.next_json("/ext/register") == GRANT


def test_not_after_the_secret_was_used(cloud, connect, register):
    assert register().code == 0
    assert connect().code == 0
    assert register().code == 4
    refused = cloud.records(1, kind="refused")[0]
    assert (refused["code"], refused["reason"]) == (4, "the device is activated already")
    cloud.control("/reset", device="one")
    assert register().code == 0


def test_the_secret_can_be_used_over_http(cloud, register):
    text = f"clientIdxdeviceNamedev001productKey{PRODUCT_KEY}"
    body = {"productKey": PRODUCT_KEY, "deviceName": "dev001", "clientId": "x",
            "signmethod": "hmacsha1", "sign": sign("sha1", SECRET, text)}
    request = urllib.request.Request(cloud.url("/auth"), json.dumps(body).encode(),
                                     {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=DEADLINE) as response:
        assert json.load(response)["code"] == 0
    assert register().code == 4


@pytest.mark.parametrize("change, code", [
    (("2,auth", "3,auth"), 2), (("2,auth", "-2,auth"), 2), (("securemode=2,", ""), 2),
    (("random=567345", "random="), 2), (("random=567345,", ""), 2), (("hmacsha256", "sha256"), 2),
    ((",signmethod=hmacsha256", ""), 2), (("567345", "567346"), 4), (("256", "1"), 4),
])
def test_what_is_refused(register, change, code):
    client_id = CLIENT_ID.format("hmacsha256")
    assert client_id.count(change[0])
    assert register(client_id.replace(*change)).code == code


def test_who_is_refused(register, connect):
    assert register(service="mqtt", ca=None).code == 2  # no TLS
    for user_name in ("dev002&a1TestProdKey", "dev001&a1Other", "dev001&a1ClosedKey"):
        assert register(user_name=user_name).code == 4
    for name, key, code in (("dev002", PRODUCT_KEY, 0), ("dev003", PRODUCT_KEY, 4),
                            ("dev001", "a1ClosedKey", 4)):
        password = sign("sha256", PRODUCT_SECRET, f"deviceName{name}productKey{key}random567345")
        assert register(password=password, user_name=f"{name}&{key}").code == code


def test_who_registers_may_do_nothing_else_and_has_to_go(register):
    device = register()
    began = time.monotonic()
    assert device.subscribe("/ext/register") == 128
    device.publish("/a1TestProdKey/dev001/user/update", "x")
    device.wait_gone()
    assert time.monotonic() - began < 5  # half a second in these tests


# ---- devices that the platform does not know ----

def token_of(register, **how):
    device = register(REGNWL, PASSWORDS["hmacsha256"], **how)
    assert device.code == 0
    return device.next_json("/ext/regnwl")


def test_a_token_and_what_it_is_good_for(cloud, connect, register):
    name = "new-device"
    password = sign("sha256", PRODUCT_SECRET, f"deviceName{name}productKey{PRODUCT_KEY}random1")
    client_id = "x|securemode=2,authType=regnwl,random=1,signmethod=hmacsha256|"
    user_name = f"{name}&{PRODUCT_KEY}"
    grant = register(client_id, password, user_name=user_name).next_json("/ext/regnwl")
    assert list(grant) == ["productKey", "deviceName", "clientId", "deviceToken"]
    assert (grant["productKey"], grant["deviceName"]) == (PRODUCT_KEY, name)
    pairs = "|authType=connwl,securemode=-2,_ss=1,ext=3,_v=sdk-c-4.1.0|"
    device = connect(client_id=grant["clientId"] + pairs, password=grant["deviceToken"],
                     user_name=user_name)
    assert device.code == 0
    topic = f"/sys/{PRODUCT_KEY}/{name}/thing/event/property/post"
    device.publish(topic, '{"id":"1","params":{"a":1}}')
    assert device.next_json(topic + "_reply")["code"] == 200
    assert cloud.records(1, kind="message")[0]["device"] == f"{name}.{PRODUCT_KEY}"


def test_tokens_are_one_devices_own(connect, register):
    grant = token_of(register)
    pairs = "|securemode=-2,authType=connwl|"

    def code(client_id=grant["clientId"] + pairs, password=grant["deviceToken"], **how):
        return connect(client_id=client_id, password=password, **how).code

    assert code() == 0
    assert code(user_name="dev002&a1TestProdKey") == 4
    assert code(user_name="dev001&a1ClosedKey") == 4
    assert code(client_id="x" + grant["clientId"] + pairs) == 4
    assert code(password=grant["deviceToken"][:-1]) == 4
    assert code(password=grant["deviceToken"].replace("^1^1", "^1^2")) == 4
    assert code(password="") == 4
    assert code(password="^1^") == 4
    assert code(client_id=grant["clientId"] + pairs.replace("-2", "3")) == 2
    assert code(keep_alive=10) == 3


def test_tokens_outlive_the_standin(register, start_standin):
    grant = token_of(register)
    other = start_standin("--with-broker")
    device = Device(other.ports["mqtt"], client_id=grant["clientId"] + "|securemode=-2,"
                    "authType=connwl|", password=grant["deviceToken"])
    assert device.code == 0
    device.close()


# ---- over HTTPS ----

BODY = ("productKey=a1TestProdKey&deviceName=dev001&random=567345&sign={}&signMethod={}")


def post(cloud, body, content_type="application/x-www-form-urlencoded"):
    request = urllib.request.Request(cloud.url("/auth/register/device"), body.encode(),
                                     {"Content-Type": content_type})
    with urllib.request.urlopen(request, timeout=DEADLINE) as response:
        return json.load(response)


@pytest.mark.parametrize("method, length", [("hmacmd5", 113), ("hmacsha1", 122),
                                            ("hmacsha256", 148)])
def test_over_https(cloud, register, method, length):
    body = BODY.format(PASSWORDS[method], method)
    assert len(body) == length
    assert post(cloud, body) == {"code": 200, "data": GRANT, "message": "success"}


@pytest.mark.parametrize("change, code", [
    (("hmacsha1", "hmacsha2"), 6292), (("0ca5", "0ca6"), 6600), (("567345", "567346"), 6600),
    (("a1TestProdKey", "a1Other"), 6250), (("a1TestProdKey", "a1ClosedKey"), 6288),
    (("&random=567345", ""), 460), (("&random=567345", "&random="), 460),
    (("signMethod", "signmethod"), 460), (("dev001", "dev002"), 6600),
])
def test_what_https_refuses(cloud, register, change, code):
    body = BODY.format(PASSWORDS["hmacsha1"], "hmacsha1")
    assert body.count(change[0])
    assert post(cloud, body.replace(*change))["code"] == code
    assert cloud.records(1, kind="refused")[0]["code"] == code


def test_who_is_refused_over_https(cloud, connect, register):
    body = BODY.format(PASSWORDS["hmacsha1"], "hmacsha1")
    assert post(cloud, body, "application/json")["code"] == 460
    unknown = sign("sha1", PRODUCT_SECRET, "deviceNamenobodyproductKeya1TestProdKeyrandom567345")
    assert post(cloud, BODY.replace("dev001", "nobody").format(unknown, "hmacsha1"))["code"] == 6100
    assert connect().code == 0
    wait_until(lambda: post(cloud, body)["code"] == 6289, "the activation")
