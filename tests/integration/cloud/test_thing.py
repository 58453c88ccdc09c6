"""What the stand-in answers when devices post: the platform's codes and its order of keys."""

import base64
import hashlib
import json
import ssl
import time
import urllib.request

import pytest
from bench import DEADLINE, wait_until
from cloud_device import NAMES, Device
from standin import Standin

MODEL = {
    "properties": [
        {"identifier": "Switch", "dataType": {"type": "bool", "specs": {"0": "off", "1": "on"}}},
        {"identifier": "Level", "dataType": {"type": "int", "specs": {"min": "0", "max": "100"}}},
        {"identifier": "Heat", "accessMode": "r", "dataType": {"type": "float", "specs": {}}},
        {"identifier": "Fine", "dataType": {"type": "double", "specs": {"max": "1.5"}}},
        {"identifier": "Mode", "dataType": {"type": "enum", "specs": {"1": "a", "2": "b"}}},
        {"identifier": "Label", "dataType": {"type": "text", "specs": {"length": "4"}}},
        {"identifier": "When", "dataType": {"type": "date", "specs": {}}},
        {"identifier": "Place", "dataType": {"type": "struct", "specs": []}},
        {"identifier": "List", "dataType": {"type": "array", "specs": {}}},
    ],
    "events": [
        {"identifier": "Error",
         "outputData": [{"identifier": "Code", "dataType": {"type": "int", "specs": {}}}]},
        {"identifier": "Pressed", "outputData": []},
    ],
    "services": [
        {"identifier": "Later", "callType": "async",
         "inputData": [{"identifier": "Minutes", "dataType": {"type": "int", "specs": {}}}]},
        {"identifier": "Now", "callType": "sync", "inputData": []},
    ],
}
DEVICES = f"""
[device one]
product_key = {NAMES.partition("/")[0]}
device_name = dev001
device_secret = c75b6a4e39342f02ec161ba682566054
tsl = model.json
"""
POST = "thing/event/property/post"


@pytest.fixture(scope="module")
def modelled(tmp_path_factory):
    """A stand-in that has a model of device one."""
    folder = tmp_path_factory.mktemp("modelled")
    (folder / "model.json").write_text(json.dumps(MODEL))
    standin = Standin(folder, "--with-broker", devices=DEVICES)
    yield standin
    assert standin.stop() == 0


@pytest.fixture
def thing(modelled):
    modelled.forget()
    device = Device(modelled.ports["mqtt"])
    yield device
    device.close()


def request(params, **more):
    return {"id": "1", "version": "1.0", "params": params, **more}


def test_as_the_real_one_writes_it(device):
    device.publish(f"/sys/{NAMES}/{POST}", request({"LightSwitch": 1}))
    assert device.next(f"/sys/{NAMES}/{POST}_reply").payload == (
        b'{"code":200,"data":{},"id":"1","message":"success",'
        b'"method":"thing.event.property.post","version":"1.0"}')
    device.publish(f"/sys/{NAMES}/thing/event/Error/post", request({"ErrorCode": 0}))
    assert device.next(f"/sys/{NAMES}/thing/event/Error/post_reply").payload == (
        b'{"code":200,"data":{},"id":"1","message":"success",'
        b'"method":"thing.event.Error.post","version":"1.0"}')


@pytest.mark.parametrize("id", ["4294967295", "1|exp-topic|/sys/x", 7, "ä\u2028\"", None])
def test_ids_come_back(device, id):
    assert device.ask(POST, {"id": id, "params": {"a": 1}})["id"] == id


@pytest.mark.parametrize("payload, code", [
    (b"no JSON", 6207), (b"", 6207), (b"\xff\x00", 6207), (b"[]", 6207), (b"1", 6207),
    (b"{}", 460), (b'{"id":"1","params":{}}', 460), (b'{"id":"1","params":[1]}', 460),
    (b'{"id":"1","params":"x"}', 460), (b'{"id":"1","params":null}', 460),
    (json.dumps(request({f"p{i}": i for i in range(200)})).encode(), 200),
    (json.dumps(request({f"p{i}": i for i in range(201)})).encode(), 6106),
])
def test_forms(device, payload, code):
    reply = device.ask(POST, payload)
    assert (reply["code"], reply["data"]) == (code, {})
    if code not in (200, 6106):
        assert device.ask("thing/event/Error/post", payload)["code"] == code


