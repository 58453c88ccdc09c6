"""Alink JSON: what most of the platform's topics carry."""

import json

from cloud.inbox import Reply

SUCCESS = 200
BAD_PARAMETERS = 460
EVENT_NOT_FOUND = 5096
TOO_MANY = 6106
NOT_JSON = 6207

MESSAGES = {
    SUCCESS: "success",
    BAD_PARAMETERS: "request parameter error",
    EVENT_NOT_FOUND: "event not found",
    TOO_MANY: "too many properties",
    NOT_JSON: "payload is not JSON",
}


class Refused(Exception):
    """A request that is answered with another code than success."""

    def __init__(self, code):
        super().__init__(MESSAGES[code])
        self.code = code


def dumps(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def rest_of(topic):
    """What stands behind /sys/{product}/{device}/, or None."""
    levels = topic.split("/", 4)
    return levels[4] if len(levels) == 5 and levels[:2] == ["", "sys"] else None


def read(payload):
    """The JSON object that a payload is, or None."""
    try:
        value = json.loads(payload)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def reply_to(topic, id, code, data=None):
    """As the platform writes it, with the keys in its order. id is echoed, whatever it is."""
    method = rest_of(topic).replace("/", ".")
    return Reply(topic + "_reply", dumps({
        "code": code, "data": data or {}, "id": id, "message": MESSAGES[code], "method": method,
        "version": "1.0"}))


def answer(message, act):
    """The Reply to a request: act(params) gives the data of a success, or is Refused. None: the
    device wants no answer, or is not on MQTT and cannot have one."""
    request = read(message.payload)
    id = "" if request is None else request.get("id", "")
    try:
        if request is None:
            raise Refused(NOT_JSON)
        reply = reply_to(message.topic, id, SUCCESS, act(request.get("params")))
    except Refused as refused:
        reply = reply_to(message.topic, id, refused.code)
    options = request.get("sys") if request else None
    silent = isinstance(options, dict) and options.get("ack") == 0
    return None if silent or message.via != "mqtt" else reply
