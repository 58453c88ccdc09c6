"""Alibaba Cloud: devices with a secret, dynamic registration, where connections lead."""

import json
import re

import pytest
from bench import ERROR, OK, Peer, free_port, line, mute
from cloud_device import NAMES, PRODUCT_KEY, PRODUCT_SECRET, SECRET
from rh import connect, done

HOST = f"{PRODUCT_KEY}.iot-as-mqtt.cn-shanghai.aliyuncs.com"
FAILED = '+IMQTTDYNREG:{},"","",""'


@pytest.fixture(scope="module")
def module_cloud(tmp_path_factory, pki):
    from standin import Standin
    standin = Standin(tmp_path_factory.mktemp("cloud"), "--with-broker", "--certificate",
                      pki / "server.pem", "--key", pki / "server.key")
    yield standin
    assert standin.stop() == 0


@pytest.fixture
def cloud(module_cloud):
    module_cloud.control("/reset", device="one")
    return module_cloud


@pytest.fixture
def modem(cloud, start_modem, pki):
    return start_modem(mqtt__host="127.0.0.1", mqtt__port=cloud.ports["mqtt"], mqtt__ca_file=pki / "ca.pem")


def known(one=("", "", ""), two=("", "", "")):
    return [f'+IMQTTDYNREG: {n},"{a}","{b}","{c}"' for n, (a, b, c) in ((1, one), (2, two))]


# ---- a device with a secret ----


