"""The manual's dialogues, each command's forms, and what is wrong with a command."""

import pytest
from bench import ERROR, OK, line
from rh import connect, done

TOPIC = "/mqtt1/user/test"


# ---- dialogues ----


def test_settings(host):
    host.ask("AT+IMQTTMODE=2,0", OK)
    host.ask("AT+IMQTTMODE=?", OK)
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:2,0,0", OK)
    host.ask("AT+IMQTTPARA=TIMEOUT,1,CLEAN,0,KEEPALIVE,60,VERSION,3.1.1", OK)
    host.ask("AT+IMQTTPARA=?", OK)
    host.ask("AT+IMQTTPARA?", "+IMQTTPARA:TIMEOUT,1,CLEAN,0,KEEPALIVE,60,VERSION,3.1.1", OK)
    host.ask("AT+IMQTTUSER=name001,pwd001", OK)
    host.ask("AT+IMQTTUSER=?", OK)
    host.ask("AT+IMQTTUSER?", "+IMQTTUSER:name001,*****", OK)
    host.ask('AT+IMQTTADDR=203.156.205.55,1883,"testMQTT"', OK)
    host.ask("AT+IMQTTADDR=?", OK)
    host.ask("AT+IMQTTADDR?", "+IMQTTADDR:203.156.205.55,1883,testMQTT", OK)
    host.ask("AT+IMQTTLWT= will_topic,0,will_message,0", OK)
    host.ask("AT+IMQTTLWT=?", OK)
    host.ask("AT+IMQTTLWT?", "+IMQTTLWT:will_topic,0,will_message,0", OK)
    host.ask("AT+IMQTTLWTBIN= will_topic,0,77696C6C5F6D657373616765,0", OK)
    host.ask("AT+IMQTTLWTBIN=?", OK)
    host.ask("AT+IMQTTLWTBIN?", "+IMQTTLWTBIN:will_topic,0,77696C6C5F6D657373616765,0", OK)
    host.ask("AT+IMQTTLWT?", "+IMQTTLWT:will_topic,0,will_message,0", OK)
    host.ask("AT+IMQTTAUTH=a1R3d3WsBI0,test1,c75b6a4e39342f02ec161ba682566054", OK)
    host.ask("AT+IMQTTAUTH=?", OK)
    host.ask("AT+IMQTTAUTH?", "+IMQTTAUTH:a1R3d3WsBI0,test1,c75b6a4e39342f02ec161ba682566054", OK)
    host.ask("AT+IMQTTAUTU=a1ArHWIBwWN,,mqtt1,Fg5PVTXX6fjI7A8BIi2Oj9z9rUeLMftK", OK)
    host.ask("AT+IMQTTAUTU=?", OK)
    host.ask("AT+IMQTTAUTU?", "+IMQTTAUTH:a1ArHWIBwWN,mqtt1,Fg5PVTXX6fjI7A8BIi2Oj9z9rUeLMftK", OK)
    host.ask("AT+IMQTTDYNREG=2", '+IMQTTDYNREG: 1,"","",""', '+IMQTTDYNREG: 2,"","",""', OK)
    host.ask("AT+IMQTTDYNREG=?", OK)


def test_own_broker(broker, host):
    """Section 3 of the manual, from MODE to DISCONN."""
    host.ask("AT+IMQTTMODE=2,0", OK)
    host.ask("AT+IMQTTPARA=TIMEOUT,1,CLEAN,1,KEEPALIVE,60,VERSION,3.1.1", OK)
    host.ask(f'AT+IMQTTADDR=127.0.0.1,{broker.port},"testMQTT"', OK)
    host.ask('AT+IMQTTUSER="",""', OK)
    host.ask("AT+IMQTTCONN=?", OK)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:0", OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:1")
    done(host, f"AT+IMQTTSUB={TOPIC},1", "IMQTTSUB", 1)
    host.ask("AT+IMQTTSUB?", f"+IMQTTSUB:{TOPIC},1", OK)
    host.ask("AT+IMQTTSUB=?", OK)
    host.send(f'AT+IMQTTPUB={TOPIC},1,"test message!!"\r')
    echoed(host, "IMQTTPUB")
    host.ask("AT+IMQTTPUB?", f"+IMQTTPUB:{TOPIC},1,test message!!", OK)
    host.send(f"AT+IMQTTPUBIN={TOPIC},1,74657374206d6573736167652121\r")
    echoed(host, "IMQTTPUB")  # the report is named so
    host.ask("AT+IMQTTPUBIN?", f"+IMQTTPUBIN:{TOPIC},1,74657374206d6573736167652121", OK)
    host.send(f"AT+IMQTTPUBEX={TOPIC},1,0,14\r")
    host.expect(b"\r\n>")
    host.send("test message!!")
    echoed(host, "IMQTTPUBEX")
    done(host, f"AT+IMQTTUNSUB = {TOPIC}", "IMQTTUNSUB")
    host.ask("AT+IMQTTUNSUB?", f"+IMQTTUNSUB:{TOPIC},0", OK)
    host.ask("AT+IMQTTUNSUB=?", OK)
    host.ask("AT+IMQTTSUB?", OK)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:2", OK)
    host.ask("AT+IMQTTSTATE=?", OK)
    host.ask("AT+ IMQTTDISCONN", OK, "+IMQTTCONN:-1")
    host.ask("AT+IMQTTDISCONN", ERROR)
    host.ask("AT+IMQTTDISCONN=?", OK)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:0", OK)


