"""The control port: HTTP and JSON on loopback, for tests and for whoever tries things out."""

import base64
import urllib.parse

from cloud.device_commands import DeviceCommands
from cloud.downlink import DownlinkError
from cloud.firmware import DEFAULT_MODULE, Image
from cloud.web import Response

WAIT_MAX = 60.0  # seconds


class Control:
    """cloud is the Cloud of program.py."""

    def __init__(self, cloud):
        self._cloud = cloud
        self._devices = DeviceCommands(cloud)
        self._commands = {
            **self._devices.commands,
            ("GET", "/ports"): lambda request: self._cloud.ports(),
            ("GET", "/records"): self._records,
            ("POST", "/expire"): self._expire,
            ("POST", "/fault"): self._fault,
            ("POST", "/session"): self._session,
            ("POST", "/firmware"): self._firmware,
            ("POST", "/announce"): self._announce,
        }

    def handle(self, request):
        command = self._commands.get((request.method, request.path))
        if not command:
            return Response.of_json({"error": "no such command"}, 404)
        try:
            return Response.of_json(command(request))
        except DownlinkError as error:
            return Response.of_json({"error": str(error)}, 409)
        except KeyError as error:
            return Response.of_json({"error": f"{error} is missing"}, 400)
        except (ValueError, TypeError) as error:
            return Response.of_json({"error": str(error)}, 400)

    def _records(self, request):
        """?after=N, ?wait=SECONDS, and members that must be equal, such as ?kind=message."""
        wanted = dict(urllib.parse.parse_qsl(request.query))
        after = int(wanted.pop("after", 0))
        wait = min(float(wanted.pop("wait", 0)), WAIT_MAX)
        return self._cloud.records.select(after, wait, **wanted)

    def _expire(self, _request):
        """All tokens, of HTTP and of CoAP."""
        self._cloud.expire()
        return {}

    def _fault(self, request):
        """{"place": .., "fault": {..}, "count": N or null}: see README.md."""
        members = request.json()
        fault = members.get("fault")
        if not isinstance(fault, dict):
            raise ValueError("fault is an object")
        self._cloud.faults.set(members.get("place"), fault, members.get("count", 1))
        return {}

    def _session(self, request):
        """{"random": .., "seqOffset": .., "token": ..} of the next CoAP session."""
        self._cloud.coap.prepare(**request.json())
        return {}

    def _firmware(self, request):
        """{"version": .., "content": base64, "module": .., "sign_method": ..}: hosts an image."""
        members = request.json()
        members["content"] = base64.b64decode(members["content"], validate=True)
        self._cloud.firmware.add(Image(**{"module": DEFAULT_MODULE, **members}))
        return {}

    def _announce(self, request):
        """{"device": NAME, "module": .., "base": URL, "data": {..}}: pushes the newest image."""
        members = request.json()
        device = self._devices.device(members)
        image = self._cloud.firmware.newest(members.get("module", DEFAULT_MODULE))
        if not image:
            raise ValueError("no image of this module")
        reply = self._cloud.ota.announcement(device, image, members.get("base"),
                                             members.get("data"))
        self._cloud.downlink.push(device, reply)
        return {"topic": reply.topic, "payload": base64.b64encode(reply.payload).decode()}
