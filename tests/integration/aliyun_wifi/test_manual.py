"""The dialogues of the Wi-Fi module's manual, against the local stand-in of the cloud and a plain broker."""

import json
import socket

import pytest
from bench import ERROR, OK, line
from cloud_device import DEVICE_NAME, NAMES, PRODUCT_KEY, SECRET
from standin import DEVICES, ROOT
from web import Web

HOST = f"{PRODUCT_KEY}.iot-as-mqtt.cn-shanghai.aliyuncs.com"
FAIL = line("FAIL")
CONFIG = "ERROR: Error parameter."


def failure(text):
    return line(f"+CME ERROR:{text}") + FAIL


@pytest.fixture
def modem(cloud, start_daemon, pki):
    return start_daemon("--dialect", "aliyun-wifi", settings={
        "mqtt.host": "127.0.0.1", "mqtt.port": cloud.ports["mqtt"], "mqtt.ca_file": pki / "ca.pem",
        "http.uri": cloud.url("")})


@pytest.fixture
def host(modem, open_host):
    return open_host(modem)


def authenticate(host):
    host.ask(f"AT+IMQTTAUTH={PRODUCT_KEY},{DEVICE_NAME},{SECRET}", OK)


@pytest.fixture
def online(host):
    authenticate(host)
    host.ask(f"AT+IMQTTCONN={HOST},443", "+IMQTTSTATE:1", OK)
    return host


@pytest.fixture
def thing(host):
    authenticate(host)
    host.ask(f"AT+IDMCONN={HOST},1883", "+IDMSTATE:1", OK)
    return host


# ---- who the device is ----


def test_auth(host):
    host.ask("AT+IMQTTAUTH=?", "+IMQTTAUTH=<product_key>,<device_name>,<device_secret>,[product_secret]", OK)
    host.ask("AT+IMQTTAUTH?", "+IMQTTAUTH=,,,", OK)
    host.ask("AT+IMQTTAUTH=gb80*1U, eng_**, 9da***d2, 5Q5KQ**2A1P", OK)
    host.ask("AT+IMQTTAUTH?", "+IMQTTAUTH=gb80*1U,eng_**,9da***d2,5Q5KQ**2A1P", OK)
    host.ask("AT+IDMAUTH?", "+IDMAUTH=gb80*1U,eng_**,9da***d2,5Q5KQ**2A1P", OK)
    host.ask("AT+IMQTTAUTH=pk,dn, ,ps", OK)
    host.ask("AT+IMQTTAUTH?", "+IMQTTAUTH=pk,dn,,ps", OK)


@pytest.mark.parametrize("arguments", ["pk,dn", "pk,dn,", "pk,dn,,", ",dn,ds", "pk,,ds", "pk,dn,ds,ps,x",
                                       "p" * 65 + ",dn,ds", ""])
def test_bad_auth(host, arguments):
    host.ask(f"AT+IMQTTAUTH={arguments}", CONFIG)
    host.ask("AT+IMQTTAUTH?", "+IMQTTAUTH=,,,", OK)


def test_para(host):
    host.ask("AT+IMQTTPARA=?", "+IMQTTPARA=<key>,<value>", OK)
    host.ask("AT+IMQTTPARA?", "+IMQTTPARA:timeout=5,tls=1,keepalive=1200,auth_mode=0,heart_beat=25", OK)
    host.ask("AT+IMQTTPARA=TIMEOUT,7", OK)
    host.ask("AT+IMQTTPARA= AUTHMODE,1", OK)
    host.ask("AT+IDMPARA=tls,0", OK)
    host.ask("AT+IDMPARA?", "+IDMPARA:timeout=7,tls=0,keepalive=1200,auth_mode=1,heart_beat=25", OK)


@pytest.mark.parametrize("arguments", ["TIMEOUT,0", "TIMEOUT,61", "KEEPALIVE,29", "KEEPALIVE,1201", "TLS,2",
                                       "AUTHMODE,3", "HEART_BEAT,1", "TIMEOUT", "TIMEOUT,x", "TIMEOUT,5,5", ""])
def test_bad_para(host, arguments):
    host.ask(f"AT+IMQTTPARA={arguments}", CONFIG)


