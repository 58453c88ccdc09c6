"""Registration, synchronous services, a connection that is lost: against the local stand-in."""

import json
import threading

import pytest
from bench import OK, line, wait_until
from cloud_device import NAMES, PRODUCT_KEY

HOST = f"{PRODUCT_KEY}.iot-as-mqtt.cn-shanghai.aliyuncs.com"
PRODUCT_SECRET = "VPCTjT8dGTXr5Jpg"
FAILED = line("+CME ERROR: connect failed, please check network status and variables like url, produt_key, "
              "device_name, device_secret") + line("FAIL")


@pytest.fixture
def cloud(start_standin, pki):
    return start_standin("--with-broker", "--certificate", pki / "server.pem", "--key", pki / "server.key")


@pytest.fixture
def modem(cloud, start_daemon, pki):
    return start_daemon("--dialect", "aliyun-wifi", settings={
        "mqtt.host": "127.0.0.1", "mqtt.port": cloud.ports["mqtt"], "mqtt.tls": 1,
        "mqtt.ca_file": pki / "ca.pem"})


@pytest.fixture
def host(modem, open_host):
    return open_host(modem)


def test_registration_of_a_known_device(modem, host, open_host):
    host.ask(f"AT+IMQTTAUTH={PRODUCT_KEY},dev001,,{PRODUCT_SECRET}", OK)
    host.ask(f"AT+IMQTTCONN={HOST},443", FAILED)  # AUTHMODE 0 wants a device secret
    host.ask("AT+IMQTTPARA=AUTHMODE,1", OK)
    host.ask(f"AT+IMQTTCONN={HOST},443", "+IMQTTSTATE:1", OK)
    host.ask("AT+IMQTTAUTH?",
             f"+IMQTTAUTH={PRODUCT_KEY},dev001,c75b6a4e39342f02ec161ba682566054,{PRODUCT_SECRET}", OK)
    # What it brought is kept, and used by a host that starts from the beginning.
    host.close()
    modem.restart()
    host = open_host(modem)
    host.ask(f"AT+IMQTTAUTH={PRODUCT_KEY},dev001,,{PRODUCT_SECRET}", OK)
    host.ask(f"AT+IMQTTCONN={HOST},443", "+IMQTTSTATE:1", OK)


def test_registration_of_an_unknown_device(modem, host, open_host):
    host.ask(f"AT+IDMAUTH={PRODUCT_KEY},new001,,{PRODUCT_SECRET}", OK)
    host.ask("AT+IDMPARA=AUTHMODE,2", OK)
    host.ask(f"AT+IDMCONN={HOST},443", "+IDMSTATE:1", OK)
    host.ask("AT+IDMDISCONN", OK, "+IDMSTATE:0")
    host.ask(f"AT+IDMCONN={HOST},443", "+IDMSTATE:1", OK)
    assert "device_token" in next(modem.state.glob("*.aliyun-wifi.ini")).read_text()


def test_wrong_product_secret(host):
    host.ask(f"AT+IMQTTAUTH={PRODUCT_KEY},dev001,,wrong", OK)
    host.ask("AT+IMQTTPARA=AUTHMODE,1", OK)
    host.ask(f"AT+IMQTTCONN={HOST},443", FAILED)


def connect(host, name="dev001", secret="c75b6a4e39342f02ec161ba682566054"):
    host.ask(f"AT+IDMAUTH={PRODUCT_KEY},{name},{secret}", OK)
    host.ask(f"AT+IDMCONN={HOST},443", "+IDMSTATE:1", OK)


