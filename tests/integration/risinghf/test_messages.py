"""Publishing and receiving: every byte, every size, the data phase and its ends, the cache."""

import pytest
from bench import ERROR, OK, Peer, line, mute
from rh import connect, done

PROMPT = b"\r\n>"
ALL_BYTES = bytes(range(256)) * 4


def publish_data(host, topic, data, qos=1, retained=0, end="\r"):
    host.send(f"AT+IMQTTPUBEX={topic},{qos},{retained},{len(data)}{end}")
    host.expect(PROMPT)
    host.send(data)
    host.search(r"^\r\nOK\r\n\r\n\+IMQTTPUBEX:\d+,0\r\n")


# ---- PUB, PUBIN ----


@pytest.mark.parametrize("typed,payload", [
    ("test message!!", b"test message!!"), ('"test message!!"', b"test message!!"), ('""', b""),
    ('"a,b"', b"a,b"), ('"{"a":1,"b":["c"]}"', b'{"a":1,"b":["c"]}'), ('" x "', b" x "), ("x ", b"x "),
    ('"a\\"b\\\\"', b'a\\"b\\\\'), ("{\"a\":1}", b'{"a":1}'), ('"a",1}"', b'a",1}'), ("a;b", b"a;b"),
])
@pytest.mark.parametrize("retained", ["", ",0", ",1"])
def test_text(online, watcher, typed, payload, retained):
    for qos in (0, 1, 2):
        done(online, f"AT+IMQTTPUB=a/b,{qos},{typed}{retained}", "IMQTTPUB")
        message = watcher.next()
        assert (message.topic, message.payload, message.qos) == ("a/b", payload, qos)
    online.quiet()


def test_retained(online, start_watcher):
    done(online, "AT+IMQTTPUB=kept/text,1,x,1", "IMQTTPUB")
    done(online, "AT+IMQTTPUBIN=kept/hex,1,79,1", "IMQTTPUB")
    publish_data(online, "kept/data", b"z", retained=1)
    done(online, "AT+IMQTTPUB=kept/no,1,x,0", "IMQTTPUB")
    late = start_watcher("kept/#")
    assert {late.next().topic for _ in range(3)} == {"kept/text", "kept/hex", "kept/data"}


def test_hex(online, watcher):
    done(online, f"AT+IMQTTPUBIN=h,2,{ALL_BYTES[:256].hex()},0", "IMQTTPUB")
    assert watcher.next().payload == ALL_BYTES[:256]
    done(online, f"AT+IMQTTPUBIN=h,0,{ALL_BYTES[:256].hex().upper()}", "IMQTTPUB")
    assert watcher.next().payload == ALL_BYTES[:256]


def test_read_forms_show_the_last_one(online):
    done(online, 'AT+IMQTTPUB=a,0,"x,y",1', "IMQTTPUB")
    done(online, "AT+IMQTTPUBIN=b,1,0aFF", "IMQTTPUB")
    online.ask("AT+IMQTTPUB?", '+IMQTTPUB:a,0,"x,y"', OK)
    online.ask("AT+IMQTTPUBIN?", "+IMQTTPUBIN:b,1,0aFF", OK)
    online.ask("AT+IMQTTDISCONN", OK, "+IMQTTCONN:-1")
    online.ask("AT+IMQTTPUB=a,0,z", ERROR)
    online.ask("AT+IMQTTPUB?", '+IMQTTPUB:a,0,"x,y"', OK)


# ---- PUBEX ----


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def test_data_of_every_value(online, watcher, end):
    for data in (ALL_BYTES, b"\n\r\x1b\x1a\x08+++\0", b"\r", b"x" * 1024):
        if end != "\n" and data.startswith(b"\n"):
            data = b"\r" + data  # behind CR a LF is the line's
        publish_data(online, "d", data, end=end)
        assert watcher.next().payload == data
    online.quiet()


