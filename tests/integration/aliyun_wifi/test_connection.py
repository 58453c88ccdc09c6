"""Connections on a plain broker: loss and return, both families, messages, order of checks, switches."""

import pytest
from aw import CONNECT_FAILED, INVALID, NOT_CONNECTED, cme, connect_to
from bench import ERROR, OK, Peer, line, mute


@pytest.fixture
def online(host, broker):
    host.ask("AT+IMQTTCRED=c1,user,password", OK)
    connect_to(host, broker.port)
    return host


def test_loss_and_return(online, broker):
    online.request("AT+IMQTTSUB=a/#,1", "IMQTTSUB")
    online.search(r"^\r\n\+IMQTTSUBACK:\d+,0\r\n")
    broker.stop()
    online.expect(line("+IMQTTSTATE:0"))
    online.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:0", OK)
    online.ask("AT+IMQTTPUB=t,0,x", NOT_CONNECTED)
    broker.start()
    online.expect(line("+IMQTTSTATE:1"))
    online.ask("AT+IMQTTPUB=a/b,0,text", "+IMQTTPUB:0", OK, "+IMQTTRCVPUB:a/b,4,text")  # subscribed
    online.quiet()


def test_disconnect_and_connect_while_retrying(online, broker):
    broker.stop()
    online.expect(line("+IMQTTSTATE:0"))
    online.ask(f"AT+IMQTTCONN=127.0.0.1,{broker.port}", CONNECT_FAILED)
    broker.start()
    online.ask(f"AT+IMQTTCONN=127.0.0.1,{broker.port}", "+IMQTTSTATE:1", OK)
    broker.stop()
    online.expect(line("+IMQTTSTATE:0"))
    online.ask("AT+IMQTTDISCONN", OK)  # there is no session to report the end of
    online.ask("AT+IMQTTDISCONN", NOT_CONNECTED)
    online.quiet()


@pytest.mark.parametrize("family", ["IMQTT", "IDM"])
def test_connect_behind_disconnect(online, broker, family):
    """Typed ahead: the old session is still on its way out."""
    online.send(f"AT+IMQTTDISCONN\rAT+{family}CONN=127.0.0.1,{broker.port}\r")
    online.expect(OK, line("+IMQTTSTATE:0"), line(f"+{family}STATE:1"), OK)
    online.quiet()


def test_connect_at_once_while_retrying(online, broker):
    broker.stop()
    online.expect(line("+IMQTTSTATE:0"))
    broker.start()
    online.ask(f"AT+IDMCONN=127.0.0.1,{broker.port}", "+IDMSTATE:1", OK)
    online.quiet()


def test_families(online, broker):
    online.ask(f"AT+IDMCONN=127.0.0.1,{broker.port}", "+IDMSTATE:1", OK)
    assert broker.log().count(" as c1 ") == 1  # the same session
    online.ask("AT+IMQTTDISCONN", OK, "+IDMSTATE:0")
    online.ask("AT+IDMPP={}", NOT_CONNECTED)
    online.quiet()


@pytest.mark.parametrize("lost", [False, True], ids=["on the session", "after a loss"])
def test_after_a_change_of_family_nothing_is_reported_twice(host, broker, start_watcher, lost):
    host.ask("AT+IMQTTCRED=c1,dn&pk,password", OK)
    connect_to(host, broker.port, "IDM")
    topic = "/sys/pk/dn/thing/service/property/set"
    host.request(f"AT+IMQTTSUB={topic},0", "IMQTTSUB")
    host.search(r"^\r\n\+IMQTTSUBACK:\d+,0\r\n")
    request = '{"id":9007199254740993,"params":{"A":1}}'
    start_watcher().publish(topic, request)
    host.expect(line('+IDMPS:9007199254740993,7,{"A":1}'))
    if lost:
        broker.stop()
        host.expect(line("+IDMSTATE:0"))
        broker.start()
    host.ask(f"AT+IMQTTCONN=127.0.0.1,{broker.port}", "+IMQTTSTATE:1", OK)
    watcher = start_watcher()
    watcher.publish(topic, request)
    host.expect(line(f"+IMQTTRCVPUB:{topic},{len(request)},{request}"))
    watcher.publish("/sys/pk/dn/thing/service/Go", request)  # the host has not asked for that
    watcher.publish(topic, "end")
    host.expect(line(f"+IMQTTRCVPUB:{topic},3,end"))
    host.ask(f"AT+IDMCONN=127.0.0.1,{broker.port}", "+IDMSTATE:1", OK)
    watcher.publish(topic, request)
    host.expect(line('+IDMPS:9007199254740993,7,{"A":1}'))
    host.quiet()


