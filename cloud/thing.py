"""What devices say about themselves: properties, events, and what is only taken note of."""

import re

from cloud import alink
from cloud.alink import BAD_PARAMETERS, EVENT_NOT_FOUND, TOO_MANY, Refused, rest_of
from cloud.inbox import Reply
from cloud.tsl import Misfit

PROPERTIES_MAX = 200
POST = re.compile(r"thing/event/(.+)/post")
# More than one of something: their form is only looked at.
PACKS = ("property/batch", "property/history", "property/pack")
NOTED = ("thing/deviceinfo/update", "thing/deviceinfo/delete", "thing/log/post")
LOG_MODE = "thing/config/log/get"
RAW = "thing/model/up_raw"


def _bare(value):
    """A value may come with the time that it is from."""
    if isinstance(value, dict) and value.keys() in ({"value"}, {"value", "time"}):
        return value["value"]
    return value


def _object(params):
    if not isinstance(params, dict) or not params:
        raise Refused(BAD_PARAMETERS)
    return params


def _check(items, model, values):
    """The names that the model has not."""
    try:
        return model.unknown(items, values)
    except Misfit:
        raise Refused(BAD_PARAMETERS) from None


class Thing:
    def __init__(self, inbox):
        inbox.on(self._is_post, self._post)
        inbox.on(lambda topic: rest_of(topic) in NOTED, self._note)
        inbox.on(lambda topic: rest_of(topic) == LOG_MODE, self._log_mode)
        inbox.on(lambda topic: rest_of(topic) == RAW, self._raw)

    @staticmethod
    def _is_post(topic):
        return POST.fullmatch(rest_of(topic) or "")

    def _post(self, message):
        event = POST.fullmatch(rest_of(message.topic)).group(1)
        if event in PACKS:
            return self._note(message)
        check = self._properties if event == "property" else self._event
        return alink.answer(message, lambda params: check(message.device.model, event, params))

    @staticmethod
    def _properties(model, _event, params):
        values = {name: _bare(value) for name, value in _object(params).items()}
        if len(values) > PROPERTIES_MAX:
            raise Refused(TOO_MANY)
        unknown = _check(model.properties, model, values) if model else ()
        # What the model has not is named, but all the same a success.
        return {name: "tsl parse: params not exist" for name in unknown}

    @staticmethod
    def _event(model, event, params):
        if model and event not in model.events:
            raise Refused(EVENT_NOT_FOUND)
        outputs = model.events[event] if model else None
        if params == {} and outputs == {}:
            return {}
        values = _bare(_object(params))
        if not isinstance(values, dict):
            raise Refused(BAD_PARAMETERS)
        if model:
            _check(outputs, model, values)
        return {}

    @staticmethod
    def _note(message):
        def act(params):
            if not isinstance(params, (dict, list)) or not params:
                raise Refused(BAD_PARAMETERS)
        return alink.answer(message, act)

    @staticmethod
    def _log_mode(message):
        return alink.answer(message, lambda _: {"content": {"mode": 0}})

    @staticmethod
    def _raw(message):
        """What comes back is made by a product's script. The script here gives the same bytes."""
        return Reply(message.topic + "_reply", message.payload) if message.via == "mqtt" else None