def test_no_answer_is_wanted(device):
    for params in ({"a": 1}, {}):
        device.publish(f"/sys/{NAMES}/{POST}", request(params, sys={"ack": 0}))
    assert device.ask(POST, request({"a": 1}, sys={"ack": 1}, id="next"))["id"] == "next"
    assert device.messages == []


@pytest.mark.parametrize("params, code", [
    ({"Switch": 1}, 200), ({"Switch": {"value": 1, "time": 1524448722000}}, 200),
    ({"Switch": {"value": 1}}, 200), ({"Switch": 2}, 460), ({"Switch": True}, 460),
    ({"Switch": "1"}, 460), ({"Switch": {"value": 2}}, 460), ({"Level": 100}, 200),
    ({"Level": 101}, 460), ({"Level": -1}, 460), ({"Level": 1.0}, 460), ({"Heat": 3}, 200),
    ({"Heat": -3.5}, 200), ({"Heat": "3"}, 460), ({"Fine": 1.5}, 200), ({"Fine": 1.6}, 460),
    ({"Mode": 2}, 200), ({"Mode": 3}, 460), ({"Label": "four"}, 200), ({"Label": "fives"}, 460),
    ({"Label": 4}, 460), ({"When": "1524448722000"}, 200), ({"When": "today"}, 460),
    ({"Place": {"x": 1}}, 200), ({"Place": 1}, 460), ({"List": []}, 200), ({"List": {}}, 460),
    ({"Switch": 1, "Level": 101}, 460), ({"Switch": None}, 460),
])
def test_values_of_properties(thing, params, code):
    assert thing.ask(POST, request(params))["code"] == code


def test_properties_that_the_model_has_not(thing):
    reply = thing.ask(POST, request({"Switch": 1, "Nonsense": 5}))
    assert reply["code"] == 200
    assert reply["data"] == {"Nonsense": "tsl parse: params not exist"}
    assert thing.ask(POST, request({"Nonsense": 5, "Switch": 7}))["code"] == 460


@pytest.mark.parametrize("event, params, code", [
    ("Error", {"Code": 3}, 200), ("Error", {"value": {"Code": 3}, "time": 1524448722000}, 200),
    ("Error", {"Code": "3"}, 460), ("Error", {"value": {"Code": "3"}}, 460), ("Error", {}, 460),
    ("Error", {"value": 3}, 460), ("Pressed", {}, 200), ("Pressed", [], 460),
    ("Nothing", {"Code": 3}, 5096),
])
def test_events(thing, event, params, code):
    reply = thing.ask(f"thing/event/{event}/post", request(params))
    assert reply["code"] == code
    assert reply["message"] == {200: "success", 460: "request parameter error",
                                5096: "event not found"}[code]


@pytest.mark.parametrize("rest, params", [
    ("thing/event/property/batch/post", {"properties": {"Switch": [{"value": 1}]}}),
    ("thing/event/property/history/post", [{"properties": [{"Switch": {"value": 1}}]}]),
    ("thing/event/property/pack/post", {"properties": {}}),
    ("thing/deviceinfo/update", [{"attrKey": "a", "attrValue": "b"}]),
    ("thing/deviceinfo/delete", [{"attrKey": "a"}]),
    ("thing/log/post", [{"utcTime": "x"}]),
])
def test_what_is_only_noted(thing, rest, params):
    reply = thing.ask(rest, request(params))
    assert (reply["code"], reply["method"]) == (200, rest.replace("/", "."))
    assert thing.ask(rest, request(None))["code"] == 460


def test_log_mode(device):
    reply = device.ask("thing/config/log/get", request({"configScope": "device"}))
    assert reply["data"] == {"content": {"mode": 0}}


def test_raw_data(device):
    device.publish(f"/sys/{NAMES}/thing/model/up_raw", b"\x00\xff\x01")
    assert device.next(f"/sys/{NAMES}/thing/model/up_raw_reply").payload == b"\x00\xff\x01"


def test_clock(device):
    before = int(time.time() * 1000)
    device.publish(f"/ext/ntp/{NAMES}/request", '{"deviceSendTime":"100"}', qos=0)
    answer = device.next_json(f"/ext/ntp/{NAMES}/response")
    assert list(answer) == ["deviceSendTime", "serverRecvTime", "serverSendTime"]
    assert answer["deviceSendTime"] == "100"
    assert before <= int(answer["serverRecvTime"]) <= int(time.time() * 1000)
    for bad in ("", "{}", "[1]"):
        device.publish(f"/ext/ntp/{NAMES}/request", bad)
    device.ask(POST, request({"a": 1}))
    assert device.messages == []


