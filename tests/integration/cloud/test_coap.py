"""The stand-in's CoAP access, with datagrams that another implementation has made."""

import json
import socket
import struct

import pytest
from bench import DEADLINE

AUTH = bytes.fromhex(
    "4402123401020304b46175746811325132ff7b2270726f647563744b6579223a2261315465737450726f644b657922"
    "2c226465766963654e616d65223a22646576303031222c22636c69656e744964223a2261315465737450726f644b65"
    "7926646576303031222c227369676e223a223335666639633935366433653066333835383661323139636537363338"
    "663164222c22736571223a223130227d")
REPORT = bytes.fromhex(
    "4402123502020304b5746f706963037379730d0061315465737450726f644b657906646576303031057468696e6705"
    "6576656e740870726f706572747904706f737411325132ed070a164d5a386d33376870303177315353716f44467a6f"
    "303031303530306430302e616432621d0383db0662b15e8d56ae245b755fc3d4e9ff6ee28754268ae6208386e21f4c"
    "49a1308dd8e5db8de21371ec7ebabeacf0458b0ebcbf25b82f469295909a84613791cba517511e64d10b3dfa77ba31"
    "cd384781d717dd3300362078150e8443d93fe5dc0e948a0889b89cf5d76d89753f8c9f9e")
SESSION = {"random": "ad2b3a5eb51d64f7", "seqOffset": 1,
           "token": "MZ8m37hp01w1SSqoDFzo0010500d00.ad2b"}
SEQ_2 = bytes.fromhex("83db0662b15e8d56ae245b755fc3d4e9")
SEQ_11 = bytes.fromhex("1565551057a1cccbf66f1c330d3174f3")
SEQ_10000 = bytes.fromhex("093a957c79abd7198a1c0d4df8bd38d8")
PLAIN = (b'{"id":"1","version":"1.0","params":{"LightSwitch":1},'
         b'"method":"thing.event.property.post"}')
HELLO = bytes.fromhex("0311d2999febf6d626f1ba66bd6217cb")  # "hello coap!!"

CON, NON, ACK, RST = range(4)
POST = 0x02


class Peer:
    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect(("127.0.0.1", port))
        self.socket.settimeout(DEADLINE)

    def ask(self, datagram):
        self.socket.send(datagram)
        return self.socket.recv(65536)

    def code(self, datagram):
        return code_of(self.ask(datagram))

    def silent(self, datagram):
        """No answer: the next one is that of a ping."""
        self.socket.send(datagram)
        assert self.ask(b"\x40\x00\x77\x77") == b"\x70\x00\x77\x77"


def code_of(answer):
    return f"{answer[1] >> 5}.{answer[1] & 31:02}"


def payload_of(answer):
    """What stands behind the marker: no option of an answer has the byte ff."""
    return answer.partition(b"\xff")[2]


def message(path, options=(), payload=b"", type=CON, code=POST, id=0x2000):
    """Options are (number, value), their numbers above 11."""
    parts = [struct.pack("!BBH", 0x44 | type << 4, code, id), b"tokn"]
    last = 0
    for number, value in [(11, level.encode()) for level in path.split("/")[1:]] + list(options):
        delta = number - last
        head, more = (delta, b"") if delta < 13 else (13, bytes([delta - 13])) if delta < 269 else (
            14, struct.pack("!H", delta - 269))
        size, size_more = (len(value), b"") if len(value) < 13 else (13, bytes([len(value) - 13]))
        parts += [bytes([head << 4 | size]), more, size_more, value]
        last = number
    return b"".join(parts) + (b"\xff" + payload if payload else b"")


def report(seq, payload, topic="/a1TestProdKey/dev001/user/update", token=SESSION["token"], **how):
    options = [(12, b"\x32"), (2088, token.encode())] + ([(2089, seq)] if seq else [])
    return message("/topic" + topic, options, payload, **how)


def auth_text(datagram=AUTH):
    return payload_of(datagram).decode()


def auth(text, **how):
    return message("/auth", [(12, b"\x32")], text.encode(), **how)


@pytest.fixture
def coap(standin):
    peer = Peer(standin.ports["coap"])
    yield peer
    peer.socket.close()


@pytest.fixture
def session(standin, coap):
    """The peer after it has been given the session that the datagrams are made for."""
    standin.control("/session", **SESSION)
    answer = coap.ask(AUTH)
    assert answer[:8] == b"\x64\x45\x12\x34\x01\x02\x03\x04"
    assert json.loads(payload_of(answer)) == SESSION
    return coap


