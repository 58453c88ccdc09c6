"""The stand-in's broker: who may connect, and what he may say and hear."""

import socket

import paho.mqtt.client as mqtt
import pytest
from bench import DEADLINE
from cloud_device import NAMES, PASSWORD, PLAIN, PRODUCT_KEY, Device, sign

NAME = "a1TestProdKey.dev001"


@pytest.mark.parametrize("signmethod, timestamp, password", [
    ("hmacmd5", "1700000000000", "7e0576e39b88b7f6fdfdaa3168d17bb8"),
    ("hmacsha1", "1700000000000", "f2b60d4c7df79f867813ac445116287d3bace314"),
    ("hmacsha256", "1700000000000",
     "10fb4985b74b6ec449346870c4fa8fb6c059407618e3b9c3a183d01201d19245"),
    ("hmacmd5", None, "a780fef2276923d449da4a04eb64450c"),
    ("hmacsha1", None, "8de9d96b0d61b99ef9cb173de1f0a353ae48cc78"),
    ("hmacsha256", None, "1ea0b7dca3646c1b79405e49276ed301e02aae5e54e980ee76ac0e667c393298"),
    (None, None, "A780FEF2276923D449DA4A04EB64450C"),
])
def test_known_signatures(connect, signmethod, timestamp, password):
    pairs = ["securemode=3"]
    pairs += [f"signmethod={signmethod}"] if signmethod else []
    pairs += [f"timestamp={timestamp}"] if timestamp else []
    client_id = f"{NAME}|{','.join(pairs)}|"
    assert connect(client_id=client_id, password=password).code == 0
    wrong = password[:-1] + ("0" if password[-1] != "0" else "1")
    assert connect(client_id=client_id, password=wrong).code == 4


@pytest.mark.parametrize("client_id", [
    f"{NAME}|timestamp=2524608000000,_ss=1,_v=sdk-c-4.2.0,securemode=3,signmethod=hmacsha256,"
    "ext=3,|",
    f"{NAME}|timestamp=2524608000000,_v=sdk-c-3.0.1,securemode=3,signmethod=hmacsha256,lan=C,gw=0,"
    "ext=0|",
])
def test_client_ids_of_sdks(connect, client_id):
    assert connect(client_id=client_id, password=PASSWORD.upper()).code == 0


@pytest.mark.parametrize("how, code", [
    ({"client_id": NAME}, 2),  # no pairs
    ({"client_id": "|securemode=3|"}, 2),  # no name
    ({"client_id": NAME + PLAIN[:-1]}, 2),  # no second bar
    ({"client_id": NAME + PLAIN + "x"}, 2),
    ({"client_id": "x" * 65 + PLAIN}, 2),
    ({"client_id": NAME + PLAIN.replace("securemode=3,", "")}, 2),
    ({"client_id": NAME + PLAIN.replace("securemode=3", "securemode=2")}, 2),  # which is for TLS
    ({"client_id": NAME + PLAIN.replace("securemode=3", "securemode=9")}, 2),
    ({"client_id": NAME + PLAIN.replace("hmacsha256", "sha256")}, 2),
    ({"client_id": NAME + PLAIN.replace("hmacsha256", "")}, 2),
    ({"client_id": NAME + PLAIN.replace("|s", "|authType=other,s")}, 2),
    ({"client_id": NAME + "|nonsense" + PLAIN.replace("|", ",", 1)}, 2),
    ({"client_id": NAME + PLAIN.replace("hmacsha256", "hmacsha1")}, 4),
    ({"client_id": NAME + PLAIN.replace("2524608000000", "2524608000001")}, 4),
    ({"client_id": "x" + NAME + PLAIN}, 4),  # another name than is signed
    ({"user_name": f"dev002&{PRODUCT_KEY}"}, 4),  # a device with another secret
    ({"user_name": f"dev009&{PRODUCT_KEY}"}, 4),  # nobody
    ({"user_name": "dev001"}, 4),
    ({"user_name": "&"}, 4),
    ({"password": ""}, 4),
    ({"password": "0" * 64}, 4),
    ({"keep_alive": 29}, 3),
    ({"keep_alive": 0}, 3),
    ({"keep_alive": 30}, 0),
    ({"keep_alive": 1201}, 0),
])
def test_what_is_refused(cloud, connect, how, code):
    assert connect(**how).code == code
    if code:
        refused = cloud.records(1, kind="refused")[0]
        assert (refused["via"], refused["code"]) == ("mqtt", code) and refused["reason"]


