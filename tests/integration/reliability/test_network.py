"""The network and those at its other end go and come back; the line's adapter is pulled out."""

import random
import re
import socket
import threading

import pytest
from bench import OK, Peer, cme, line, mute, wait_until
from confined import Confined, needs_namespaces
from conftest import at_broker
from test_control import Client

AUTH = 'AT+IMQTTAUTH="a","b","c"'


def online(host):
    host.ask(AUTH, OK, "+IMQTTAUTH:OK")
    host.ask("AT+IMQTTCONN", OK)


def subscribe(host, topic):
    packet_id = host.request(f'AT+IMQTTSUB="{topic}",1', "IMQTTSUB")
    host.expect(line(f"+IMQTTSUB:{packet_id},1"))


def echoes(host, topic, text):
    """A message goes out and comes back."""
    host.send(f'AT+IMQTTPUB="{topic}",0,"{text}"\r')
    host.search(rf'\+IMQTTRCVPUB:0,"{topic}",{len(text)},"{text}"\r\n\r\nOK\r\n')


def test_broker_away_for_a_while(broker, modem, open_host):
    """Each wait is twice the one before, less up to a tenth, so that a thousand do not come at once."""
    host = open_host(modem)
    online(host)
    subscribe(host, "away")
    broker.stop()

    def waits():
        return [float(wait) for wait in re.findall(r"reconnecting in ([0-9.]+) s", modem.log())]

    wait_until(lambda: len(waits()) >= 3, "three attempts")
    for wait, most in zip(waits(), (1.0, 2.0, 4.0)):
        assert most * 0.9 - 0.05 <= wait <= most
    host.ask("AT", OK)
    broker.start()
    wait_until(lambda: "Received SUBSCRIBE" in broker.log().rsplit("mosquitto version", 1)[-1],
               "its return")
    echoes(host, "away", "back")
    host.quiet()


def test_flapping_network(broker, modem, open_host):
    host = open_host(modem)
    online(host)
    subscribe(host, "flap")
    client = Client(modem)
    for _ in range(25):
        assert client.ask(do="network", state="down")["ok"]
        host.ask("AT", OK)
        assert client.ask(do="network", state="up")["ok"]
    wait_until(lambda: client.ask(do="status")["modem"]["connection"] == "online", "the connection")
    echoes(host, "flap", "still here")
    host.quiet()
    client.close()


class Names:
    """A name server that is mute until it is told to answer: every name is 127.0.0.1."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.address = f"127.{random.randrange(1, 250)}.{random.randrange(250)}.1"
        self.socket.bind((self.address, 53))
        self.speaks = False
        self.asked = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                query, asker = self.socket.recvfrom(512)
            except OSError:
                return
            self.asked += 1
            end = query.index(b"\0", 12) + 5
            kind = query[end - 3]
            count = 1 if kind == 1 else 0
            answer = query[:2] + b"\x81\x80\0\1\0" + bytes([count]) + b"\0\0\0\0" + query[12:end]
            if count:
                answer += b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4" + socket.inet_aton("127.0.0.1")
            if self.speaks:
                self.socket.sendto(answer, asker)

    def close(self):
        self.socket.close()


@needs_namespaces
def test_name_server_away(broker, tmp_path, open_host):
    """A look-up that hangs holds up its own command only; with the server back all is well."""
    try:
        names = Names()
    except OSError as error:
        pytest.skip(f"no name server for us: {error}")
    resolv = tmp_path / "resolv.conf"
    resolv.write_text(f"nameserver {names.address}\noptions timeout:1 attempts:2\n")
    daemon = Confined(tmp_path / "modem", f'mount --bind "{resolv}" /etc/resolv.conf',
                      settings=at_broker(broker, **{"mqtt.host": "broker.example"}))
    host = open_host(daemon)
    host.ask(AUTH, OK)
    wait_until(lambda: names.asked, "a question")
    host.ask("AT+CGMI", "atmodemd", OK)
    host.expect(line("+IMQTTAUTH:FAIL"))
    names.speaks = True
    host.ask(AUTH, OK, "+IMQTTAUTH:OK")
    host.ask("AT+IMQTTCONN", OK)
    host.quiet()
    host.close()
    daemon.stop()
    names.close()


def test_adapter_pulled_out_in_a_command(start_daemon, pair):
    """Its answer goes with the host that waited for it; the next one finds a modem as always."""
    peer = Peer(mute)
    pair.plug()
    daemon = start_daemon("--port", str(pair.a), settings={
        "mqtt.host": "127.0.0.1", "mqtt.port": peer.port, "ica.conn_timeout": 1})
    host = pair.host()
    host.ask(AUTH, OK)
    wait_until(lambda: peer.connections, "the attempt")
    host.send("AT+IMQTTCONN\r")
    pair.unplug()
    daemon.wait_log("the host has gone")
    host.close()
    pair.plug()
    wait_until(lambda: daemon.log().count("is open, 115200 baud") == 2, "the device")
    host = pair.host()
    host.send("AT+CGMI\r")
    assert cme(31) not in host.search(r"(.*?)\r\natmodemd\r\n\r\nOK\r\n").group(1)
    host.close()
    peer.close()