def test_synchronous_service(cloud, host):
    connect(host)
    answers = []
    call = threading.Thread(target=lambda: answers.append(cloud.control(
        "/service", device="one", service="UpdateModel", params={"UpdateTaskID": "1"}, sync=True)))
    call.start()
    match = host.search(r'^\r\n\+IDMSS:(\d+),(\w+),UpdateModel,20,\{"UpdateTaskID":"1"\}\r\n')
    id, rrpc = (match.group(n).decode() for n in (1, 2))
    host.ask(f'AT+IDMSSR={id},{rrpc},UpdateModel,200,{{"done":1}}', OK)
    call.join(20)
    records = cloud.records(1, topic=f"/ext/rrpc/{rrpc}/sys/{NAMES}/thing/service/UpdateModel")
    assert {"id": id, "code": 200, "data": {"done": 1}} in [json.loads(r["payload"]) for r in records]
    assert len(answers) == 1


def test_two_devices_stay_apart(cloud, start_daemon, open_host, pki):
    daemon = start_daemon("--dialect", "aliyun-wifi", "--set=modem.count=2", settings={
        "mqtt.host": "127.0.0.1", "mqtt.port": cloud.ports["mqtt"]})

    class Link:
        def __init__(self, number):
            self.link = f"{daemon.link}-{number}"

    hosts = [open_host(Link(number)) for number in (0, 1)]
    connect(hosts[0])
    connect(hosts[1], "dev002", "00112233445566778899aabbccddeeff")
    for device, number in (("one", 0), ("two", 1)):
        cloud.control("/property-set", device=device, params={"LightSwitch": number}, wait=0)
        hosts[number].search(rf'^\r\n\+IDMPS:\d+,17,\{{"LightSwitch":{number}\}}\r\n')
    for host in hosts:
        host.quiet()


def test_a_plain_broker_brings_back_own_answers(broker, watcher, start_daemon, open_host):
    host = open_host(start_daemon("--dialect", "aliyun-wifi"))
    host.ask("AT+IMQTTPARA=TLS,0", OK)
    host.ask(f"AT+IDMAUTH={PRODUCT_KEY},dev001,secret", OK)
    host.ask(f"AT+IDMCONN=127.0.0.1,{broker.port}", "+IDMSTATE:1", OK)
    request = '{"id":"7","version":"1.0","params":{"a":[1, 2]},"method":"thing.service.Go"}'
    watcher.publish(f"/sys/{NAMES}/rrpc/request/42", request)
    host.expect(line('+IDMSS:7,42,Go,12,{"a":[1, 2]}'))
    host.ask("AT+IDMSSR=7,42,Go,200,{}", OK)
    watcher.publish(f"/ext/rrpc/43/sys/{NAMES}/thing/service/Go", request)
    host.expect(line('+IDMSS:7,43,Go,12,{"a":[1, 2]}'))
    host.ask("AT+IDMSSR=7,43,Go,200,{}", OK)
    watcher.publish(f"/sys/{NAMES}/thing/service/Go", request)
    host.expect(line('+IDMAS:7,Go,{"a":[1, 2]}'))
    host.ask("AT+IDMASR=7,Go,200,{}", OK)
    watcher.publish(f"/sys/{NAMES}/rrpc/request/44", b"\x01raw")
    host.expect(line(f"+IMQTTRCVPUB:/sys/{NAMES}/rrpc/request/44,4,\x01raw"))
    for bad in ("no json", "[]", '{"id":"x","params":{}}', '{"id":1}'):
        watcher.publish(f"/sys/{NAMES}/thing/service/property/set", bad)
    watcher.publish(f"/sys/{NAMES}/thing/service/property/set", '{"params":{"A":1},"id":9}')
    host.expect(line('+IDMPS:9,7,{"A":1}'))
    host.quiet()
    answer = b'{"id":"7","code":200,"data":{}}'
    wanted = {(f"/sys/{NAMES}/rrpc/response/42", answer), (f"/ext/rrpc/43/sys/{NAMES}/thing/service/Go", answer),
              (f"/sys/{NAMES}/thing/service/Go_reply", answer),
              (f"/sys/{NAMES}/thing/service/property/set_reply", answer.replace(b"7", b"9"))}
    wait_until(lambda: wanted <= {(m.topic, m.payload) for m in watcher.messages}, "the answers")