def test_version_5_has_its_own_codes(connect):
    assert connect(protocol=mqtt.MQTTv5).code == 0
    for how, code in (({"client_id": NAME}, 0x85), ({"keep_alive": 1}, 0x88),
                      ({"password": "x"}, 0x86)):
        assert connect(protocol=mqtt.MQTTv5, **how).code == code


def test_the_platforms_user_needs_its_secret(cloud, connect):
    for password in ("", "guess"):
        assert connect(client_id="standin-x", user_name="standin", password=password).code == 5
    assert connect().code == 0


def test_logins_are_recorded(cloud, device):
    login = cloud.records(1, kind="login")[0]
    assert (login["device"], login["login"], login["tls"]) == ("one", "device", False)
    assert login["client_id"] == NAME + PLAIN
    entry = cloud.control_get("/devices")[0]
    assert (entry["name"], entry["client"], entry["activated"]) == ("one", NAME + PLAIN, True)
    device.close()
    assert cloud.records(1, kind="logout")[0]["client_id"] == NAME + PLAIN
    assert cloud.control_get("/devices")[0]["client"] is None


def test_tls(cloud, connect, pki):
    over_tls, ca = PLAIN.replace("securemode=3", "securemode=2"), pki / "ca.pem"
    device = connect("mqtts", client_id=NAME + over_tls, ca=ca)
    assert device.code == 0 and cloud.records(1, kind="login")[0]["tls"]
    assert connect("mqtts", client_id=NAME + PLAIN, ca=ca).code == 2
    assert connect("mqtt", client_id=NAME + over_tls).code == 2
    # The platform has one port for both.
    assert connect("mqtt", client_id=NAME + over_tls, ca=ca).code == 0
    assert connect("mqtt", client_id=NAME + PLAIN, ca=ca).code == 2
    device = connect("mqtts", client_id=NAME + over_tls, ca=ca)
    # The newer connection of the same device throws the older one off, wherever it came in.
    newer = connect()
    device.wait_gone()
    cloud.control("/property-set", device="one", params={"a": 1}, wait=0)
    assert newer.next(f"/sys/{NAMES}/thing/service/property/set").qos == 1


def test_strangers_at_the_port_hold_nobody_up(start_standin, pki, connect):
    cloud = start_standin("--with-broker", "--certificate", pki / "server.pem", "--key",
                          pki / "server.key")
    address = "127.0.0.1", cloud.ports["mqtt"]
    with socket.create_connection(address), socket.create_connection(address) as other:
        socket.create_connection(address).close()
        other.sendall(b"GET / HTTP/1.1\r\n\r\n")
        other.settimeout(DEADLINE)
        assert other.recv(100) == b""  # the broker has closed it
        device = Device(cloud.ports["mqtt"])
        assert device.code == 0
        assert cloud.stop() == 0
        device.wait_gone()


def test_the_newer_connection_throws_the_older_one_off(cloud, connect, device):
    again = connect()  # the same client id
    device.wait_gone()
    text = f"clientIdotherdeviceNamedev001productKey{PRODUCT_KEY}"
    other = connect(client_id="other|securemode=3,signmethod=hmacsha1|",
                    password=sign("sha1", "c75b6a4e39342f02ec161ba682566054", text))
    assert other.code == 0
    again.wait_gone()
    assert not other.is_gone and cloud.control_get("/devices")[0]["client"].startswith("other|")


def test_drop(cloud, device):
    cloud.control("/drop")
    device.wait_gone()


# ---- topics ----

OTHER = f"{PRODUCT_KEY}/dev002"


@pytest.mark.parametrize("filter", [
    f"/sys/{NAMES}/thing/event/+/post_reply", f"/sys/{NAMES}/thing/service/#", f"/sys/{NAMES}/#",
    f"/ota/device/upgrade/{NAMES}", f"/ext/ntp/{NAMES}/response", f"/shadow/get/{NAMES}",
    f"/{NAMES}/user/get", f"/{NAMES}/#", "/ext/rrpc/#", "/ext/rrpc/+/#",
    f"/ext/rrpc/+/sys/{NAMES}/thing/service/+", f"/ext/rrpc/+/{NAMES}/user/x",
])
def test_own_filters(device, filter):
    assert device.subscribe(filter, 1) == 1
    assert device.subscribe(filter, 0) == 0
    assert device.subscribe(filter, 2) == 128