def echoed(host, name):
    """The result and the message that comes back, in either order."""
    host.expect(OK)
    result = rf"\r\n\+{name}:\d+,0\r\n"
    message = rf'\r\n\+IMQTTRCVPUB:\d+,"{TOPIC}",14,"test message!!"\r\n'
    host.search(rf"^({result}{message}|{message}{result})")


def test_cache(online, watcher):
    host = online
    done(host, f"AT+IMQTTSUB={TOPIC},0", "IMQTTSUB", 0)
    host.ask("AT+IMQTTRECVMODE=1", OK)
    for n in (1, 2, 3):
        watcher.publish(TOPIC, f"test message{n}!!")
        host.expect(line(f"+IMQTTCOUNT: {n}"))
    host.ask("AT+IMQTTRECV?", "+IMQTTRECV: 3", OK)
    host.ask("AT+IMQTTRECV=3", *(f'+IMQTTRECV:{n},"{TOPIC}",15,"test message{n}!!"'
                                 for n in (1, 2, 3)), OK)
    host.ask("AT+IMQTTRECV?", "+IMQTTRECV: 0", OK)
    host.ask("AT+IMQTTRECV=1", OK)
    host.ask("AT+IMQTTRECV=?", "+IMQTTRECV: (1-10)", OK)


# ---- forms ----

NAMES = ("MODE", "PARA", "USER", "ADDR", "LWT", "LWTBIN", "CONN", "DISCONN", "SUB", "UNSUB", "PUB",
         "PUBIN", "PUBEX", "STATE", "AUTH", "DYNREG")


@pytest.mark.parametrize("name", NAMES)
def test_test_form_is_only_ok(host, name):
    host.ask(f"AT+IMQTT{name}=?", OK)


def test_read_forms_at_first(host):
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:2,0,0", OK)
    host.ask("AT+IMQTTPARA?", "+IMQTTPARA:TIMEOUT,3,CLEAN,1,KEEPALIVE,60,VERSION,3.1.1", OK)
    host.ask("AT+IMQTTUSER?", "+IMQTTUSER:,*****", OK)
    host.ask("AT+IMQTTADDR?", "+IMQTTADDR:,,", OK)
    for name in ("LWT", "LWTBIN", "SUB", "UNSUB", "PUB", "PUBIN", "PUBEX", "DYNREG"):
        host.ask(f"AT+IMQTT{name}?", OK)
    host.ask("AT+IMQTTAUTH?", "+IMQTTAUTH:,,", OK)
    host.ask("AT+IMQTTRECVMODE?", "+IMQTTRECVMODE: 0", OK)
    host.ask("AT+IMQTTRECVMODE=?", "+IMQTTRECVMODE: 0", OK)
    host.ask("AT+IMQTTRECV?", "+IMQTTRECV: 0", OK)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:0", OK)


@pytest.mark.parametrize("command", [
    *(f"+IMQTT{name}" for name in NAMES if name not in ("CONN", "DISCONN")), "+IMQTTRECVMODE",
    "+IMQTTRECV", "+IMQTTCONN?", "+IMQTTCONN=1", "+IMQTTDISCONN?", "+IMQTTDISCONN=1",
    "+IMQTTSTATE=1", "+IMQTTOPEN", "+IMQTTDBGPARA?", "+IMQTTPINGRSP=?", "+IMQTTNOPE", "+", "X",
])
def test_other_forms_and_commands(host, command):
    host.ask(f"AT{command}", ERROR)


# ---- what is wrong ----