@pytest.mark.parametrize("tls", [0, 1])
def test_device_secret(cloud, host, tls):
    topic = f"/{NAMES}/user/test"
    host.ask(f"AT+IMQTTAUTH={PRODUCT_KEY},dev001,{SECRET}", OK)
    host.ask(f"AT+IMQTTMODE=1,{tls}", OK)
    host.ask("AT+IMQTTPARA=TIMEOUT,1,CLEAN,0,KEEPALIVE,60,VERSION,3.1.1", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")  # no ADDR is set
    done(host, f"AT+IMQTTSUB={topic},0", "IMQTTSUB", 0)
    host.ask("AT+IMQTTSUB?", f"+IMQTTSUB:{topic},0", OK)
    done(host, f"AT+IMQTTUNSUB = {topic}", "IMQTTUNSUB")
    done(host, f"AT+IMQTTPUB={topic},1,test message!!", "IMQTTPUB")
    host.ask("AT+IMQTTDISCONN", OK, "+IMQTTCONN:-1")
    host.ask(f"AT+IMQTTAUTU={PRODUCT_KEY},,dev001,{SECRET}", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")


def test_wrong_secret(host):
    host.ask(f"AT+IMQTTAUTH={PRODUCT_KEY},dev001,wrong", OK)
    host.ask("AT+IMQTTMODE=1,0", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:-1")


@pytest.mark.parametrize("tls,securemode", [(0, 3), (1, 2)])
def test_login_to_the_byte(broker, start_broker, start_modem, open_host, pki, tls, securemode):
    """Through a redirection to an ordinary broker, which logs the client id."""
    listener = f"cafile {pki}/ca.pem\ncertfile {pki}/server.pem\nkeyfile {pki}/server.key" if tls else ""
    own = start_broker("allow_anonymous true", listener)
    host = open_host(start_modem(network__redirect=f"*.aliyuncs.com=localhost:{own.port}", mqtt__insecure=1))
    host.ask("AT+IMQTTAUTH=a1TestProdKey,dev001,secret", OK)
    host.ask(f"AT+IMQTTMODE=1,{tls}", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    wanted = (f"a1TestProdKey.dev001|timestamp=2524608000000,_ss=1,_v=sdk-c-4.1.0,securemode={securemode},"
              "signmethod=hmacsha256,ext=3,|")
    own.wait_log(re.escape(f"as {wanted} "))
    own.wait_log(re.escape("u'dev001&a1TestProdKey'"))


def test_the_later_of_auth_and_user(broker, start_broker, start_modem, open_host):
    host = open_host(start_modem(network__redirect=f"*.aliyuncs.com=127.0.0.1:{broker.port}"))
    host.ask("AT+IMQTTMODE=1,0", OK)
    host.ask("AT+IMQTTAUTH=pk,dn,ds", OK)
    host.ask(f'AT+IMQTTADDR="{HOST}",1883,"given"', OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    broker.wait_log(r"as pk\.dn\|")
    host.ask("AT+IMQTTDISCONN", OK, "+IMQTTCONN:-1")
    host.ask("AT+IMQTTUSER=me,you", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    broker.wait_log(r"as given .*u'me'")
    host.ask("AT+IMQTTDISCONN", OK, "+IMQTTCONN:-1")
    host.ask("AT+IMQTTAUTH=pk2,dn2,ds2", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    broker.wait_log(r"as pk2\.dn2\|")
    host.ask("AT+IMQTTDISCONN", OK, "+IMQTTCONN:-1")
    host.ask("AT+IMQTTMODE=2,0", OK)  # the device counts in mode 1 only
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    broker.wait_log(r"as given .*u'me'", 2)


def test_names_of_the_cloud(start_modem, open_host):
    """What is derived without ADDR; nothing of it is reachable, but the log names it."""
    for settings, name in (({}, "pk.iot-as-mqtt.cn-shanghai.aliyuncs.com"),
                           ({"cloud.region": "eu-central-1"}, "pk.iot-as-mqtt.eu-central-1.aliyuncs.com"),
                           ({"cloud.instance": "iot-1"}, "iot-1.mqtt.iothub.aliyuncs.com")):
        port = free_port()
        modem = start_modem(**settings, network__redirect=f"{name}=127.0.0.1:{port}")
        host = open_host(modem)
        host.ask("AT+IMQTTMODE=1,0", OK)
        host.ask("AT+IMQTTAUTH=pk,dn,ds", OK)
        host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:-1")
        modem.wait_log(rf"connecting to {re.escape(name)}:{port} ")


def test_overrides(broker, start_modem, open_host):
    """mqtt.host takes the place of the cloud's names only; mqtt.port and mqtt.tls go with it."""
    host = open_host(start_modem(mqtt__host="127.0.0.1", mqtt__port=broker.port, mqtt__tls=0))
    host.ask("AT+IMQTTMODE=2,1", OK)
    host.ask(f"AT+IMQTTADDR={HOST},443,x", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    host.ask("AT+IMQTTADDR?", f"+IMQTTADDR:{HOST},443,x", OK)
    host.ask("AT+IMQTTDISCONN", OK, "+IMQTTCONN:-1")
    host.ask("AT+IMQTTMODE=2,0", OK)
    host.ask(f"AT+IMQTTADDR=127.0.0.1,{free_port()},x", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:-1")
    host.ask(f"AT+IMQTTADDR=localhost,{broker.port},x", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")


# ---- dynamic registration ----


def test_register_and_keep(cloud, modem, host, open_host):
    """Flow 3 of the manual, and a restart."""
    host.ask("AT+IMQTTMODE=1,1", OK)
    host.ask(f'AT+IMQTTADDR="{HOST}",1883,""', OK)
    host.ask("AT+IMQTTDYNREG=2", *known(), OK)
    host.ask(f"AT+IMQTTDYNREG=1,1,{PRODUCT_KEY},dev001,{PRODUCT_SECRET}", OK,
             f'+IMQTTDYNREG:1,"{PRODUCT_KEY}","dev001","{SECRET}"')
    host.ask("AT+IMQTTDYNREG?", f"+IMQTTDYNREG:1,1,{PRODUCT_KEY},dev001,{PRODUCT_SECRET}", OK)
    triple = (PRODUCT_KEY, "dev001", SECRET)
    host.ask("AT+IMQTTDYNREG=2", *known(triple), OK)
    host.ask(f'AT+IMQTTAUTH="{PRODUCT_KEY}","dev001","{SECRET}"', OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    # The device is activated now: it is refused, and what was kept stays.
    host.ask(f"AT+IMQTTDYNREG=1,1,{PRODUCT_KEY},dev001,{PRODUCT_SECRET}", OK, FAILED.format(1))
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:2", OK)  # the session beside it lives
    host.ask("AT+IMQTTDYNREG=2,9,x", *known(triple), OK)
    host.close()
    modem.restart()
    host = open_host(modem)
    host.ask("AT+IMQTTDYNREG?", OK)
    host.ask("AT+IMQTTDYNREG=2", *known(triple), OK)
    text = next(modem.state.glob("*.risinghf.ini")).read_text()
    assert re.search(rf"\[dynreg1\].*device_secret *= {SECRET}\n", text, re.S)
    assert SECRET not in modem.log() and PRODUCT_SECRET not in modem.log()


def test_register_until_restart_only(cloud, modem, host, open_host):
    host.ask(f"AT+IMQTTDYNREG=0,1,{PRODUCT_KEY},dev001,{PRODUCT_SECRET}", OK,
             f'+IMQTTDYNREG:1,"{PRODUCT_KEY}","dev001","{SECRET}"')
    host.ask("AT+IMQTTDYNREG=2", *known((PRODUCT_KEY, "dev001", SECRET)), OK)
    host.ask("AT+IMQTTDYNREG?", f"+IMQTTDYNREG:0,1,{PRODUCT_KEY},dev001,{PRODUCT_SECRET}", OK)
    host.close()
    modem.restart()
    host = open_host(modem)
    host.ask("AT+IMQTTDYNREG=2", *known(), OK)


@pytest.mark.parametrize("type_", [0, 1])
def test_register_an_unknown_device(modem, host, open_host, type_):
    """Flow 4: the results go into USER and ADDR."""
    host.send(f"AT+IMQTTDYNREG={type_},2,{PRODUCT_KEY},new00{type_},{PRODUCT_SECRET}\r")
    match = host.search(r'^\r\nOK\r\n\r\n\+IMQTTDYNREG:2,"([^"]+)","([^"]+)","([^"]+)"\r\n')
    client_id, user, password = (match.group(n).decode() for n in (1, 2, 3))
    assert client_id.endswith("|authType=connwl,securemode=-2,_ss=1,ext=3,_v=sdk-c-4.1.0|")
    assert user == f"new00{type_}&{PRODUCT_KEY}"
    host.ask("AT+IMQTTDYNREG=2", *known(two=(client_id, user, password)), OK)
    host.ask("AT+IMQTTMODE=1,1", OK)
    host.ask(f'AT+IMQTTUSER="{user}","{password}"', OK)
    host.ask(f'AT+IMQTTADDR="{HOST}",1883,"{client_id}"', OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    host.close()
    modem.restart()
    host = open_host(modem)
    host.ask("AT+IMQTTDYNREG=2", *known(two=(client_id, user, password) if type_ else ("", "", "")), OK)


@pytest.mark.parametrize("mode", [1, 2])
def test_registration_refused(modem, host, mode):
    host.ask(f"AT+IMQTTDYNREG=1,{mode},{PRODUCT_KEY},dev001,wrong", OK, FAILED.format(mode))
    host.ask("AT+IMQTTDYNREG=2", *known(), OK)
    host.ask(f"AT+IMQTTDYNREG=0,{mode},a1ClosedKey,dev001,{PRODUCT_SECRET}", OK, FAILED.format(mode))


def test_registration_wants_tls_that_it_trusts(cloud, start_modem, open_host):
    host = open_host(start_modem(mqtt__host="127.0.0.1", mqtt__port=cloud.ports["mqtt"]))
    host.ask(f"AT+IMQTTDYNREG=0,1,{PRODUCT_KEY},dev001,{PRODUCT_SECRET}", OK, FAILED.format(1))


def test_registration_at_a_silent_server(start_modem, open_host):
    """Ten seconds; one at a time; a query meanwhile."""
    peer = Peer(mute)
    host = open_host(start_modem(mqtt__host="127.0.0.1", mqtt__port=peer.port))
    host.ask("AT+IMQTTDYNREG=0,1,pk,dn,ps", OK)
    host.ask("AT+IMQTTDYNREG=1,2,pk,dn,ps", ERROR)
    host.ask("AT+IMQTTDYNREG=2", *known(), OK)
    host.ask("AT+IMQTTDYNREG?", "+IMQTTDYNREG:0,1,pk,dn,ps", OK)
    host.expect(line(FAILED.format(1)))
    peer.close()


# ---- against a peer that plays the platform ----


def packet(kind, body):
    return bytes([kind, len(body)]) + body if len(body) < 128 else \
        bytes([kind, len(body) % 128 | 128, len(body) // 128]) + body


def push(topic, payload):
    text = json.dumps(payload).encode()
    return packet(0x30, len(topic).to_bytes(2, "big") + topic.encode() + text)


class Platform:
    """Takes the CONNECTs, answers each with the next code, and after a 0 pushes messages."""

    def __init__(self, codes, *messages):
        self.connects, self.subscribed = [], b""
        self.codes, self.messages = list(codes), messages
        self.peer = Peer(self.serve)

    def serve(self, connection):
        self.connects.append(connection.recv(4096).decode(errors="replace"))
        code = self.codes[min(len(self.connects), len(self.codes)) - 1]
        connection.sendall(bytes([0x20, 2, 0, code]))
        if code == 0:
            connection.sendall(b"".join(push(topic, payload) for topic, payload in self.messages))
            while data := connection.recv(4096):
                self.subscribed += data


@pytest.fixture
def platform(start_modem, open_host):
    def start(codes, *messages, **settings):
        platform = Platform(codes, *messages)
        platforms.append(platform)
        platform.host = open_host(start_modem(mqtt__host="127.0.0.1", mqtt__port=platform.peer.port,
                                              mqtt__tls=0, **settings))
        return platform

    platforms = []
    yield start
    for platform in platforms:
        platform.peer.close()


TOKEN = {"productKey": "pk", "deviceName": "dn", "clientId": "cid", "deviceToken": "^1^tok"}
TOKEN_RESULT = ('+IMQTTDYNREG:2,"cid|authType=connwl,securemode=-2,_ss=1,ext=3,_v=sdk-c-4.1.0|",'
                '"dn&pk","^1^tok"')
OTHERS = [("/ext/register", {"productKey": "pk", "deviceName": "other", "deviceSecret": "s"}),
          ("/ext/register", {"productKey": "other", "deviceName": "dn", "deviceSecret": "s"}),
          ("/elsewhere", {"productKey": "pk", "deviceName": "dn", "deviceSecret": "s"})]


@pytest.mark.parametrize("code", [2, 4])
@pytest.mark.parametrize("topic", ["/ext/regnwl", "/ext/register"])
def test_regnwl_once_more_with_minus_2(platform, code, topic):
    cloud = platform([code, 0], (topic, TOKEN))
    cloud.host.ask("AT+IMQTTDYNREG=0,2,pk,dn,ps", OK, TOKEN_RESULT)
    first, second = cloud.connects
    assert "authType=regnwl,securemode=2,signmethod=hmacsha256|" in first
    assert "authType=regnwl,securemode=-2,signmethod=hmacsha256|" in second
    assert re.search(r"dn\.pk\|random=\d+,authType", first) and "dn&pk" in first


@pytest.mark.parametrize("codes,mode,tries", [([4, 4, 0], 2, 2), ([3, 0], 2, 1), ([5, 0], 2, 1), ([4, 0], 1, 1)])
def test_no_further_tries(platform, codes, mode, tries):
    cloud = platform(codes)
    cloud.host.ask(f"AT+IMQTTDYNREG=0,{mode},pk,dn,ps", OK, FAILED.format(mode))
    assert len(cloud.connects) == tries


def test_answers_to_others_are_passed_over(platform):
    own = ("/ext/regnwl", {"productKey": "pk", "deviceName": "dn", "deviceSecret": "sec"})
    cloud = platform([0], *OTHERS, ("/ext/register", TOKEN), own)
    cloud.host.ask("AT+IMQTTDYNREG=0,1,pk,dn,ps", OK, '+IMQTTDYNREG:1,"pk","dn","sec"')
    assert "authType=register,securemode=2," in cloud.connects[0]
    cloud.host.quiet()


@pytest.mark.parametrize("settings,instance", [({}, ""), ({"cloud.instance": "iot-x"}, ",instanceId=iot-x")])
def test_instance_in_the_login(platform, settings, instance):
    cloud = platform([4], **settings)
    cloud.host.ask("AT+IMQTTDYNREG=0,1,pk,dn,ps", OK, FAILED.format(1))
    assert f"signmethod=hmacsha256{instance}|" in cloud.connects[0]
    cloud.host.ask("AT+IMQTTADDR=iot-y.mqtt.iothub.aliyuncs.com,1883", OK)
    cloud.host.ask("AT+IMQTTDYNREG=0,1,pk,dn,ps", OK, FAILED.format(1))
    assert f"signmethod=hmacsha256{instance or ',instanceId=iot-y'}|" in cloud.connects[1]


def test_an_ordinary_broker_plays_the_cloud(broker, watcher, start_modem, open_host):
    """The modem subscribes there; whoever plays the cloud publishes the answer."""
    host = open_host(start_modem(mqtt__host="127.0.0.1", mqtt__port=broker.port, mqtt__tls=0))
    host.ask("AT+IMQTTPARA=VERSION,3.1", OK)
    host.ask("AT+IMQTTDYNREG=0,2,pk,dn,ps", OK)
    broker.wait_log(r"dn\.pk.* 1 /ext/register")
    broker.wait_log(r"dn\.pk.* 1 /ext/regnwl")
    broker.wait_log(r"as dn\.pk\|.* \(p2, c1, ")  # 3.1.1 whatever PARA says
    watcher.publish("/ext/register", json.dumps(TOKEN))
    host.expect(line(TOKEN_RESULT))
    broker.wait_log(r"Received DISCONNECT from dn\.pk")


def test_restart_ends_a_registration(start_modem, open_host):
    peer = Peer(mute)
    host = open_host(start_modem(mqtt__host="127.0.0.1", mqtt__port=peer.port, risinghf__ready_urc="RDY"))
    host.expect(line("RDY"))
    host.ask("AT+IMQTTDYNREG=1,1,pk,dn,ps", OK)
    host.ask("AT+CFUN=1,1", OK, "RDY")
    host.ask("AT+IMQTTDYNREG?", OK)
    host.quiet()
    peer.close()


def test_registration_at_the_address_that_is_set(cloud, start_modem, open_host, pki):
    """IMQTTADDR's host and port, always over TLS, whatever MODE says."""
    host = open_host(start_modem(mqtt__ca_file=pki / "ca.pem"))
    host.ask("AT+IMQTTMODE=1,0", OK)
    host.ask(f"AT+IMQTTADDR=localhost,{cloud.ports['mqtt']}", OK)
    host.ask(f"AT+IMQTTDYNREG=0,1,{PRODUCT_KEY},dev001,{PRODUCT_SECRET}", OK,
             f'+IMQTTDYNREG:1,"{PRODUCT_KEY}","dev001","{SECRET}"')
    host.ask(f"AT+IMQTTAUTH={PRODUCT_KEY},dev001,{SECRET}", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")  # AUTH's login, at that address as well


def test_no_network_no_registration(cloud, start_modem, open_host):
    host = open_host(start_modem(mqtt__host="127.0.0.1", mqtt__port=cloud.ports["mqtt"],
                                 network__registration="denied"))
    host.ask(f"AT+IMQTTDYNREG=1,2,{PRODUCT_KEY},dev001,{PRODUCT_SECRET}", OK, FAILED.format(2))