def test_helper_makes_the_known_datagrams():
    assert AUTH == (message("/auth", [(12, b"\x32"), (17, b"\x32")], auth_text().encode(),
                            id=0x1234).replace(b"tokn", b"\1\2\3\4"))
    assert REPORT == (message(
        "/topic/sys/a1TestProdKey/dev001/thing/event/property/post",
        [(12, b"\x32"), (17, b"\x32"), (2088, SESSION["token"].encode()), (2089, SEQ_2)],
        REPORT[-96:], id=0x1235).replace(b"tokn", b"\2\2\3\4"))


def test_report(standin, session):
    answer = session.ask(REPORT)
    assert answer[:8] == b"\x64\x45\x12\x35\x02\x02\x03\x04"
    got = standin.records(1, kind="message")[0]
    assert (got["via"], got["device"], got["payload"]) == ("coap", "one", PLAIN)
    assert got["topic"] == "/sys/a1TestProdKey/dev001/thing/event/property/post"


def test_what_comes_twice_is_done_once(standin, session):
    first = session.ask(REPORT)
    assert session.ask(REPORT) == first
    assert len(standin.records(kind="message")) == 1
    session.silent(report(SEQ_11, HELLO, type=NON, id=0x1235))  # an id that was there


def test_numbers_must_grow(standin, session):
    assert session.code(REPORT) == "2.05"
    replay = REPORT[:2] + b"\x12\x36" + REPORT[4:]
    assert session.code(replay) == "4.02"
    assert session.code(report(SEQ_11, HELLO, id=1)) == "2.05"
    assert session.code(report(SEQ_2, HELLO, id=2)) == "4.02"
    assert session.code(report(SEQ_11, HELLO, id=3)) == "4.02"
    assert session.code(report(SEQ_10000, HELLO, id=4)) == "2.05"
    assert [r["payload"] for r in standin.records(kind="message")] == [
        PLAIN, b"hello coap!!", b"hello coap!!"]


def test_tampering(standin, session):
    broken = HELLO[:-1] + bytes([HELLO[-1] ^ 1])
    assert session.code(report(SEQ_2, broken, id=1)) == "4.00"
    assert session.code(report(SEQ_11, HELLO[:-1], id=2)) == "4.00"
    assert session.code(report(HELLO, HELLO, id=3)) == "4.02"  # encrypted, but no number
    assert session.code(report(b"12", HELLO, id=4)) == "4.02"
    assert session.code(report(None, HELLO, id=5)) == "4.02"
    other = SESSION["token"].replace("M", "N")
    assert session.code(report(SEQ_10000, HELLO, token=other, id=6)) == "4.01"
    assert session.code(message("/topic/a1TestProdKey/dev001/u", [(12, b"\x32"), (2089, SEQ_11)],
                                HELLO, id=7)) == "4.01"
    topic = "/a1TestProdKey/dev002/user/update"
    assert session.code(report(SEQ_10000, HELLO, topic, id=8)) == "4.04"
    assert standin.records(kind="message") == []
    assert session.code(report(SEQ_10000, HELLO, id=9)) == "2.05"


def test_token_in_the_option_of_one_sdk(session):
    options = [(12, b"\x32"), (61, SESSION["token"].encode()), (2089, SEQ_2)]
    assert session.code(message("/topic/a1TestProdKey/dev001/u", options, HELLO)) == "2.05"


def test_expiry(standin, session):
    assert session.code(REPORT) == "2.05"
    standin.control("/expire")
    assert session.code(report(SEQ_11, HELLO, id=1)) == "4.01"
    answer = session.ask(auth(auth_text(), id=2))
    assert json.loads(payload_of(answer))["token"] != SESSION["token"]


@pytest.mark.parametrize("change, code", [
    (("35ff", "35fe"), "4.01"),
    (("&dev001", "&dev01"), "4.01"),
    (('"dev001"', '"dev002"'), "4.01"),
    (('"dev001"', '"dev009"'), "4.01"),
    (('"10"', '"11"'), "4.01"),
    (('"10"', '"10","signmethod":"hmacsha1"'), "4.01"),
    (('"10"', '10'), "2.05"),
    (("35ff9c956d3e0f38586a219ce7638f1d", "35FF9C956D3E0F38586A219CE7638F1D"), "2.05"),
    (("35ff9c956d3e0f38586a219ce7638f1d\",\"seq\":\"10\"",
      "c77883440b54f0492847130b1e1a0b1f3a8cacc8\",\"seq\":\"10\",\"signmethod\":\"hmacsha1\""),
     "2.05"),
    (("35ff9c956d3e0f38586a219ce7638f1d\",\"seq\":\"10\"",
      "71b59d89ab840083d6d59ead73a3a0f090533619\",\"seq\":\"10\",\"signmethod\":\"hmacsha1\","
      "\"timestamp\":\"1700000000000\""), "2.05"),
    ((',"seq":"10"', ""), "4.00"),
    (('"10"', '"ten"'), "4.00"),
    (('"10"', '"10","signmethod":"hmacsha256"'), "4.00"),
    (("{", "["), "4.00"),
])
def test_auth(coap, change, code):
    text = auth_text()
    assert text.count(change[0])
    assert coap.code(auth(text.replace(*change))) == code