BAD = {
    "MODE": ("", "1", "0,0", "3,0", "2,2", "2,0,2", "2,0,0,0", "x,0", "2,"),
    "PARA": ("", "TIMEOUT", "TIMEOUT,", "TIMEOUT,0", "TIMEOUT,4", "TIMEOUT,1.5", "CLEAN,2", "KEEPALIVE,59",
             "KEEPALIVE,181", "VERSION,3", "VERSION,5", "NOPE,1", "TIMEOUT,1,CLEAN", "TIMEOUT,1,CLEAN,2",
             "TIMEOUT,1,TIMEOUT,2", "CLEAN,0,", "TIMEOUT ,1"),
    "USER": ("", "a", "a,b,c", '"a,b', '"a"x,b'),
    "ADDR": ("", "h", "h,0", "h,65536", "h,x", ",1883", 'h,1883,a,b', '"",1883', "h" * 256 + ",1"),
    "LWT": ("", "t", "t,0", "t,0,", "t,3,m", "t,0,m,2", "t,0,m,0,0", "a/#,0,m", ",0,m", 't,0,"m',
            't,0,"m",2', "t,-1,m", "t,x,m"),
    "LWTBIN": ("t,0", "t,0,", "t,0,a", "t,0,0g", 't,0,""', "t,3,00", "t,0,00,2", "t,0,00,0,0", "a/+,0,00"),
    "RECVMODE": ("", "2", "x", "0,0"),
    "RECV": ("", "0", "11", "x", "1,1"),
    "AUTH": ("", "a", "a,b", "a,b,", ",b,c", "a,,c", "a,b,c,d", "a,,b,c"),
    "AUTU": ("a", "a,b", "a,,b", "a,b,c,d"),
    "DYNREG": ("", "3", "x", "0", "1", "0,1", "0,1,a", "0,1,a,b", "0,1,a,b,", "0,1,,b,c", "0,1,a,,c", "0,3,a,b,c",
               "0,0,a,b,c", "0,x,a,b,c", "1,12,a,b,c", "0,1,a,b,c,d"),
    "SUB": ("", "t", "t,2", "t,x", ",0", "a/#/b,0", "a+,0", '"",0', "t,0,0"),
    "UNSUB": ("", '""', "a/#/b", "t,0"),
    "PUB": ("", "t", "t,0", "t,0,", "t,3,m", "t,0,m,2", "t,0,m,0,0", "a/#,0,m", "+,0,m", ",0,m", 't,0,"m',
            't,0,"m",2', 't,0,"'),
    "PUBIN": ("t,0", "t,0,", "t,0,a", "t,0,0g", "t,0,00 ", 't,0,""', "t,3,00", "t,0,00,2", "#,0,00"),
    "PUBEX": ("", "t,0,0", "t,0,0,0", "t,0,0,1025", "t,3,0,1", "t,0,2,1", "t,0,,1", "#,0,0,1", "t,0,0,1,1"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input(online, name):
    """Each is an ERROR and nothing else: what was set stays, nothing is sent, no prompt comes."""
    host = online
    host.ask("AT+IMQTTPARA=TIMEOUT,2,KEEPALIVE,100", OK)
    reads = ("MODE", "PARA", "USER", "ADDR", "LWT", "LWTBIN", "AUTH")

    def state():
        host.send("".join(f"AT+IMQTT{read}?\r" for read in reads))
        return [host.search(r"^(.*?)\r\nOK\r\n").group(1) for _ in reads]

    before = state()
    for arguments in BAD[name]:
        host.ask(f"AT+IMQTT{name}={arguments}", ERROR)
    assert state() == before
    host.quiet()


def test_not_connected(host):
    for command in ("SUB=t,0", "UNSUB=t", "PUB=t,0,m", "PUBIN=t,0,00", "PUBEX=t,0,0,1"):
        host.ask(f"AT+IMQTT{command}", ERROR)
    host.ask("AT+IMQTTDISCONN", ERROR)
    host.ask("AT+IMQTTPUB?", OK)
    host.quiet()


# ---- syntax ----


def test_parameters_partly_and_in_any_order(host):
    host.ask("AT+IMQTTPARA=KEEPALIVE,180", OK)
    host.ask('AT+imqttpara="version",3.1,timeout,"2"', OK)
    host.ask("AT+IMQTTPARA?", "+IMQTTPARA:TIMEOUT,2,CLEAN,1,KEEPALIVE,180,VERSION,3.1", OK)
    host.ask("AT+IMQTTMODE=1,1,1", OK)
    host.ask("AT+IMQTTMODE=2,0", OK)  # recvMode stays
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:2,0,1", OK)
    host.ask("AT+IMQTTRECVMODE?", "+IMQTTRECVMODE: 1", OK)
    host.ask("AT+IMQTTRECVMODE=0", OK)
    host.ask("AT+IMQTTMODE?", "+IMQTTMODE:2,0,0", OK)


def test_blanks_and_quotes(host):
    host.ask('AT+ IMQTTUSER = "a,b" , c d ', OK)
    host.ask("AT+IMQTTUSER?", '+IMQTTUSER:"a,b",*****', OK)
    host.ask("AT+IMQTTUSER= a b ,c", OK)
    host.ask("AT+IMQTTUSER?", "+IMQTTUSER:a b ,*****", OK)  # blanks at its end belong to it
    host.ask("AT+IMQTTADDR=host,1,\"a|b=1,c=2|\"", OK)
    host.ask("AT+IMQTTADDR?", '+IMQTTADDR:host,1,"a|b=1,c=2|"', OK)
    host.ask("AT+IMQTTADDR=other, 2", OK)  # the client id stays
    host.ask("AT+IMQTTADDR?", '+IMQTTADDR:other,2,"a|b=1,c=2|"', OK)
    host.ask('AT+IMQTTADDR=other,2,""', OK)
    host.ask("AT+IMQTTADDR?", "+IMQTTADDR:other,2,", OK)
    host.ask("AT+IMQTTUSER=,", OK)
    host.ask("AT+IMQTTUSER?", "+IMQTTUSER:,*****", OK)
    host.ask(f"AT+IMQTTUSER={'u' * 256},{'p' * 256}", OK)
    host.ask('AT+IMQTTLWT=t,1,"{"a":1,"b":"c"}",1', OK)
    host.ask("AT+IMQTTLWT?", '+IMQTTLWT:t,1,"{"a":1,"b":"c"}",1', OK)


def test_lines(host):
    """CR, CR LF, LF; `;` is an ordinary character; a line that is too long is one ERROR."""
    host.send("AT\r\nAT\nAT\r")
    host.expect(OK, OK, OK)
    host.ask("AT+IMQTTUSER=a;AT,b", OK)
    host.ask("AT+IMQTTUSER?", "+IMQTTUSER:a;AT,*****", OK)
    host.ask("AT+IMQTTUSER=" + "x" * 8192 + ",y", ERROR)
    host.ask("AT+IMQTTUSER?", "+IMQTTUSER:a;AT,*****", OK)
    host.ask("NOPE", ERROR)
    host.quiet()


def test_echo_and_v250(start_modem, open_host):
    host = open_host(start_modem(echo=1))
    host.send("AT\r")
    host.expect(b"AT\r", OK)
    host.send("ATE0\r")
    host.expect(b"ATE0\r", OK)
    host.ask("ATV0", b"0\r")
    host.ask("AT+IMQTTRECV=0", b"4\r")
    host.ask("ATV1", OK)
    host.ask("ATQ1")
    host.ask("ATQ0", OK)
    host.ask("ATS3?", "013", OK)
    host.send("A/")
    host.expect(line("013"), OK)
    host.ask("AT+CMEE=2", OK)
    host.ask("AT+CMEE?", "+CMEE: 2", OK)
    host.ask("AT+IMQTTMODE=1,1", OK)
    host.ask("ATZ", OK)  # echo is back, CMEE as at boot, nothing else
    host.send("AT+CMEE?\r")
    host.expect(b"AT+CMEE?\r", line("+CMEE: 0"), OK)
    host.send("AT&F\r")
    host.expect(b"AT&F\r", OK)
    host.send("AT+IMQTTMODE?\r")
    host.expect(b"AT+IMQTTMODE?\r", line("+IMQTTMODE:1,1,0"), OK)


def test_secrets_stay_out_of_the_log(modem, host):
    host.ask("AT+IMQTTUSER=me,sesame1", OK)
    host.ask("AT+IMQTTAUTH=pk,dn,sesame2", OK)
    host.ask("AT+IMQTTAUTU=pk,,dn,sesame2", OK)
    host.ask("AT+IMQTTAUTH?", "+IMQTTAUTH:pk,dn,sesame2", OK)
    host.ask("AT+IMQTTDYNREG=3,1,pk,dn,sesame3", ERROR)
    modem.wait_log(r"AT\+IMQTTDYNREG=\*\*\*")
    assert "sesame" not in modem.log()
