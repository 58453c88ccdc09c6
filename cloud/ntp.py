"""The platform's clock, for devices that have none."""

import re
import time

from cloud import alink
from cloud.inbox import Reply

REQUEST = re.compile(r"/ext/ntp/[^/]+/[^/]+/request")


class Ntp:
    def __init__(self, inbox):
        inbox.on(REQUEST.fullmatch, self._answer)

    @staticmethod
    def _answer(message):
        request = alink.read(message.payload)
        if message.via != "mqtt" or not request or "deviceSendTime" not in request:
            return None
        now = str(time.time_ns() // 1_000_000)
        return Reply(message.topic.removesuffix("request") + "response", alink.dumps({
            "deviceSendTime": request["deviceSendTime"], "serverRecvTime": now,
            "serverSendTime": now}))