@pytest.mark.parametrize("filter", [
    "#", "+/#", "/#", "/+/+/#", f"/sys/{PRODUCT_KEY}/+/thing/service/#", f"/sys/{OTHER}/#",
    f"/ota/device/upgrade/{OTHER}", f"/{OTHER}/user/get", f"/{PRODUCT_KEY}/#", "$SYS/#",
    "$standin/#", f"/shadow/get/{OTHER}", f"/ext/rrpc/+/sys/{OTHER}/#", f"/ext/ntp/{OTHER}/#",
    "$share/g/#", f"/ext/rrpc/1/ext/rrpc/1/sys/{NAMES}/x", "/sys", f"/sys/{NAMES}",
])
def test_foreign_filters(cloud, device, filter):
    assert device.subscribe(filter) == 128
    denied = cloud.records(1, kind="denied")[0]
    assert (denied["device"], denied["what"], denied["topic"]) == ("one", "subscribe", filter)


@pytest.mark.parametrize("topic", [
    f"/sys/{OTHER}/thing/event/property/post", f"/{OTHER}/user/update", "standin", "/x",
    f"/ota/device/inform/{OTHER}", f"/sys/{NAMES}/thing/service/property/set",
    f"/sys/{NAMES}/thing/event/property/post_reply", f"/ota/device/upgrade/{NAMES}",
    f"/shadow/get/{NAMES}", f"/sys/{NAMES}/rrpc/request/1", "$CONTROL/standin/v1",
    f"/ext/rrpc/1/sys/{OTHER}/thing/service/x", f"/sys/{NAMES}/thing/config/push",
])
def test_topics_that_are_not_a_devices_to_speak_on(cloud, device, topic):
    device.publish(topic, NAME + PLAIN)
    denied = cloud.records(1, kind="denied")[0]
    assert (denied["device"], denied["what"], denied["topic"]) == ("one", "publish", topic)
    device.publish(f"/{NAMES}/user/update", "still here")
    assert [r["payload"] for r in cloud.records(1, kind="message")] == [b"still here"]


def test_quality_2_is_not_taken(cloud, device):
    device.publish(f"/{NAMES}/user/update", "x", qos=2)
    assert cloud.records(1, kind="denied")[0]["qos"] == 2
    assert cloud.records(kind="message") == []


def test_a_device_hears_itself_only_on_its_own_topics(device):
    device.subscribe(f"/sys/{NAMES}/#", 1)
    device.subscribe(f"/{NAMES}/#", 1)
    device.publish(f"/sys/{NAMES}/thing/service/X_reply", "{}")
    device.publish(f"/{NAMES}/user/get", "to myself")
    assert device.next(f"/{NAMES}/user/get").payload == b"to myself"


def test_nothing_is_retained(device):
    device.client.publish(f"/{NAMES}/user/get", "kept?", 1, retain=True).wait_for_publish(DEADLINE)
    device.subscribe(f"/{NAMES}/user/get")
    device.publish(f"/{NAMES}/user/get", "now")
    message = device.next()
    assert (message.payload, message.retain) == (b"now", False)


def test_with_and_without_subscription_a_message_comes_once(cloud, connect, device):
    topic = f"/sys/{NAMES}/thing/service/property/set"

    def push(value):
        cloud.control("/property-set", device="one", params={"a": value}, wait=0)
        return device.next(topic)

    assert push(1).qos == 1
    device.subscribe(f"/sys/{NAMES}/thing/service/#", 0)
    assert push(2).qos == 0  # as it was subscribed to
    device.unsubscribe(f"/sys/{NAMES}/thing/service/#")
    message = push(3)
    assert message.qos == 1 and b'"a":3' in message.payload
    assert device.messages == []


def test_messages_wait_for_a_session_that_was_kept(cloud, connect):
    topic = f"/{NAMES}/user/get"
    device = connect(clean=False)
    device.subscribe(topic, 1)
    device.close()
    other = connect(client_id="dev|securemode=3,signmethod=hmacsha1|", password=sign(
        "sha1", "c75b6a4e39342f02ec161ba682566054",
        f"clientIddevdeviceNamedev001productKey{PRODUCT_KEY}"))
    other.publish(topic, "while you were away")
    device = connect(clean=False)
    assert device.next(topic).payload == b"while you were away"


def test_a_session_that_begins_anew_has_no_subscriptions(cloud, connect):
    def push(device):
        cloud.control("/property-set", device="one", params={"a": 1}, wait=0)
        return device.next(f"/sys/{NAMES}/thing/service/property/set").qos

    device = connect(clean=False)
    device.subscribe(f"/sys/{NAMES}/thing/service/#", 0)
    device.close()
    again = connect(clean=False)
    assert push(again) == 0  # as it was subscribed to
    again.close()
    assert push(connect(clean=True)) == 1