def test_data_that_come_at_once(online, watcher):
    """A host that does not wait for the prompt, and what follows the data is the next command."""
    online.send("AT+IMQTTPUBEX=d,1,0,5\r\nhelloAT+IMQTTSTATE?\r")
    online.search(r"^\r\n>\r\nOK\r\n")
    text = online.search(r"^(.*\+IMQTTSTATE:2\r\n\r\nOK\r\n(?:.*\+IMQTTPUBEX:\d+,0\r\n)?)").group(1)
    assert watcher.next().payload == b"hello"
    if b"PUBEX" not in text:
        online.search(r"\+IMQTTPUBEX:\d+,0\r\n")


def test_late_line_feed_belongs_to_the_command(online, watcher):
    online.send("AT+IMQTTPUBEX=d,1,0,3\r")
    online.expect(PROMPT)
    online.send("\nabc")
    online.search(r"^\r\nOK\r\n\r\n\+IMQTTPUBEX:\d+,0\r\n")
    assert watcher.next().payload == b"abc"


def test_nothing_comes_between_prompt_and_ok(online, watcher):
    done(online, "AT+IMQTTSUB=in,1", "IMQTTSUB", 1)
    online.send("AT+IMQTTPUBEX=d,1,0,4\r")
    online.expect(PROMPT)
    for n in range(5):
        watcher.publish("in", f"m{n}", 1)
    online.send("ab")
    online.send("cd")
    online.expect(OK)
    text = b""
    for n in range(5):
        text += online.search(rf'(.*?\+IMQTTRCVPUB:\d+,"in",2,"m{n}"\r\n)').group(1)
    if b"PUBEX" not in text:
        online.search(r"^\r\n\+IMQTTPUBEX:\d+,0\r\n")


def test_data_that_stall(online, watcher):
    """Ten seconds without a byte: ERROR; what comes within the next second is no command."""
    online.send("AT+IMQTTPUBEX=d,1,0,10\r")
    online.expect(PROMPT)
    online.send("abc")
    online.expect(ERROR)
    online.send("AT+IMQTTPUB=wrong,0,x\rAT\r")
    online.ask_until_answered("AT", 1.2)
    done(online, "AT+IMQTTPUB=end,0,x", "IMQTTPUB")
    assert watcher.next().topic == "end"


def test_session_lost_within_the_data(broker, online):
    online.send("AT+IMQTTPUBEX=d,1,0,4\r")
    online.expect(PROMPT)
    online.send("ab")
    broker.stop()
    online.search_nothing(0.2)
    online.send("cd")
    online.expect(ERROR, line("+IMQTTCONN:-1"))
    online.quiet()


def test_host_goes_within_the_data(modem, online, open_host, watcher):
    online.send("AT+IMQTTPUBEX=d,1,0,4\r")
    online.expect(PROMPT)
    online.send("ab")
    online.close()
    modem.wait_log("the host has gone")
    host = open_host(modem)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:2", OK)
    done(host, "AT+IMQTTPUB=end,0,x", "IMQTTPUB")
    assert watcher.next().topic == "end"


# ---- subscriptions ----


def test_subscriptions(online, watcher):
    host = online
    done(host, "AT+IMQTTSUB=a/+/b,1", "IMQTTSUB", 1)
    done(host, 'AT+IMQTTSUB="c,d/#",0', "IMQTTSUB", 0)
    host.ask("AT+IMQTTSUB?", "+IMQTTSUB:a/+/b,1", '+IMQTTSUB:"c,d/#",0', OK)
    done(host, "AT+IMQTTSUB=a/+/b,0", "IMQTTSUB", 0)
    host.ask("AT+IMQTTSUB?", "+IMQTTSUB:a/+/b,0", '+IMQTTSUB:"c,d/#",0', OK)
    done(host, "AT+IMQTTUNSUB=never", "IMQTTUNSUB")
    host.ask("AT+IMQTTUNSUB?", "+IMQTTUNSUB:never,0", OK)
    done(host, "AT+IMQTTUNSUB=a/+/b", "IMQTTUNSUB")
    host.ask("AT+IMQTTSUB?", '+IMQTTSUB:"c,d/#",0', OK)
    watcher.publish("a/x/b", "unheard")
    watcher.publish("c,d/e", "heard")
    host.expect(line('+IMQTTRCVPUB:1,"c,d/e",5,"heard"'))


