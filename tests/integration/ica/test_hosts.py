"""The sequences that known firmware sends, with the profile made for it."""

from bench import ERROR, OK, cme, line
from conftest import at_broker


def test_iotkit_embedded(broker, start_daemon, open_host, watcher):
    """Alibaba's C-SDK, branch 3.x: CR LF, no AT, no ATE0; wants +IMQTTSTATE:1 after the OK of CONN."""
    daemon = start_daemon(settings=at_broker(broker, **{"modem.profile": "iotkit-embedded"}))
    host = open_host(daemon)
    host.send('AT+IMQTTAUTH="pk","dn","ds"\r\n')
    host.expect(OK, line("+IMQTTAUTH:OK"))
    host.send("AT+IMQTTCONN\r\n")
    host.expect(OK, line("+IMQTTSTATE:1"), OK)
    host.send(
        'AT+IMQTTPUB="/sys/pk/dn/thing/deviceinfo/update",1,"{\\"id\\":\\"2\\",\\"params\\":[]}"\r\n'
    )
    host.search(rb"^\r\n\+IMQTTPUB:(\d+)\r\n\r\nOK\r\n\r\n\+IMQTTPUB:\1,0\r\n")
    assert watcher.next().payload == b'{"id":"2","params":[]}'
    host.send('AT+IMQTTSUB="/pk/dn/user/get",1\r\n')
    host.search(rb"^\r\n\+IMQTTSUB:(\d+)\r\n\r\nOK\r\n\r\n\+IMQTTSUB:\1,1\r\n")
    host.send('AT+IMQTTPUB="/pk/dn/user/get",0,"{\\"message\\":\\"hello!\\"}"\r\n')
    # the status of a QoS 0 publish must not come late
    host.search(rb"^\r\n\+IMQTTPUB:(\d+)\r\n\r\nOK\r\n\r\n\+IMQTTPUB:\1,0\r\n")
    host.expect(line('+IMQTTRCVPUB:0,"/pk/dn/user/get",20,"{"message":"hello!"}"'), OK)
    assert watcher.next().payload == b'{"message":"hello!"}'
    watcher.publish("/pk/dn/user/get", b'{\n\t"pretty": 1\n}')  # as text: it reads nothing else
    host.expect(line('+IMQTTRCVPUB:0,"/pk/dn/user/get",16,"{\n\t"pretty": 1\n}"'), OK)
    host.ask('AT+IMQTTPARA="TIMEOUT",10', cme(50))  # this profile stays strict
    host.ask("AT+CSQ", ERROR)


def test_stm32_n21(broker, start_daemon, open_host, watcher):
    daemon = start_daemon(settings=at_broker(broker, **{"modem.profile": "stm32-n21"}))
    host = open_host(daemon)
    host.send("AT\r\nAT&F\r\n")
    host.expect(OK, OK)
    host.ask("AT+CPIN?\r\n".strip(), "+CPIN:READY", OK)
    host.ask("AT+CCID", "+CCID: 89860000000000000001", OK)
    host.ask("AT+NVSETBAND=1,8", OK)
    host.ask("AT+CSQ", "+CSQ: 21,99", OK)
    host.ask("AT+CREG?", "+CREG: 0,1", OK)
    host.ask("AT+CEREG?", "+CEREG: 0,1", OK)
    host.ask("AT+XIIC=1", OK)
    host.ask("AT+XIIC?", "+XIIC:    1, 192.168.40.13", OK)
    host.send("AT+CCLK?\r\n")
    host.search(rb'^\r\n\+CCLK: "\d\d/\d\d/\d\d,\d\d:\d\d:\d\d\+00"\r\n\r\nOK\r\n')
    host.ask('AT+IMQTTAUTH="pk","dn","ds"', OK, "+IMQTTAUTH:OK")
    host.ask('AT+IMQTTPARA="TIMEOUT",10,"CLEAN",1,"KEEPALIVE",180,"VERSION","3.1"', OK)
    host.ask("AT+IMQTTCONN", OK)
    host.ask("AT+IMQTTCONN", OK)  # a host that restarted while the module stayed connected
    host.send('AT+IMQTTSUB="/pk/dn/user/get",1\r\n')
    host.search(rb"^\r\n\+IMQTTSUB:(\d+)\r\n\r\nOK\r\n\r\n\+IMQTTSUB:\1,1\r\n")
    for message in ('"{\\"params\\":{\\"t\\":2}}"', '{"params":{"t":2}}', '"{"params":{"t":2}}"'):
        host.send(f'AT+IMQTTPUB="/sys/pk/dn/thing/event/property/post",1,{message}\r\n')
        host.search(rb"^\r\n\+IMQTTPUB:(\d+)\r\n\r\nOK\r\n\r\n\+IMQTTPUB:\1,0\r\n")
        assert watcher.next().payload == b'{"params":{"t":2}}'
    host.ask("AT+DISIMQTTCONN", ERROR)
    host.ask("AT+IMQTTDISCONN", OK)


# ---- ica.cellular ----


def cellular(start_daemon, open_host, **settings):
    return open_host(start_daemon(settings={"ica.cellular": 1, **settings}))


def test_cellular_commands_are_off_by_default(host):
    for command in ("+CPIN?", "+CCID", "+CSQ", "+CREG?", "+CEREG?", "+CCLK?", "+XIIC?",
                    "+XIIC=1", "+NVSETBAND?"):
        host.ask(f"AT{command}", ERROR)


def test_cellular_forms(start_daemon, open_host):
    host = cellular(start_daemon, open_host)
    for command in ("+CPIN", "+CPIN=1", "+CCID?", "+CSQ?", "+CSQ=?", "+CREG", "+CREG=1",
                    "+CCLK", "+XIIC", "+NVSETBAND"):
        host.ask(f"AT{command}", cme(4))
    for command in ("+XIIC=2", "+XIIC=", "+NVSETBAND=1", "+NVSETBAND=2,8", "+NVSETBAND=1,x"):
        host.ask(f"AT{command}", cme(50))


def test_no_sim(start_daemon, open_host):
    host = cellular(start_daemon, open_host, **{"identity.iccid": ""})
    host.ask("AT+CPIN?", cme(10))
    host.ask("AT+CCID", cme(10))
    host.ask("AT+CREG?", "+CREG: 0,0", OK)
    host.ask("AT+CEREG?", "+CEREG: 0,0", OK)
    host.ask("AT+XIIC=1", cme(30))
    host.ask("AT+XIIC?", "+XIIC:    0, 0.0.0.0", OK)
    host.ask("AT+XIIC=0", OK)


def test_registration_and_signal(start_daemon, open_host):
    for registration, stat in (("home", 1), ("roaming", 5), ("searching", 2), ("denied", 3), ("none", 0)):
        host = cellular(start_daemon, open_host, **{"network.registration": registration})
        host.ask("AT+CREG?", f"+CREG: 0,{stat}", OK)
        host.ask("AT+XIIC=1", OK if stat in (1, 5) else cme(30))
    for dbm, rssi in ((-113, "00"), (-111, "01"), (-71, "21"), (-51, "31"), (-40, "31"), (0, "99")):
        host = cellular(start_daemon, open_host, **{"network.rssi": dbm})
        host.ask("AT+CSQ", f"+CSQ: {rssi},99", OK)


def test_band_is_kept(start_daemon, open_host):
    host = cellular(start_daemon, open_host)
    host.ask("AT+NVSETBAND?", OK)
    host.ask("AT+NVSETBAND=1,8,3", OK)
    host.ask("AT+NVSETBAND?", "+NVSETBAND: 1,8,3", OK)
