"""The dialogues of the ICA standard (V0.4), MQTT part, against a real broker. The standard's packet
identifiers are examples: any number will do, the same one in both lines."""

from bench import OK, line

AUTH = 'AT+IMQTTAUTH="productKey001","deviceName001","deviceSecret123"'


def authenticate(host):
    host.ask(AUTH, OK, "+IMQTTAUTH:OK")


def connect(host):
    authenticate(host)
    host.ask("AT+IMQTTCONN", OK)


def test_wire_framing(host):
    host.send(b"AT+IMQTTMODE?\r")
    host.expect(b"\r\n+IMQTTMODE:0\r\n\r\nOK\r\n")


def test_mode(host):
    host.ask("AT+IMQTTMODE=1", OK)
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:1", OK)


def test_auth(host):
    authenticate(host)
    host.ask(
        "AT+IMQTTAUTH?", '+IMQTTAUTH:"productKey001","deviceName001","deviceSecret123"', OK
    )


def test_para(host):
    host.ask('AT+MQTTPARA="TIMEOUT", 2', OK)
    host.ask(
        'AT+MQTTPARA="TIMEOUT", 2, "CLEAN", 1, "KEEPALIVE", 60, "VERSION", "3.1.1"', OK
    )
    host.ask(
        "AT+IMQTTPARA?",
        '+IMQTTPARA:"TIMEOUT",2,"CLEAN",1,"KEEPALIVE",60,"VERSION","3.1.1"',
        OK,
    )


def test_publish(host, watcher):
    connect(host)
    packet_id = host.request('AT+IMQTTPUB="/test_topic_001",1,"hellosim"', "IMQTTPUB")
    host.expect(line(f"+IMQTTPUB:{packet_id},0"))
    message = watcher.next()
    assert (message.topic, message.payload) == ("/test_topic_001", b"hellosim")


def test_publish_binary(host, watcher):
    connect(host)
    host.ask('AT+IMQTTPUBIN="/test_topic_001",1,5', OK)
    host.send(b"\x11\x22\x33\xaa\xba")
    packet_id = int(host.search(rb"^\r\n\+IMQTTPUBIN:(\d+)\r\n\r\nOK\r\n").group(1))
    host.expect(line(f"+IMQTTPUBIN:{packet_id},0"))
    assert watcher.next().payload == b"\x11\x22\x33\xaa\xba"


def test_subscribe_and_unsubscribe(host):
    connect(host)
    packet_id = host.request('AT+IMQTTSUB="/test_topic_001",2', "IMQTTSUB")
    host.expect(line(f"+IMQTTSUB:{packet_id},2"))
    packet_id = host.request('AT+IMQTTUNSUB="/test_topic_001"', "IMQTTUNSUB")
    host.expect(line(f"+IMQTTUNSUB:{packet_id},0"))


def test_received_message(host, watcher):
    connect(host)
    packet_id = host.request('AT+IMQTTSUB="/test_topic_001",1', "IMQTTSUB")
    host.expect(line(f"+IMQTTSUB:{packet_id},1"))
    watcher.publish("/test_topic_001", "hello", 1)
    host.search(rb'^\r\n\+IMQTTRCVPUB:\d+,"/test_topic_001",5,"hello"\r\n\r\nOK\r\n')
    watcher.publish("/test_topic_001", b"\x11\x22\x33\xaa\xba", 1)
    host.search(
        rb'^\r\n\+IMQTTRCVPUBIN:\d+,"/test_topic_001",5\r\n\r\nOK\r\n\x11\x22\x33\xaa\xba'
    )
    host.quiet()


def test_state(host):
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:0", OK)
    connect(host)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:2", OK)
    host.ask("AT+IMQTTDISCONN", OK)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:0", OK)


def test_debug_parameters(host):
    host.ask('AT+IMQTTDBGPARA="PINGRSP",1', OK)
    host.ask("AT+IMQTTDBGPARA?", '+IMQTTDBGPARA:"PINGRSP",1', OK)


def test_test_forms(host):
    for command, *answer in (
        ("+IMQTTMODE", '+IMQTTMODE:"mode"', OK),
        ("+IMQTTAUTH", '+IMQTTAUTH:"PRODUCT_KEY","DEVICE_NAME","DEVICE_SECRET"', OK),
        ("+IMQTTPARA", '+IMQTTPARA:"ParaTag","ParaValue"', OK),
        ("+IMQTTCONN", OK),
        ("+IMQTTPUB", '+IMQTTPUB:"topic","qos","message"', OK),
        ("+IMQTTPUBIN", '+IMQTTPUBIN:"topic","qos","msg_len"', OK, '"bin_message"'),
        ("+IMQTTSUB", '+IMQTTSUB:"topic","qos"', OK),
        ("+IMQTTUNSUB", '+IMQTTUNSUB:"topic"', OK),
        ("+IMQTTRCVPUB", OK),
        ("+IMQTTRCVPUBIN", OK),
        ("+IMQTTSTATE", OK),
        ("+IMQTTDISCONN", OK),
        ("+IMQTTDBGPARA", '+IMQTTDBGPARA:"ParaTag","ParaValue"', OK),
        ("+IMQTTPINGRSP", OK),
        ("+ILOGLVL", '+ILOGLVL:"level"', OK),
        ("+IREBOOT", OK),
        ("+IDEFAULT", OK),
        ("+CGMI", OK),
        ("+CGMM", OK),
        ("+CGMR", OK),
        ("+CMEE", "+CMEE:(0-2)", OK),
    ):
        host.ask(f"AT{command}=?", *answer)


def test_read_forms_before_any_use(host):
    for name in ("PUB", "PUBIN", "SUB", "UNSUB", "RCVPUB", "RCVPUBIN"):
        host.ask(f"AT+IMQTT{name}?", OK)
    host.ask("AT+IMQTTAUTH?", '+IMQTTAUTH:"","",""', OK)
    host.ask("AT+IMQTTDBGPARA?", '+IMQTTDBGPARA:"PINGRSP",0', OK)
    host.ask("AT+ILOGLVL?", "+ILOGLVL:0", OK)


def test_identity(host):
    host.ask("AT+CGMI", "atmodemd", OK)
    host.ask("AT+CGMM", "ica", OK)
    host.ask("AT+CGMR", "0.1.0", OK)
    host.ask("ATI", "atmodemd", "ica", "0.1.0", OK)