def test_cred(host):
    host.ask("AT+IMQTTCRED=?", "+IMQTTCRED=<clientid>,<username>,<passwd>", OK)
    host.ask("AT+IMQTTCRED=democlietid,demousername,demopasswd", OK)
    host.ask("AT+IMQTTCRED?", "+IMQTTCRED:democlietid,demousername,demopasswd", OK)
    host.ask("AT+IDMCREAD?", "+IDMCRED:democlietid,demousername,demopasswd", OK)
    host.ask("AT+IMQTTCRED=c1|securemode=3,signmethod=hmacsha1|,dev&pk,0A1B", OK)
    host.ask("AT+IMQTTCRED?", "+IMQTTCRED:c1|securemode=3,signmethod=hmacsha1|,dev&pk,0A1B", OK)
    for arguments in ("a,b", ",b,c", "a,b,c,d", ""):
        host.ask(f"AT+IMQTTCRED={arguments}", CONFIG)
    host.ask("AT+IMQTTCRED=id,,", OK)
    host.ask("AT+IMQTTCRED?", "+IMQTTCRED:id,,", OK)


# ---- the connection ----


def test_connection(host, cloud):
    host.ask("AT+IMQTTSTATE=?", "+IMQTTSTATE", OK)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:0", OK)
    host.ask("AT+IMQTTDISCONN", failure("not connected"))
    authenticate(host)
    host.ask("AT+IMQTTCONN=?", "+IMQTTCONN=<host>,<port>", OK)
    host.ask(f"AT+IMQTTCONN={HOST},443", "+IMQTTSTATE:1", OK)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:1", OK)
    host.ask("AT+IDMSTATE?", "+IDMSTATE:1", OK)
    host.ask(f"AT+IMQTTCONN={HOST},443", "+IMQTTSTATE:1", OK)
    host.ask(f"AT+IMQTTCONN={HOST},1883", "+IMQTTSTATE:1", OK)
    host.ask("AT+IMQTTDISCONN=?", "+IMQTTDISCONN", OK)
    host.ask("AT+IDMDISCONN=?", OK)
    host.ask("AT+IMQTTDISCONN", OK, "+IMQTTSTATE:0")
    host.quiet()


@pytest.mark.parametrize("arguments", ["", "host", "host,0", "host,65536", "host,x", ",1883", "host,1883,x"])
def test_bad_connection(host, arguments):
    host.ask(f"AT+IMQTTCONN={arguments}", failure("invalid parameter"))


CONNECT_FAILED = failure(" connect failed, please check network status and variables like url, produt_key, "
                         "device_name, device_secret")


def test_failed_connection(host):
    host.ask(f"AT+IMQTTCONN={HOST},443", CONNECT_FAILED)  # nothing is stored
    host.ask(f"AT+IMQTTAUTH={PRODUCT_KEY},{DEVICE_NAME},wrong", OK)
    host.ask(f"AT+IMQTTCONN={HOST},443", CONNECT_FAILED)
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    host.ask(f"AT+IMQTTCONN=127.0.0.1,{port}", CONNECT_FAILED)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:0", OK)


# ---- messages ----


def test_publish(online, cloud):
    online.ask("AT+IMQTTPUB=?", "+IMQTTPUB=<topic>,<qos>,<message>", OK)
    online.ask(f'AT+IMQTTPUB=/{NAMES}/user/update,0,{{"a": [1,"x"]}} ', "+IMQTTPUB:0", OK)
    record, = cloud.records(1, topic=f"/{NAMES}/user/update")
    assert record["payload"] == b'{"a": [1,"x"]} '
    packet_id = online.request(f"AT+IMQTTPUB=/{NAMES}/user/update,1,123", "IMQTTPUB")
    online.expect(line(f"+IMQTTPUBACK:{packet_id}"))
    online.ask("AT+IMQTTPUBHEX=?", "+IMQTTPUBHEX=<topic>,<qos>,<msg_len>,<message>", OK)
    online.ask(f"AT+IMQTTPUBHEX=/{NAMES}/user/update,0,2,Ff0A", "+IMQTTPUBHEX:0", OK)
    assert cloud.records(3, topic=f"/{NAMES}/user/update")[-1]["payload"] == b"\xff\x0a"
    online.quiet()


@pytest.mark.parametrize("command", ["IMQTTPUB=t,2,x", "IMQTTPUB=t,0", "IMQTTPUB=,0,x", "IMQTTPUB=a/+,0,x",
                                     "IMQTTPUBHEX=t,0,2,FF", "IMQTTPUBHEX=t,0,1,GG", "IMQTTPUBHEX=t,0,257,00",
                                     "IMQTTPUBHEX=t,0,0,", "IMQTTSUB=t,2", "IMQTTSUB=a#,0", "IMQTTSUB=t",
                                     "IMQTTUNSUB=", "IMQTTUNSUB=a+"])
def test_bad_messages(host, command):
    host.ask(f"AT+{command}", failure("invalid parameter"))


