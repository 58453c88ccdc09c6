"""The platform's side of MQTT: a client of an ordinary broker that hears all and answers for the
cloud."""

import logging
import secrets
import threading

import paho.mqtt.client as mqtt

log = logging.getLogger("standin.mqtt")


class MqttClient:
    def __init__(self, host, port, inbox):
        self._inbox = inbox
        self._address = host, port
        self._ready = threading.Event()
        # Version 5 has a subscription without what this client itself publishes: answers on the
        # topic of their question would be questions again.
        self._client = mqtt.Client(client_id=f"standin-{secrets.token_hex(4)}",
                                   protocol=mqtt.MQTTv5)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._on_message
        self._client.reconnect_delay_set(1, 5)

    def start(self, timeout=10.0):
        """Connects; OSError if the broker cannot be reached and subscribed to."""
        self._client.connect(*self._address)
        self._client.loop_start()
        if not self._ready.wait(timeout):
            raise TimeoutError("the broker does not take the subscription")

    def stop(self):
        # Without a connection its thread sleeps before the next try; it ends with the process.
        if self._client.disconnect() == mqtt.MQTT_ERR_SUCCESS:
            self._client.loop_stop()

    def publish(self, reply):
        self._client.publish(reply.topic, reply.payload, qos=1)

    def _on_connect(self, client, _userdata, _flags, reason, _properties):
        if reason != 0:
            log.error("the broker refuses: %s", reason)
            return
        client.subscribe("#", options=mqtt.SubscribeOptions(qos=1, noLocal=True))

    def _on_message(self, _client, _userdata, message):
        try:
            reply = self._inbox.receive("mqtt", message.topic, message.payload)
            if reply:
                self.publish(reply)
        except Exception:  # one bad message must not end the service
            log.exception("a message on %s", message.topic)