def test_refused_subscription(host):
    """And one that gets less than it asked for."""
    def serve(connection):
        connection.recv(4096)
        connection.sendall(b"\x20\x02\x00\x00")
        for granted in (0x80, 0):
            packet = connection.recv(4096)
            connection.sendall(b"\x90\x03" + packet[2:4] + bytes([granted]))
        mute(connection)

    peer = Peer(serve)
    connect(host, peer)
    done(host, "AT+IMQTTSUB=closed,1", "IMQTTSUB", 128)
    done(host, "AT+IMQTTSUB=open,1", "IMQTTSUB", 0)
    host.ask("AT+IMQTTSUB?", "+IMQTTSUB:open,0", OK)
    peer.close()


# ---- receiving ----


def test_received_payloads_are_raw(online, watcher):
    done(online, "AT+IMQTTSUB=in,1", "IMQTTSUB", 1)
    for payload in (b"", b'{"a":"b"}', b"\r\n>\r\nOK\r\n", ALL_BYTES, b"x" * 70000):
        watcher.publish("in", payload, 1)
        head = online.search(rb'^\r\n\+IMQTTRCVPUB:(\d+),"in",(\d+),"')
        assert int(head.group(1)) > 0 and int(head.group(2)) == len(payload)
        assert online.read(len(payload)) == payload
        online.expect(b'"\r\n')


def test_numbers_of_qos_0(online, watcher):
    done(online, "AT+IMQTTSUB=in,0", "IMQTTSUB", 0)
    for n in (1, 2, 3):
        watcher.publish("in", "x")
        online.expect(line(f'+IMQTTRCVPUB:{n},"in",1,"x"'))


# ---- the cache ----


def test_cache_is_full_with_the_eleventh(online, watcher):
    host = online
    done(host, "AT+IMQTTSUB=in,1", "IMQTTSUB", 1)
    host.ask("AT+IMQTTMODE=2,0,1", OK)
    for n in range(1, 11):
        watcher.publish("in", f"m{n}", 1)
        host.expect(line(f"+IMQTTCOUNT: {n}"))
    for n in (11, 12):
        watcher.publish("in", f"m{n}", 1)
        host.expect(line("+IMQTTCOUNT: FULL"))
    host.ask("AT+IMQTTRECV?", "+IMQTTRECV: 10", OK)
    host.send("AT+IMQTTRECV=4\r")
    for n in range(1, 5):
        host.search(rf'^\r\n\+IMQTTRECV:\d+,"in",2,"m{n}"\r\n')
    host.expect(OK)
    watcher.publish("in", "m13", 1)
    host.expect(line("+IMQTTCOUNT: 7"))
    host.ask("AT+IMQTTRECVMODE=0", OK)
    watcher.publish("in", "direct", 1)
    host.search(r'^\r\n\+IMQTTRCVPUB:\d+,"in",6,"direct"\r\n')
    host.ask("AT+IMQTTDISCONN", OK, "+IMQTTCONN:-1")  # what is cached stays
    host.send("AT+IMQTTRECV=10\r")
    for text in [f"m{n}" for n in range(5, 11)] + ["m13"]:
        host.search(rf'^\r\n\+IMQTTRECV:\d+,"in",{len(text)},"{text}"\r\n')
    host.expect(OK)
    host.ask("AT+IMQTTRECV?", "+IMQTTRECV: 0", OK)


def test_cache_for_a_host_that_comes_and_goes(modem, online, open_host, watcher):
    done(online, "AT+IMQTTSUB=in,1", "IMQTTSUB", 1)
    online.ask("AT+IMQTTRECVMODE=1", OK)
    online.close()
    modem.wait_log("the host has gone")
    watcher.publish("in", ALL_BYTES, 1)
    modem.wait_log("message on in")
    host = open_host(modem)
    host.ask("AT+IMQTTRECV?", "+IMQTTRECV: 1", OK)
    host.send("AT+IMQTTRECV=1\r")
    host.search(rb'^\r\n\+IMQTTRECV:\d+,"in",1024,"')
    assert host.read(1024) == ALL_BYTES
    host.expect(b'"\r\n', OK)