@pytest.mark.parametrize("command", ["IMQTTPUB=t,0,x", "IMQTTPUBHEX=t,0,1,FF", "IMQTTSUB=t,0", "IMQTTUNSUB=t",
                                     'IDMPP={"a":1}', 'IDMEP=e,{}', "IDMSSR=1,2,s,200,{}", "IDMASR=1,s,200,{}",
                                     "IOTAVER=1", "IOTAQUERY", "IDMDISCONN"])
def test_not_connected(host, command):
    host.ask(f"AT+{command}", failure("not connected"))


def test_subscribe(online, connect):
    topic = f"/{NAMES}/user/get"
    online.ask("AT+IMQTTSUB=?", "+IMQTTSUB:<topic>,<qos>", OK)
    packet_id = online.request(f"AT+IMQTTSUB={topic},0", "IMQTTSUB")
    online.expect(line(f"+IMQTTSUBACK:{packet_id},0"))
    packet_id = online.request("AT+IMQTTSUB=/foreign/device/user/get,0", "IMQTTSUB")
    online.expect(line(f"+IMQTTSUBACK:{packet_id},128"))
    online.ask("AT+IMQTTUNSUB=?", "+IMQTTUNSUB=<topic>", OK)
    packet_id = online.request(f"AT+IMQTTUNSUB={topic}", "IMQTTUNSUB")
    online.expect(line(f"+IMQTTUNSUBACK:{packet_id}"))
    online.quiet()


def test_received_message_on_a_plain_broker(broker, watcher, start_daemon, open_host):
    host = open_host(start_daemon("--dialect", "aliyun-wifi"))
    host.ask("AT+IMQTTCRED=client,user,password", OK)
    host.ask("AT+IMQTTPARA=TLS,0", OK)
    host.ask(f"AT+IMQTTCONN=127.0.0.1,{broker.port}", "+IMQTTSTATE:1", OK)
    packet_id = host.request("AT+IMQTTSUB=/a/get,1", "IMQTTSUB")
    host.expect(line(f"+IMQTTSUBACK:{packet_id},0"))
    watcher.publish("/a/get", b"my\r\n\x00text")
    host.expect(line(b"+IMQTTRCVPUB:/a/get,9,my\r\n\x00text"))
    host.ask('AT+IDMPP={"a":1}', failure("no device identity"))
    broker.stop()
    host.expect(line("+IMQTTSTATE:0"))
    broker.start()
    host.search(r"\+IMQTTSTATE:1\r\n")
    watcher_topic = "AT+IMQTTPUB=/b,0,x"
    host.ask(watcher_topic, "+IMQTTPUB:0", OK)


# ---- the thing model ----


def test_property_post(thing, cloud):
    thing.ask("AT+IDMPP=?", "+IDMPP=<message>", OK)
    thing.ask('AT+IDMPP={"LightSwitch":1}', "+IDMPP:1", OK)
    thing.expect(line("+IDMGPR:1,200,{},success"))
    record, = cloud.records(1, topic=f"/sys/{NAMES}/thing/event/property/post")
    assert json.loads(record["payload"]) == {
        "id": "1", "version": "1.0", "sys": {"ack": 1}, "params": {"LightSwitch": 1},
        "method": "thing.event.property.post"}


def test_event_post(start_standin, start_daemon, open_host, pki):
    devices = DEVICES.replace("[product demo]", f"[product demo]\ntsl = {ROOT}/conf/cloud/tsl.json")
    cloud = start_standin("--with-broker", devices=devices)
    host = open_host(start_daemon("--dialect", "aliyun-wifi", settings={
        "mqtt.host": "127.0.0.1", "mqtt.port": cloud.ports["mqtt"]}))
    authenticate(host)
    host.ask(f"AT+IDMCONN={HOST},1883", "+IDMSTATE:1", OK)
    host.ask("AT+IDMEP=?", "+IDMEP=<eventid>,<message>", OK)
    host.ask('AT+IDMEP=Error,{"ErrorCode":0}', "+IDMEP:1", OK, "+IDMGPR:1,200,{},success")
    host.ask('AT+IDMEP=NoSuchEvent,{"ErrorCode":0}', "+IDMEP:2", OK, "+IDMGPR:2,5096,{},event not found")


@pytest.mark.parametrize("command,text", [('IDMPP="{}"', "invalid json"), ("IDMPP=[1]", "invalid json"),
                                          ("IDMPP={} x", "invalid json"), ("IDMPP=", "invalid parameter"),
                                          ("IDMEP=a/b,{}", "invalid parameter"), ("IDMEP=e", "invalid parameter"),
                                          ("IDMSSR=x,1,s,200,{}", "invalid parameter"),
                                          ("IDMSSR=1,2,s,200,1", "invalid json"),
                                          ("IDMASR=1,s,x,{}", "invalid parameter")])
