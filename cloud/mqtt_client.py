"""The platform's side of MQTT: a client of the broker that hears all and answers for the cloud."""

import logging
import secrets
import threading

import paho.mqtt.client as mqtt

from cloud import presence

CONTROL = "$CONTROL/standin/v1"  # the plugin's: a client id that is thrown out

log = logging.getLogger("standin.mqtt")


class MqttClient:
    """user: name and password, or None on a broker that asks for none."""

    def __init__(self, address, user, inbox, devices_there, records):
        self._inbox = inbox
        self._presence = devices_there
        self._records = records
        self._address = address
        self._ready = threading.Event()
        # Version 5 has a subscription without what this client itself publishes: answers on the
        # topic of their question would be questions again.
        self._client = mqtt.Client(client_id=f"standin-{secrets.token_hex(4)}",
                                   protocol=mqtt.MQTTv5)
        if user:
            self._client.username_pw_set(*user)
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
        device = self._inbox.device_of(reply.topic)
        self._records.add("sent", "mqtt", device, reply.topic, reply.payload)
        self._client.publish(reply.topic, reply.payload, qos=1)

    def drop(self, client_id):
        """Only with the plugin."""
        self._client.publish(CONTROL, client_id, qos=1)

    def _on_connect(self, client, _userdata, _flags, reason, _properties):
        if reason != 0:
            log.error("the broker refuses: %s", reason)
            return
        client.subscribe("#", options=mqtt.SubscribeOptions(qos=1, noLocal=True))

    def _on_message(self, _client, _userdata, message):
        try:
            if message.topic.startswith(presence.TOPICS):
                self._presence.tell(message.topic, message.payload)
                return
            reply = self._inbox.receive("mqtt", message.topic, message.payload)
            if reply:
                self.publish(reply)
        except Exception:  # one bad message must not end the service
            log.exception("a message on %s", message.topic)