def test_desired_values(cloud, device):
    device.close()
    wait_until(lambda: cloud.control_get("/devices")[0]["client"] is None, "its going")
    cloud.control("/desired", device="one", params={"Switch": 1, "Level": 5})
    cloud.control("/desired", device="one", params={"Switch": 0})
    device = Device(cloud.ports["mqtt"])
    get, delete = "thing/property/desired/get", "thing/property/desired/delete"
    switch = {"value": 0, "version": 2}
    assert device.ask(get, request(["Switch", "None"]))["data"] == {"Switch": switch}
    assert device.ask(get, request([]))["data"].keys() == {"Switch", "Level"}
    assert device.ask(get, request({}))["code"] == 460
    assert device.ask(delete, request({"Switch": {"version": 1}}))["code"] == 200
    assert device.ask(get, request(["Switch"]))["data"] == {"Switch": switch}
    device.ask(delete, request({"Switch": {"version": 2}}))
    assert device.ask(get, request([]))["data"].keys() == {"Level"}
    cloud.control("/desired", device="one", params={"Level": 6}, wait=0)
    assert device.next_json(f"/sys/{NAMES}/thing/service/property/set")["params"] == {"Level": 6}
    device.ask(delete, request({}))
    assert device.ask(get, request([]))["data"] == {}
    device.close()


# ---- the shadow ----

UPDATE, GET = f"/shadow/update/{NAMES}", f"/shadow/get/{NAMES}"


def shadow(device, message):
    device.publish(UPDATE, message)
    reply = device.next_json(GET)
    assert reply["method"] == "reply" and reply["timestamp"] > 1700000000
    return reply


def error_of(device, message):
    payload = shadow(device, message)["payload"]
    assert payload["status"] == "error"
    return payload["content"]["errorcode"]


def test_shadow(cloud, device):
    update = {"method": "update", "state": {"reported": {"color": "red", "on": 1}}, "version": -1}
    assert shadow(device, update)["payload"] == {"status": "success", "version": 0}
    assert shadow(device, {**update, "version": 5})["version"] == 5
    assert error_of(device, {**update, "version": 5}) == "409"
    cloud.control("/shadow", device="one", desired={"color": "green"})
    control = device.next_json(GET)
    assert (control["method"], control["version"]) == ("control", 6)
    assert control["payload"]["state"]["desired"] == {"color": "green"}
    done = {"method": "update", "version": 7, "state": {"reported": {"color": "green"},
                                                       "desired": "null"}}
    assert shadow(device, done)["version"] == 7
    assert shadow(device, {"method": "get"})["payload"]["state"] == {
        "reported": {"color": "green", "on": 1}, "desired": {}}
    delete = {"method": "delete", "state": {"reported": {"on": "null"}}, "version": 8}
    assert shadow(device, delete)["payload"]["status"] == "success"
    assert shadow(device, {"method": "get"})["payload"]["state"]["reported"] == {"color": "green"}
    shadow(device, {"method": "delete", "state": {"reported": "null"}, "version": 9})
    assert shadow(device, {"method": "get"})["payload"]["state"]["reported"] == {}


@pytest.mark.parametrize("message, code", [
    ("no JSON", "400"), ({}, "401"), ({"method": "fly"}, "406"), ({"method": "update"}, "402"),
    ({"method": "update", "state": {"reported": {"a": 1}}}, "403"),
    ({"method": "update", "state": {"reported": {}}, "version": 99}, "404"),
    ({"method": "delete", "version": 99}, "402"),
])
def test_what_a_shadow_refuses(device, message, code):
    assert error_of(device, message) == code


# ---- remote configuration ----

def test_configuration(cloud, device, pki):
    content = b'{"interval": 5}'
    params = {"configScope": "product", "getType": "file"}
    assert device.ask("thing/config/get", request(params))["data"] == {}
    cloud.control("/config", content=base64.b64encode(content).decode(), device="one")
    push = device.next_json(f"/sys/{NAMES}/thing/config/push")
    data = device.ask("thing/config/get", request(params))["data"]
    for given in (push["params"], data):
        assert (given["configSize"], given["signMethod"]) == (len(content), "Sha256")
        assert given["sign"] == hashlib.sha256(content).hexdigest()
        context = ssl.create_default_context(cafile=pki / "ca.pem")
        with urllib.request.urlopen(given["url"], timeout=DEADLINE, context=context) as response:
            assert response.read() == content
    assert device.ask("thing/ota/firmware/get", request({}))["data"] == {}
