"""One secret per product: what the module says while it registers, and what it does when the platform refuses later
what it has handed out. The platform is a few lines here that refuse on demand; test_cloud.py has the good cases."""

import hmac
import json
import re

import pytest
from aw import CONNECT_FAILED
from bench import OK, Peer

PRODUCT = "pk,dn,,psecret"


def take(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise OSError
        data += more
    return data


def packets(connection):
    """(type, body) of what a client sends (MQTT 3.1.1 section 2)."""
    while True:
        type = take(connection, 1)[0] >> 4
        length, shift = 0, 0
        while True:
            byte = take(connection, 1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        yield type, take(connection, length)


def texts(body):
    while body:
        length = int.from_bytes(body[:2], "big")
        yield body[2:2 + length].decode()
        body = body[2 + length:]


class Platform(Peer):
    """Answers registrations with what is in `handed`, other logins with the next number of `codes` (0 at their end)."""

    def __init__(self):
        self.logins = []  # (client id, user name, password)
        self.codes = []
        self.handed = {"deviceSecret": "dsecret"}
        self.topic = "/ext/register"
        super().__init__(self.talk)

    def talk(self, connection):
        registering = False
        for type, body in packets(connection):
            if type == 1:
                login = tuple(texts(body[10:]))
                self.logins.append(login)
                registering = "authType=reg" in login[0]
                code = self.codes.pop(0) if self.codes and not registering else 0
                connection.sendall(bytes([0x20, 2, 0, code]))
                if code:
                    return
            elif type == 8:
                connection.sendall(bytes([0x90, 3]) + body[:2] + b"\0")  # a filter a packet
                if registering and self.handed and self.topic.encode() in body:
                    message = json.dumps(self.handed).encode()
                    connection.sendall(bytes([0x30, 2 + len(self.topic) + len(message), 0, len(self.topic)])
                                       + self.topic.encode() + message)

    def registrations(self):
        return [login for login in self.logins if "authType=reg" in login[0]]


@pytest.fixture
def platform():
    platform = Platform()
    yield platform
    platform.close()


def begin(host, mode):
    host.ask("AT+IMQTTPARA=TLS,0", OK)
    host.ask(f"AT+IMQTTPARA=AUTHMODE,{mode}", OK)
    host.ask(f"AT+IMQTTAUTH={PRODUCT}", OK)


def connect(host, platform, *answer):
    host.ask(f"AT+IMQTTCONN=127.0.0.1,{platform.port}", *(answer or ("+IMQTTSTATE:1", OK)))


@pytest.mark.parametrize("code", [4, 5])
@pytest.mark.parametrize("mode", [1, 2])
def test_refused_later(platform, host, code, mode):
    begin(host, mode)
    if mode == 2:
        platform.handed = {"clientId": "handed", "deviceToken": "token"}
    connect(host, platform)
    host.ask("AT+IMQTTDISCONN", OK, "+IMQTTSTATE:0")
    connect(host, platform)
    assert len(platform.registrations()) == 1  # what it brought is used
    host.ask("AT+IMQTTDISCONN", OK, "+IMQTTSTATE:0")
    platform.codes = [code]
    platform.handed = {"clientId": "again", "deviceToken": "token2"} if mode == 2 else {"deviceSecret": "other"}
    connect(host, platform)
    assert len(platform.registrations()) == 2
    client_id, _, password = platform.logins[-1]
    if mode == 2:
        assert (client_id.split("|")[0], password) == ("again", "token2")
    else:
        host.ask("AT+IMQTTAUTH?", "+IMQTTAUTH=pk,dn,other,psecret", OK)
    host.ask("AT+IMQTTDISCONN", OK, "+IMQTTSTATE:0")
    platform.codes = [code, code]  # once in a CONN
    connect(host, platform, CONNECT_FAILED)
    assert len(platform.registrations()) == 3
    host.quiet()


@pytest.mark.parametrize("code", [1, 2, 3])
def test_other_refusals_forget_nothing(platform, host, code):
    begin(host, 1)
    connect(host, platform)
    host.ask("AT+IMQTTDISCONN", OK, "+IMQTTSTATE:0")
    platform.codes = [code]
    connect(host, platform, CONNECT_FAILED)
    connect(host, platform)
    assert len(platform.registrations()) == 1


def test_a_secret_that_was_given_is_never_registered_for(platform, host):
    begin(host, 1)
    host.ask("AT+IMQTTAUTH=pk,dn,given,psecret", OK)
    platform.codes = [4]
    connect(host, platform, CONNECT_FAILED)
    assert platform.registrations() == []


@pytest.mark.parametrize("settings,name,instance", [
    ({}, "pk.iot-as-mqtt.cn-shanghai.aliyuncs.com", ""),
    ({}, "iot-060a0test.mqtt.iothub.aliyuncs.com", ",instanceId=iot-060a0test"),
    ({"cloud__instance": "iot-set"}, "iot-060a0test.mqtt.iothub.aliyuncs.com", ",instanceId=iot-set"),
    ({"cloud__instance": "iot-set"}, "example.com", ",instanceId=iot-set")])
@pytest.mark.parametrize("mode,word", [(1, "register"), (2, "regnwl")])
def test_what_it_says(platform, start_modem, open_host, settings, name, instance, mode, word):
    host = open_host(start_modem(network__redirect=f"{name}=127.0.0.1:{platform.port}", **settings))
    begin(host, mode)
    platform.topic = f"/ext/{word}"
    if mode == 2:
        platform.handed = {"clientId": "handed", "deviceToken": "token"}
    host.ask(f"AT+IMQTTCONN={name},1883", "+IMQTTSTATE:1", OK)
    (client_id, user, password), login = platform.logins
    match = re.fullmatch(r"dn\.pk\|random=(\w+),authType=" + word
                         + ",securemode=2,signmethod=hmacsha256" + instance + r"\|", client_id)
    assert match, client_id
    text = f"deviceNamednproductKeypkrandom{match.group(1)}"
    assert (user, password) == ("dn&pk", hmac.new(b"psecret", text.encode(), "sha256").hexdigest().upper())
    if mode == 2:
        assert login == ("handed|authType=connwl,securemode=-2,_ss=1,ext=3,_v=sdk-c-4.1.0|", "dn&pk", "token")
    else:
        assert login[0].startswith("pk.dn|timestamp=2524608000000,") and "securemode=3" in login[0]
        text = "clientIdpk.dndeviceNamednproductKeypktimestamp2524608000000"
        assert login[2] == hmac.new(b"dsecret", text.encode(), "sha256").hexdigest().upper()


@pytest.mark.parametrize("handed", [{}, {"deviceSecret": ""}, {"deviceSecret": "a b"}, {"clientId": "c"}, ["x"]])
def test_answers_that_are_none(platform, host, handed):
    platform.handed = handed or None  # none at all: the host must hear of it within 10 s all the same
    begin(host, 1)
    connect(host, platform, CONNECT_FAILED)
    platform.handed = {"deviceSecret": "dsecret"}
    connect(host, platform)
    host.quiet()


def test_another_device_is_another_registration(platform, host):
    begin(host, 1)
    connect(host, platform)
    host.ask("AT+IMQTTAUTH=pk,other,,psecret", OK)
    host.ask("AT+IMQTTAUTH?", "+IMQTTAUTH=pk,other,,psecret", OK)
    connect(host, platform)
    host.ask("AT+IMQTTAUTH=pk,dn,,psecret", OK)
    connect(host, platform)  # the first one's is forgotten
    host.ask("AT+IMQTTAUTH=pk,other,,psecret", OK)
    host.ask("AT+IMQTTAUTH=pk,dn,,psecret", OK)
    connect(host, platform)  # to name another is enough
    host.ask("AT+IMQTTAUTH=pk,dn,given", OK)
    host.ask("AT+IMQTTAUTH=pk,dn,,psecret", OK)
    connect(host, platform)  # so it is when a secret is given
    assert [login[1] for login in platform.registrations()] == ["dn&pk", "other&pk"] + 3 * ["dn&pk"]