def test_other_credentials_open_another_session(online, broker):
    online.ask("AT+IMQTTCRED=c2,user,password", OK)
    online.ask(f"AT+IMQTTCONN=127.0.0.1,{broker.port}", "+IMQTTSTATE:1", OK)
    assert broker.log().count(" as c2 ") == 1
    online.quiet()


def test_identity_is_checked_last(online):
    online.ask("AT+IDMPP=x", cme("invalid json"))
    online.ask("AT+IDMPP={}", cme("no device identity"))
    online.ask("AT+IOTAVER=1.0", cme("no device identity"))
    online.ask("AT+IOTAQUERY", cme("no device identity"))


def test_messages(online, watcher):
    online.ask("AT+IMQTTPUB=t/1,0,a, \"b\" ;", "+IMQTTPUB:0", OK)
    assert watcher.next().payload == b"a, \"b\" ;"
    id = online.request("AT+IMQTTPUB=t/2,1,x", "IMQTTPUB")
    assert id > 0
    online.expect(line(f"+IMQTTPUBACK:{id}"))
    assert watcher.next().topic == "t/2"
    online.ask("AT+IMQTTPUBHEX=t,0,2,fF0A", "+IMQTTPUBHEX:0", OK)
    assert watcher.next().payload == b"\xff\n"
    online.ask(f"AT+IMQTTPUBHEX=t,0,256,{'AB' * 256}", "+IMQTTPUBHEX:0", OK)
    assert watcher.next().payload == b"\xab" * 256
    id = online.request("AT+IMQTTUNSUB=never/subscribed", "IMQTTUNSUB")
    online.expect(line(f"+IMQTTUNSUBACK:{id}"))


@pytest.mark.parametrize("command", [
    "IMQTTPUB=t/+,0,x", "IMQTTPUB=t,2,x", "IMQTTPUB=,0,x", "IMQTTPUB=t", "IMQTTPUBHEX=t,0,0,",
    "IMQTTPUBHEX=t,0,2,FF", "IMQTTPUBHEX=t,0,1,FG", "IMQTTPUBHEX=t,0,257," + "AB" * 257,
    "IMQTTSUB=a/#/b,0", "IMQTTSUB=a,2", "IMQTTSUB=a", "IMQTTUNSUB=", "IMQTTUNSUB=a+", "IDMEP=a/b,{}",
    "IDMSSR=1,2,3,4", "IDMASR=x,s,200,{}", "IDMASR=1,s,x,{}", "IOTAVER=", "IOTASTART=2"])
def test_parameters_are_checked_first(host, command):
    host.ask(f"AT+{command}", INVALID)


@pytest.mark.parametrize("text", ["AT+NOPE", "AT+IMQTTCONN?", "AT+IMQTTSTATE", "AT+IMQTTRCVPUB",
                                  "AT+IDMPP", "AT+IOTAEOT", "hello", "AT" + "x" * 4200])
def test_no_commands(host, text):
    host.ask(text, ERROR)
    host.quiet()


def test_a_mute_broker(host):
    peer = Peer(mute)
    host.ask("AT+IMQTTCRED=c1,,", OK)
    host.ask("AT+IMQTTPARA=TIMEOUT,1", OK)
    host.ask("AT+IMQTTPARA=TLS,0", OK)
    host.ask(f"AT+IMQTTCONN=127.0.0.1,{peer.port}", CONNECT_FAILED)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:0", OK)
    peer.close()


def test_switches(start_modem, open_host, broker):
    host = open_host(start_modem(aw__fail_line=0, aw__state_test_value=1, aw__require_join=1))
    host.ask("AT+IMQTTPUB=t,0,x", "+CME ERROR:not connected")
    host.ask("AT+IMQTTSTATE=?", "+IMQTTSTATE:0", OK)
    host.ask("AT+IMQTTCRED=c1,,", OK)
    host.ask("AT+IMQTTPARA=TLS,0", OK)
    host.ask(f"AT+IMQTTCONN=127.0.0.1,{broker.port}", CONNECT_FAILED.replace(line("FAIL"), b""))
    host.send("AT+CWJAP=net,password\r")
    host.search(r"\+INETSTAT:4,.*\r\n")
    host.ask(f"AT+IMQTTCONN=127.0.0.1,{broker.port}", "+IMQTTSTATE:1", OK)
