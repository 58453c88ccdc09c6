"""Dynamic registration over HTTPS, of devices that the devices file has: a signature with the
product's secret gets the device's."""

import urllib.parse

from cloud import sign
from cloud.web import Response

PATH = "/auth/register/device"
MESSAGES = {
    200: "success",
    460: "request parameter error",
    6100: "device not found",
    6250: "product not found",
    6288: "dynamic registration is switched off",
    6289: "the device is activated already",
    6292: "unknown sign method",
    6600: "wrong signature",
}
NEEDED = ("productKey", "deviceName", "random", "sign", "signMethod")


class _Refused(Exception):
    def __init__(self, code):
        super().__init__(MESSAGES[code])
        self.code = code


class Register:
    def __init__(self, devices, records):
        self._devices = devices
        self._records = records

    def handle(self, request):
        """The response to a request for this service's path; None for others."""
        if request.path != PATH:
            return None
        if request.method != "POST":
            return Response(405)
        try:
            device = self._check(request)
        except _Refused as refused:
            self._records.add("refused", "http", topic=PATH, code=refused.code,
                              reason=str(refused))
            return Response.of_json({"code": refused.code, "message": MESSAGES[refused.code]})
        self._records.add("registered", "http", device)
        return Response.of_json({
            "code": 200, "data": {
                "productKey": device.product_key, "deviceName": device.device_name,
                "deviceSecret": device.device_secret},
            "message": "success"})

    def _check(self, request):
        members = self._members(request)
        product = self._devices.product(members["productKey"])
        if not product:
            raise _Refused(6250)
        if not product.registration:
            raise _Refused(6288)
        if members["signMethod"] not in sign.METHODS:
            raise _Refused(6292)
        signed = {name: members[name] for name in ("deviceName", "productKey", "random")}
        if not sign.is_signed({**signed, "sign": members["sign"],
                               "signmethod": members["signMethod"]}, product.product_secret):
            raise _Refused(6600)
        device = self._devices.find(members["productKey"], members["deviceName"])
        if not device or not device.device_secret:
            raise _Refused(6100)
        if self._devices.is_active(device):
            raise _Refused(6289)
        return device

    @staticmethod
    def _members(request):
        if request.headers.get_content_type() != "application/x-www-form-urlencoded":
            raise _Refused(460)
        try:
            members = dict(urllib.parse.parse_qsl(request.body.decode(), strict_parsing=True))
        except ValueError:
            raise _Refused(460) from None
        if not all(members.get(name) for name in NEEDED):
            raise _Refused(460)
        return members
