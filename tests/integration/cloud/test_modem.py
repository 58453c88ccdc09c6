"""A modem of the daemon on the stand-in: what `scripts/run --cloud` puts together."""

import pytest
from bench import OK, wait_until
from cloud_device import DEVICE_NAME, NAMES, PRODUCT_KEY, SECRET

TRIPLE = f'"{PRODUCT_KEY}","{DEVICE_NAME}","{SECRET}"'
SET = f"/sys/{NAMES}/thing/service/property/set"


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def modem(request, cloud, start_daemon, open_host, pki):
    return open_host(start_daemon(settings={
        "mqtt.host": "127.0.0.1", "mqtt.port": cloud.ports["mqtt"], "ica.auth": "cloud",
        "mqtt.tls": int(request.param), "mqtt.ca_file": pki / "ca.pem"}))


def test_posts_are_answered_and_properties_set(cloud, modem):
    modem.ask(f"AT+IMQTTAUTH={TRIPLE}", OK, "+IMQTTAUTH:OK")
    modem.ask("AT+IMQTTCONN", OK)
    wait_until(lambda: cloud.control_get("/devices")[0]["client"], "its login")
    payload = r'{\"id\":\"1\",\"params\":{\"LightSwitch\":1}}'
    modem.send(f'AT+IMQTTPUB="/sys/{NAMES}/thing/event/property/post",1,"{payload}"\r')
    modem.search(r'post_reply",\d+,"\{"code":200,"data":\{\},"id":"1","message":"success"')
    cloud.control("/property-set", device="one", params={"LightSwitch": 0}, wait=0)
    modem.search(rf'\+IMQTTRCVPUB:\d+,"{SET}",\d+,".*"params":\{{"LightSwitch":0\}}')


def test_foreign_topics_are_refused(modem):
    modem.ask(f"AT+IMQTTAUTH={TRIPLE}", OK, "+IMQTTAUTH:OK")
    modem.ask("AT+IMQTTCONN", OK)
    modem.send(f'AT+IMQTTSUB="/sys/{PRODUCT_KEY}/dev002/thing/service/#",1\r')
    modem.search(r"\+IMQTTSUB:\d+,128\r\n")


def test_a_wrong_secret(cloud, modem):
    modem.ask(f'AT+IMQTTAUTH="{PRODUCT_KEY}","{DEVICE_NAME}","wrong"', OK, "+IMQTTAUTH:FAIL")
    assert cloud.records(1, kind="refused")[0]["code"] == 4
