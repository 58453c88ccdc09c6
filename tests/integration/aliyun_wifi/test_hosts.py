"""The sequences that known hosts send, with the profile made for them."""

import re

from aw import CLOUD, at_cloud, download, frame
from bench import OK, line
from cloud_device import DEVICE_NAME, NAMES, PRODUCT_KEY, SECRET


def test_aiot_at(cloud, start_modem, open_host, pki):
    """Alibaba's MCU-side SDK: CR LF, polls the state with the test form, takes +CME ERROR for the end of an answer,
    reads an answer from its second line on, and ends it at the first line with OK in it."""
    modem = start_modem(modem__profile="aiot-at", **at_cloud(cloud, pki))
    host = open_host(modem)

    def ask(text, *answer):
        host.send(text + "\r\n")
        host.expect(*(part if isinstance(part, bytes) else line(part) for part in answer))

    ask("AT", OK)
    ask("AT+IREBOOT", OK)
    host.ask_until_answered("AT", 0.2)
    ask("AT+CWMODE=1", OK)
    ask("AT+CWJAP=ssid,psk", OK)
    host.search(r"^\r\n\+INETSTAT:4,192.168.40.13,[0-9A-F:]{17}\r\n")
    host.send("AT+INETSTAT\r\n")
    host.search(r"^\r\n\+INETSTAT:(\d+),([\d.]+),(\S+)\r\n\r\nOK\r\n")
    ask("AT+IMQTTPUB=t,0,x", "+CME ERROR:not connected")
    ask("AT+IMQTTSTATE=?", "+IMQTTSTATE:0", OK)
    ask(f"AT+IDMAUTH={PRODUCT_KEY},{DEVICE_NAME},{SECRET}", OK)
    for tag, number in (("TIMEOUT", 5), ("KEEPALIVE", 60), ("TLS", 1), ("AUTHMODE", 0)):
        ask(f"AT+IDMPARA={tag},{number}", OK)
    ask(f"AT+IDMCONN={CLOUD},443", "+IDMSTATE:1", OK)
    ask("AT+IDMSTATE=?", "+IDMSTATE:1", OK)
    ask('AT+IDMPP={"LightSwitch":1}', "+IDMPP:1", OK, "+IDMGPR:1,200,{},success")
    packet_id = host.request(f"AT+IMQTTSUB=/{NAMES}/user/get,0\n", "IMQTTSUB")
    host.expect(line(f"+IMQTTSUBACK:{packet_id},0"))
    packet_id = host.request(f"AT+IMQTTPUB=/{NAMES}/user/update,1,123\n", "IMQTTPUB")
    host.expect(line(f"+IMQTTPUBACK:{packet_id}"))
    cloud.host("2.0.1", b"image" * 100, module="MCU")
    ask("AT+IOTAPARA=BLOCKSIZE,512", OK)
    ask("AT+IOTAVER=2.0.0", OK, "+IOTASTATE:0,2.0.1,500")
    download(host, 500, "2.0.1")
    host.send("AT+IOTASHO\r\n")
    shown = host.search(r'^\r\n\+IOTASHO:1,512,2.0.1,500,0,"(\w+)"\r\n\r\nOK\r\n')
    assert re.fullmatch(rb"[0-9a-f]{32}", shown.group(1))
    assert frame(host, 0) == b"image" * 100
    host.expect(line("+IOTAEOT"))
    ask("AT+IDMDISCONN", OK, "+IDMSTATE:0")
    ask("AT+HTTPC=0,0,127.0.0.1:1", "+CME ERROR:http failed")
    host.quiet()


def test_haas210_walk_through(cloud, start_modem, open_host, pki):
    """The vendor's page on its module: BLE provisioning, the thing model, then a message of the host's own; no
    profile."""
    host = open_host(start_modem(aw__provision_ssid="home", aw__provision_psk="password",
                                 **at_cloud(cloud, pki)))
    host.ask("AT+IBLECONFIGSTART=1", OK)
    host.search(r"^\r\n\+INETSTAT:4,192.168.40.13,[0-9A-F:]{17}\r\n")
    host.ask(f"AT+IDMAUTH={PRODUCT_KEY},{DEVICE_NAME},{SECRET}", OK)
    host.ask("AT+IDMCONN=iot-060a0test.mqtt.iothub.aliyuncs.com,1883", "+IDMSTATE:1", OK)
    host.ask(f"AT+IMQTTPUB=/{NAMES}/user/update,0,hello", "+IMQTTPUB:0", OK)
    record, = cloud.records(1, topic=f"/{NAMES}/user/update")
    assert record["payload"] == b"hello"
    host.quiet()