def test_forms(session):
    good = auth_text().encode()
    json_format, accept = (12, b"\x32"), (17, b"\x32")
    ids = iter(range(100))

    def code(path="/auth", options=(json_format,), payload=good, **how):
        return session.code(message(path, options, payload, id=next(ids), **how))

    assert code() == "2.05"
    assert code(options=[json_format, accept]) == "2.05"
    assert code(options=[json_format, (17, b"\x3c")]) == "4.06"
    assert code(options=[]) == "4.15"
    assert code(options=[(12, b"\x3c")]) == "4.15"
    assert code(options=[json_format, (65001, b"")]) == "4.02"  # critical and unknown
    assert code(options=[json_format, (65000, b"")]) == "2.05"  # elective
    assert code(options=[json_format, (27, b"\x0e")]) == "4.13"
    assert code("/els") == "4.04"
    for method in (1, 3, 4):
        assert code(code=method) == "4.05"
    assert session.code(b"\x40\x02\x00\xee\xb1\xff") == "4.00"  # a path that is not UTF-8


def test_message_layer(session):
    answer = session.ask(auth(auth_text(), type=NON, id=0x3000))
    assert answer[:2] == b"\x54\x45" and answer[4:8] == b"tokn"
    assert session.ask(b"\x40\x00\x12\x99") == b"\x70\x00\x12\x99"  # ping
    assert session.ask(b"\x40\x02\x12\x9a\xff") == b"\x70\x00\x12\x9a"  # marker without payload
    assert session.ask(b"\x49\x02\x12\x9b") == b"\x70\x00\x12\x9b"  # token length 9
    assert session.ask(b"\x40\x02\x12\x9c\xb9") == b"\x70\x00\x12\x9c"  # option cut
    assert session.ask(b"\x40\x45\x12\x9d") == b"\x70\x00\x12\x9d"  # a response nobody wanted
    for datagram in (b"", b"\x40", b"\x80\x02\x00\x01", b"\x50\x02\x00\x01\xff",
                     b"\x60\x00\x12\x34", b"\x70\x00\x12\x34"):
        session.silent(datagram)


def test_faults(standin, session):
    standin.fault("coap.report", code="5.00")
    assert session.code(report(SEQ_2, HELLO, id=1)) == "5.00"
    standin.fault("coap.report", silent=True)
    session.silent(report(SEQ_2, HELLO, id=2))
    assert session.code(report(SEQ_2, HELLO, id=3)) == "2.05"
    standin.fault("coap.auth", code="4.03")
    assert session.code(auth(auth_text(), id=4)) == "4.03"


DTLS_AUTH = ('{"productKey":"a1TestProdKey","deviceName":"dev001",'
             '"clientId":"a1TestProdKey&dev001","sign":"12a824eb7791c34c078df196ef3d94f2"}')


def test_inside_of_dtls(standin):
    peer = Peer(standin.ports["coap_dtls"])
    answer = json.loads(payload_of(peer.ask(auth(DTLS_AUTH, id=1))))
    assert list(answer) == ["token"]
    assert peer.code(report(None, b"as it is", token=answer["token"], id=2)) == "2.05"
    got = standin.records(1, kind="message")[0]
    assert (got["via"], got["payload"]) == ("coap-dtls", b"as it is")
    assert peer.code(report(SEQ_2, b"x", token=answer["token"], id=3)) == "4.02"
    assert peer.code(report(None, b"x", token="x", id=4)) == "4.01"
    assert peer.code(auth(DTLS_AUTH.replace("12a8", "12a9"), id=5)) == "4.01"
    standin.control("/expire")
    assert peer.code(report(None, b"x", token=answer["token"], id=6)) == "4.01"
    peer.socket.close()


def test_modes_do_not_share_tokens(standin, session):
    peer = Peer(standin.ports["coap_dtls"])
    assert peer.code(report(None, b"x", id=1)) == "4.01"
    peer.socket.close()
