"""A device of the stand-in's broker, on an MQTT client that is not the daemon's."""

import hashlib
import hmac
import json
import ssl

import paho.mqtt.client as mqtt
from bench import DEADLINE, wait_until

PRODUCT_KEY, DEVICE_NAME = "a1TestProdKey", "dev001"
SECRET, PRODUCT_SECRET = "c75b6a4e39342f02ec161ba682566054", "VPCTjT8dGTXr5Jpg"
NAMES = f"{PRODUCT_KEY}/{DEVICE_NAME}"
PLAIN = "|securemode=3,signmethod=hmacsha256,timestamp=2524608000000|"
# For the client id a1TestProdKey.dev001, worked out elsewhere.
PASSWORD = "c63887e0c1d7ae592f588981617f9c8358a143217bf6e0aa8b8359114f1bbda1"


def sign(method, key, text):
    return hmac.new(key.encode(), text.encode(), getattr(hashlib, method)).hexdigest()


class Device:
    """Connects when it is made; code is CONNACK's."""

    def __init__(self, port, client_id=f"{PRODUCT_KEY}.{DEVICE_NAME}{PLAIN}", password=PASSWORD,
                 user_name=f"{DEVICE_NAME}&{PRODUCT_KEY}", keep_alive=60, clean=True, ca=None,
                 protocol=mqtt.MQTTv311):
        self.code = None
        self.messages = []
        self.granted = {}
        self.is_gone = False
        how = {"clean_session": clean} if protocol != mqtt.MQTTv5 else {}
        self.client = mqtt.Client(client_id, protocol=protocol, reconnect_on_failure=False, **how)
        self.client.username_pw_set(user_name, password)
        if ca:
            self.client.tls_set_context(ssl.create_default_context(cafile=ca))
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_message = lambda *args: self.messages.append(args[2])
        self.client.on_subscribe = lambda *args: self.granted.update({args[2]: args[3][0]})
        self.client.connect("127.0.0.1", port, keep_alive)
        self.client.loop_start()
        wait_until(lambda: self.code is not None or self.is_gone, "a CONNACK")

    def _on_connect(self, _client, _userdata, _flags, code, _properties=None):
        self.code = code if isinstance(code, int) else code.value

    def _on_disconnect(self, *_):
        self.is_gone = True

    def wait_gone(self):
        wait_until(lambda: self.is_gone, "the end of the connection")

    def subscribe(self, filter, qos=0):
        """The QoS that is granted; 128: refused."""
        _, id = self.client.subscribe(filter, qos)
        wait_until(lambda: id in self.granted, "a SUBACK")
        return self.granted[id]

    def unsubscribe(self, filter):
        done = []
        self.client.on_unsubscribe = lambda *_: done.append(1)
        self.client.unsubscribe(filter)
        wait_until(lambda: done, "an UNSUBACK")

    def publish(self, topic, payload, qos=1):
        payload = payload if isinstance(payload, (str, bytes)) else json.dumps(payload)
        self.client.publish(topic, payload, qos).wait_for_publish(DEADLINE)

    def next(self, topic=None):
        """The next message; if a topic is given, it is on this one."""
        wait_until(lambda: self.messages, "a message")
        message = self.messages.pop(0)
        assert topic in (None, message.topic), message.topic
        return message

    def next_json(self, topic=None):
        return json.loads(self.next(topic).payload)

    def ask(self, rest, request):
        """Publishes on a system topic; gives the reply, which comes without a subscription."""
        topic = f"/sys/{NAMES}/{rest}"
        self.publish(topic, request)
        return self.next_json(topic + "_reply")

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()