def test_bad_thing_commands(host, command, text):
    host.ask(f"AT+{command}", failure(text))


def test_property_set(thing, cloud):
    cloud.control("/property-set", device="one", params={"LightSwitch": 0}, wait=0)
    match = thing.search(r'^\r\n\+IDMPS:(\d+),17,\{"LightSwitch":0\}\r\n')
    record, = cloud.records(1, topic=f"/sys/{NAMES}/thing/service/property/set_reply")
    assert json.loads(record["payload"]) == {"id": match.group(1).decode(), "code": 200, "data": {}}


def test_asynchronous_service(thing, cloud):
    cloud.control("/service", device="one", service="QueryContent", params={"CreativeID": "123"}, wait=0)
    match = thing.search(r'^\r\n\+IDMAS:(\d+),QueryContent,\{"CreativeID":"123"\}\r\n')
    id = match.group(1).decode()
    thing.ask(f"AT+IDMASR={id},QueryContent,200,{{}}", OK)
    record, = cloud.records(1, topic=f"/sys/{NAMES}/thing/service/QueryContent_reply")
    assert json.loads(record["payload"]) == {"id": id, "code": 200, "data": {}}


def test_test_forms_of_the_thing_model(host):
    host.ask("AT+IDMSSR=?", OK)
    host.ask("AT+IDMASR=?", "+IDMASR=<msg_id>,<service_id>,<code>,<reply_message>", OK)
    host.ask("AT+IDMCONN=?", "+IDMCONN=<host>,<port>", OK)
    host.ask("AT+IDMAUTH=?", "+IDMAUTH=<product_key>,<device_name>,<device_secret>,[product_secret]", OK)


# ---- the system ----


def test_system(host):
    host.ask("AT", OK)
    host.ask("AT+UART?", "+UART_CUR:115200,8,1,0,0", OK)
    host.ask("AT+UART=9600,8,1,2,0", OK)
    host.ask("AT+UART?", "+UART_CUR:9600,8,1,2,0", OK)
    for arguments in ("9600", "100,8,1,0,0", "9600,9,1,0,0", "9600,8,4,0,0", "9600,8,1,3,0", "9600,8,1,0,4"):
        host.ask(f"AT+UART={arguments}", CONFIG)
    host.ask("AT+UARTE?", "+UARTE:0", OK)
    host.ask("AT+UARTE=2", CONFIG)
    host.send("AT+CGMR\r")
    host.search(r"^\r\n\+CGMR:FW:1.0.0, HW:1.0.0\r\n\r\n\+CGMR:Time:\d\d:\d\d:\d\d,\w{3} [ \d]\d \d{4}\r\n\r\nOK\r\n")
    host.ask("AT+GCMR=?", "+CGMR", OK)
    host.send("AT+IHELP\r")
    lines = host.search(r"^(.*)\r\nOK\r\n").group(1).split(b"\r\n\r\n")
    assert lines[0].strip() == b"# AT -- Null cmd, always returns OK" and len(lines) > 40
    host.ask("AT+NOSUCH", ERROR)
    host.ask("AT+IMQTTRCVPUB", ERROR)
    host.ask("AT+CWMODE=?", ERROR)
    host.ask("nonsense", ERROR)


def test_echo(host):
    host.ask("AT+UARTE=1", OK)
    host.send("AT\r")
    host.expect(b"AT\r", OK)
    host.send("AT+UARTE=0\r")
    host.expect(b"AT+UARTE=0\r", OK)
    host.ask("AT", OK)


def test_error_levels(host):
    host.ask("AT+CMEE?", "+CMEE:2", OK)
    host.ask("AT+CMEE=1", OK)
    host.ask("AT+IOTASHO", line("+CME ERROR:3"), FAIL)
    host.ask("AT+CMEE=0", OK)
    host.ask("AT+IOTASHO", ERROR)
    host.ask("AT+IMQTTPARA=X,1", CONFIG)


