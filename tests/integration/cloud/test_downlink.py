"""What the stand-in asks of devices, and scripts/cloud, by which people tell it to."""

import json
import subprocess
import urllib.error

import pytest
from bench import DEADLINE
from cloud_device import NAMES, PASSWORD
from standin import ROOT
from test_thing import modelled, thing  # noqa: F401

SET = f"/sys/{NAMES}/thing/service/property/set"


class Running:
    """scripts/cloud in the background, until its output is wanted."""

    def __init__(self, cloud, *words):
        self.process = subprocess.Popen(
            [ROOT / "scripts/cloud", "--port", str(cloud.ports["control"]), *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def end(self):
        """Status, stdout, stderr."""
        out, error = self.process.communicate(timeout=DEADLINE)
        assert "Traceback" not in error
        return self.process.returncode, out, error


def run(cloud, *words):
    return Running(cloud, *words).end()


def answer(device, topic, reply_topic=None, data=None):
    """Answers the next request as a device does; gives the request."""
    message = device.next()
    assert message.topic.startswith(topic)
    request = json.loads(message.payload)
    device.publish(reply_topic(message.topic) if reply_topic else message.topic + "_reply",
                   {"id": request["id"], "code": 200, "data": data or {}}, qos=0)
    return request


def test_properties_are_set(cloud, device):
    command = Running(cloud, "property-set", "Switch=1", "Label=kitchen", 'Text="1"', "Heat=2.5")
    request = answer(device, SET)
    assert list(request) == ["method", "id", "params", "version"]
    assert request["method"] == "thing.service.property.set" and request["version"] == "1.0.0"
    assert request["params"] == {"Switch": 1, "Label": "kitchen", "Text": "1", "Heat": 2.5}
    status, out, _ = command.end()
    assert status == 0 and out.splitlines()[0].startswith(f"> {SET} ")
    assert out.splitlines()[1] == f'< {{"id": "{request["id"]}", "code": 200, "data": {{}}}}'


def test_an_answer_to_something_else_is_none(cloud, device):
    got = []
    device.client.on_message = lambda *args: got.append(args[2])
    result = cloud.control("/property-set", device="one", params={"a": 1}, wait=0.2)
    assert result["answer"] is None and result["topic"] == SET
    device.publish(SET + "_reply", '{"id":"1","code":200,"data":{}}')
    device.publish(SET + "_reply", "no JSON")
    assert len(cloud.records(2, kind="message", topic=SET + "_reply")) == 2
    assert cloud.records(1, kind="sent", topic=SET)[0]["payload"] == got[0].payload


def test_async_service(cloud, device):
    command = Running(cloud, "service", "Weigh", "New=100.8")
    request = answer(device, f"/sys/{NAMES}/thing/service/Weigh")
    assert (request["method"], request["params"]) == ("thing.service.Weigh", {"New": 100.8})
    assert command.end()[0] == 0


def test_sync_service_the_plain_way(cloud, device):
    command = Running(cloud, "service", "--how", "sync", "Weigh", "New=1")
    request = answer(device, f"/sys/{NAMES}/rrpc/request/",
                     lambda topic: topic.replace("request", "response"), {"Old": 7})
    assert request["method"] == "thing.service.Weigh"
    status, out, _ = command.end()
    assert status == 0 and '"data": {"Old": 7}' in out


def test_sync_service_on_its_own_topic(cloud, connect):
    device = connect(client_id="a1TestProdKey.dev001|timestamp=2524608000000,_ss=1,"
                     "_v=sdk-c-4.2.0,securemode=3,signmethod=hmacsha256,ext=3,|", password=PASSWORD)
    command = Running(cloud, "service", "--how", "sync", "Weigh")
    request = answer(device, "/ext/rrpc/", lambda topic: topic, {"Old": 7})
    assert request["method"] == "thing.service.Weigh"
    status, out, _ = command.end()
    assert status == 0 and f"/sys/{NAMES}/thing/service/Weigh" in out and '"Old": 7' in out


def test_rrpc_of_any_kind(cloud, connect):
    device = connect(client_id="a1TestProdKey.dev001|timestamp=2524608000000,securemode=3,"
                     "signmethod=hmacsha256,ext=1|", password=PASSWORD)
    command = Running(cloud, "rrpc", "--topic", f"/{NAMES}/user/x", "how are you?")
    message = device.next()
    assert message.topic.endswith(f"/{NAMES}/user/x") and message.payload == b"how are you?"
    device.publish(message.topic, b"\x00\xff", qos=0)
    status, out, _ = command.end()
    assert status == 0 and out.endswith("< 00 ff\n")


def test_raw_data(cloud, device):
    command = Running(cloud, "raw", "00 01ff")
    message = device.next(f"/sys/{NAMES}/thing/model/down_raw")
    assert message.payload == b"\x00\x01\xff"
    device.publish(message.topic + "_reply", b"done")
    assert command.end()[1].endswith("< done\n")


def test_what_the_model_has_not(modelled, thing):  # noqa: F811
    for words, reason in (
            (("property-set", "Nonsense=1"), "not in the model: Nonsense"),
            (("property-set", "Level=101"), "Level is not int, or out of its range"),
            (("property-set", "Heat=1"), "Heat is read-only"),
            (("service", "Fly"), "there is no service Fly in the model"),
            (("service", "Later", "Minutes=x"), "Minutes is not int, or out of its range"),
    ):
        assert run(modelled, *words) == (1, "", f"scripts/cloud: {reason}\n")
    command = Running(modelled, "service", "Now")  # sync, says the model
    answer(thing, f"/sys/{NAMES}/rrpc/request/",
           lambda topic: topic.replace("request", "response"))
    assert command.end()[0] == 0


def test_images(cloud, device, tmp_path):
    (tmp_path / "image").write_bytes(b"firmware")
    status, out, _ = run(cloud, "ota", "--sign-method", "SHA256", str(tmp_path / "image"), "2.0.0")
    assert status == 0 and out.startswith(f"> /ota/device/upgrade/{NAMES} ")
    data = device.next_json(f"/ota/device/upgrade/{NAMES}")["data"]
    assert (data["version"], data["size"], data["signMethod"]) == ("2.0.0", 8, "SHA256")
    device.publish(f"/ota/device/inform/{NAMES}", '{"id":"1","params":{"version":"1.0"}}')
    assert device.next_json(f"/ota/device/upgrade/{NAMES}")["data"]["version"] == "2.0.0"
    assert run(cloud, "ota", "--host-only", str(tmp_path / "image"), "3.0.0") == (0, "", "")
    device.ask("thing/ota/firmware/get", {"id": "1", "params": {}})
    status, _, error = run(cloud, "ota", str(tmp_path / "none"), "2.0.0")
    assert status == 1 and "none" in error


def test_configuration_and_shadow(cloud, device, tmp_path):
    (tmp_path / "file").write_bytes(b"{}")
    assert run(cloud, "config", str(tmp_path / "file")) == (0, "told one\n", "")
    assert device.next_json(f"/sys/{NAMES}/thing/config/push")["params"]["configSize"] == 2
    assert run(cloud, "shadow", "color=red")[0] == 0
    state = device.next_json(f"/shadow/get/{NAMES}")["payload"]["state"]
    assert state["desired"]["color"] == "red"
    command = Running(cloud, "desired", "a=1")
    assert answer(device, SET)["params"] == {"a": 1}
    assert command.end()[0] == 0
    for words in (("config", str(tmp_path / "file")), ("shadow", "a=1"), ("desired", "a=1")):
        status, out, _ = run(cloud, words[0], "--device", "two", *words[1:])
        assert status == 0 and out.startswith("kept until ")


def test_devices_and_records(cloud, device):
    status, out, _ = run(cloud, "devices")
    assert status == 0 and out.splitlines()[0] == (
        "one          dev001&a1TestProdKey  a1TestProdKey.dev001|securemode=3,"
        "signmethod=hmacsha256,timestamp=2524608000000|")
    follow = Running(cloud, "records", "--follow")
    device.publish(f"/{NAMES}/user/update", "hello there")
    line = f"message mqtt one /{NAMES}/user/update hello there\n"
    while follow.process.stdout.readline() != line:
        assert follow.process.poll() is None
    device.publish(f"/{NAMES}/user/update", b"\x00\x01")
    assert follow.process.stdout.readline() == f"message mqtt one /{NAMES}/user/update 00 01\n"
    device.publish(f"/{NAMES}/user/update", "two\nlines")
    assert follow.process.stdout.readline().endswith(" two\\nlines\n")
    follow.process.terminate()
    follow.process.communicate(timeout=DEADLINE)


def test_expire_drop_and_reset(cloud, device):
    assert run(cloud, "expire") == run(cloud, "reset", "--device", "one") == (0, "", "")
    assert not cloud.control_get("/devices")[0]["activated"]
    assert run(cloud, "drop") == (0, "", "")
    device.wait_gone()
    cloud.records(1, kind="logout")
    status, _, error = run(cloud, "drop", "--device", "one")
    assert (status, error) == (1, "scripts/cloud: one is not connected\n")


def test_usage(cloud):
    for words in ((), ("fly",), ("property-set",), ("property-set", "x"), ("property-set", "=1"),
                  ("raw", "xyz"), ("service",), ("ota", "file")):
        status, out, error = run(cloud, *words)
        assert (status, out) == (2, "") and error.startswith("usage: scripts/cloud")
    assert run(cloud, "--help")[0] == 0
    status, _, error = run(cloud, "property-set", "--device", "nine", "a=1")
    assert (status, error) == (1, "scripts/cloud: there is no device nine\n")
    assert run(cloud, "property-set", "a=1")[2].startswith("scripts/cloud: device is needed")
    status, _, error = run(cloud, "property-set", "--device", "one", "a=1")
    assert (status, error) == (1, "scripts/cloud: one is not connected\n")


def test_without_a_cloud(tmp_path):
    for words, reason in ((("--ports", tmp_path / "none"), "no local cloud runs; "),
                          (("--port", "1"), "no local cloud answers on port 1: ")):
        ended = subprocess.run([ROOT / "scripts/cloud", *words, "devices"], text=True,
                               capture_output=True, timeout=DEADLINE)
        assert ended.returncode == 1 and ended.stderr.startswith(f"scripts/cloud: {reason}")


def test_bad_members(cloud, device):
    for command, members in (("/property-set", {"params": 1}), ("/service", {}), ("/rrpc", {}),
                             ("/raw", {"payload": "?"}), ("/property-set", {"device": 7}),
                             ("/service", {"service": "x", "wait": "long"})):
        with pytest.raises(urllib.error.HTTPError) as caught:
            cloud.control(command, **members)
        with caught.value:
            assert caught.value.code == 400


def test_a_plain_broker_does_not_say_who_is_there(start_standin, broker, watcher):
    standin = start_standin("--broker", f"127.0.0.1:{broker.port}")
    result = standin.control("/property-set", device="one", params={"a": 1}, wait=0)
    assert result["topic"] == watcher.next().topic == SET


def test_without_a_broker(standin):
    with pytest.raises(urllib.error.HTTPError) as caught:
        standin.control("/property-set", device="one", params={})
    with caught.value:
        assert json.load(caught.value) == {"error": "there is no broker"}
