"""Firmware images and their hosting: GET with ranges, and links that are good as they were given
and for a day only."""

import hashlib
import hmac
import re
import secrets
import threading
import time
import urllib.parse
from dataclasses import dataclass

from cloud.web import Response

DEFAULT_MODULE = "default"
LINK_LIFE = 24 * 3600  # seconds
DIGESTS = {"Md5": "md5", "SHA256": "sha256"}
PATH = "/ota/"


@dataclass(frozen=True)
class Image:
    module: str
    version: str
    content: bytes
    sign_method: str = "Md5"

    def digest(self):
        return hashlib.new(DIGESTS[self.sign_method], self.content).hexdigest()


class Firmware:
    """The newest image of each module. base: what links begin with, known once there is a port."""

    def __init__(self, records, faults):
        self._records = records
        self._faults = faults
        self._key = secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._newest = {}  # module: image
        self._hosted = {}  # name in a link: image; links of earlier images stay good
        self.base = ""

    def add(self, image):
        if image.sign_method not in DIGESTS:
            raise ValueError(f"sign_method is one of {', '.join(DIGESTS)}")
        if not image.version or not image.content:
            raise ValueError("an image has a version and is not empty")
        self.host(image)
        with self._lock:
            self._newest[image.module] = image

    def host(self, image):
        """It can be downloaded, and is nobody's newest."""
        with self._lock:
            self._hosted[self._name(image)] = image

    def newest(self, module):
        with self._lock:
            return self._newest.get(module)

    @staticmethod
    def _name(image):
        return hashlib.sha1(f"{image.module}/{image.version}/".encode() + image.content).hexdigest()

    # ---- links ----

    def link(self, image, base=None):
        """As long as the cloud's own, and like them only good if nothing in it is changed."""
        path = f"{PATH}{self._name(image)}.bin"
        query = urllib.parse.urlencode({
            "Expires": int(time.time()) + LINK_LIFE,
            "OSSAccessKeyId": "standin",
            "security-token": secrets.token_urlsafe(400),
        })
        signature = urllib.parse.quote(self._sign(path, query), safe="")
        return f"{base or self.base}{path}?{query}&Signature={signature}"

    def _sign(self, path, query):
        # Characters that only survive if nobody touches the link.
        return hmac.new(self._key, f"{path}?{query}".encode(), "sha256").hexdigest() + "+/=="

    def _is_good(self, request):
        query, _, given = request.query.rpartition("&Signature=")
        expected = urllib.parse.quote(self._sign(request.path, query), safe="")
        if not hmac.compare_digest(expected.encode(), given.encode()):
            return False
        return int(urllib.parse.parse_qs(query)["Expires"][0]) > time.time()

    # ---- downloads ----

    def handle(self, request):
        """The response to a request for a path of this service; None for others."""
        if not request.path.startswith(PATH):
            return None
        if request.method not in ("GET", "HEAD"):
            return Response(405)
        fault = self._faults.take("firmware") or {}
        response = self._respond(request, fault)
        self._records.add("download", "http", topic=request.path, status=response.status,
                          range=request.headers.get("Range"))
        return response

    def _respond(self, request, fault):
        with self._lock:
            image = self._hosted.get(request.path.removeprefix(PATH).removesuffix(".bin"))
        if not image:
            return Response(404)
        if fault.get("expired") or not self._is_good(request):
            return Response(403, b"<Error><Code>AccessDenied</Code></Error>", "application/xml")
        content = image.content
        if "short" in fault:
            content = content[:len(content) - fault["short"]]
        wanted = None if fault.get("ignore_range") else request.headers.get("Range")
        response = _slice(content, wanted)
        response.drop_after = fault.get("drop_after")
        return response


def _slice(content, wanted):
    """200, 206 or 416 for the value of a Range header (RFC 9110 section 14); what cannot be read as
    one range is as if it were not there."""
    response = Response(200, content, "application/octet-stream", {"Accept-Ranges": "bytes"})
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", wanted or "", re.ASCII)
    if not match or match.group(0) == "bytes=-":
        return response
    size = len(content)
    first, last = match.groups()
    if not first:
        start, end = max(size - int(last), 0), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    if first and last and int(last) < int(first):
        return response
    if start >= size:
        response.status, response.body = 416, b""
        response.headers["Content-Range"] = f"bytes */{size}"
    else:
        response.status, response.body = 206, content[start:end]
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    return response