def test_kept_over_restart_and_reset(modem, host, open_host):
    authenticate(host)
    host.ask("AT+IMQTTPARA=TIMEOUT,9", OK)
    host.ask("AT+IREBOOT", OK)
    host.ask_until_answered("AT", 1.2)
    host.close()
    modem.restart()
    host = open_host(modem)
    host.ask("AT+IMQTTAUTH?", f"+IMQTTAUTH={PRODUCT_KEY},{DEVICE_NAME},{SECRET},", OK)
    host.ask("AT+IDEFAULT", OK)
    host.ask_until_answered("AT", 1.2)
    host.ask("AT+IMQTTAUTH?", "+IMQTTAUTH=,,,", OK)
    host.ask("AT+IMQTTPARA?", "+IMQTTPARA:timeout=5,tls=1,keepalive=1200,auth_mode=0,heart_beat=25", OK)


# ---- Wi-Fi ----


def test_wifi(start_daemon, open_host):
    host = open_host(start_daemon("--dialect", "aliyun-wifi", settings={
        "identity.mac": "B8:4D:43:35:A6:06", "network.ip": "192.168.3.10"}))
    host.ask("AT+INETSTAT", "+INETSTAT:1,0.0.0.0,B8:4D:43:35:A6:06", OK)
    host.ask("AT+IREADMAC", "+IREADMAC:B8:4D:43:35:A6:06", OK)
    host.ask("AT+ IWIFICONNECT = demo_ssid,demo_passwd, 0", OK, "+INETSTAT:4,192.168.3.10,B8:4D:43:35:A6:06")
    host.ask("AT+CWJAP=other,demo_passwd", OK, "+INETSTAT:4,192.168.3.10,B8:4D:43:35:A6:06")
    host.ask("AT+CWQAP", OK, "+INETSTAT:5,0.0.0.0,B8:4D:43:35:A6:06")
    host.send("AT+CWLAP\r")
    host.search(r'^\r\n\+CWLAP:\(\d,"[^"]*",-71,"[0-9A-Fa-f:]+",\d+\)\r\n\r\nOK\r\n')
    host.ask("AT+CWMODE?", "+CWMODE:1", OK)
    host.ask("AT+CWMODE=0", OK)
    host.ask("AT+CWJAP=other,demo_passwd", failure("wrong mode"))
    for command in ("CWMODE=4", "CWJAP=ssid", "CWJAP=,psk", "IWIFICONNECT=s,p,2", f"CWJAP={'s' * 33},p"):
        host.ask(f"AT+{command}", CONFIG)


def test_stored_network_is_joined_at_boot(start_daemon, open_host):
    daemon = start_daemon("--dialect", "aliyun-wifi", settings={"identity.mac": "B8:4D:43:35:A6:06"})
    host = open_host(daemon)
    host.ask("AT+IWIFICONNECT=net,password,1", OK)
    host.search(r"\+INETSTAT:4,.*\r\n")
    host.close()
    daemon.restart()
    host = open_host(daemon)
    host.search(r"^\r\n\+INETSTAT:4,192.168.40.13,B8:4D:43:35:A6:06\r\n")


def test_access_points(tmp_path, start_daemon, open_host):
    host = open_host(start_daemon("--dialect", "aliyun-wifi", settings={
        "aliyun-wifi.provision_ssid": "given", "aliyun-wifi.provision_psk": "password"}))
    host.ask("AT+IBLECONFIGSTART=?", "+IBLECONFIGSTART=<mode>,[aes_key]", OK)
    host.ask("AT+IBLECONFIGSTOP", OK)
    host.ask("AT+IBLECONFIGSTART=2", failure("not supported"))
    host.ask("AT+IBLECONFIGSTART=3", failure("invalid parameter"))
    host.ask("AT+IBLECONFIGSTART=1,short", failure("invalid parameter"))
    host.ask("AT+IAPCONFIGSTART=1,demo_ap_ssid,passwd,1234567890abcdef", OK)
    host.search(r"\+INETSTAT:4,.*\r\n")
    host.ask("AT+IAPCONFIGSTOP", OK)


# ---- HTTPC ----


def test_httpc(host):
    web = Web(lambda request: (200, b"<!DOCTYPE html>\n") if request.method == "GET"
              else (404, request.body))
    address = web.url.removeprefix("http://")
    host.ask(f"AT+HTTPC=0,0,{address},0", "+HTTPC:16,<!DOCTYPE html>\n", OK)
    host.ask(f'AT+HTTPC=1,1,{web.url}/a,{{"a":1, "b":2}}', '+HTTPC:14,{"a":1, "b":2}', OK)
    assert web.requests[-1].headers["Content-Type"] == "application/json"
    for arguments in ("5,0,h", "0,4,h", "0,0", "0,0,", "x,0,h", "0,0,a b"):
        host.ask(f"AT+HTTPC={arguments}", failure("invalid parameter"))
    web.close()
    host.ask(f"AT+HTTPC=0,0,{address}", failure("http failed"))
