"""Forms that there are, numbers of parameters, ranges: each refusal with its code."""

import pytest
from bench import OK, line
from dx import CHEVRON, error

EXECUTE = ["GMR", "GSN", "RST", "RESTORE", "QCCID", "CSQ", "CPSI", "QISTATE", "QMTSTATU", "QMTDISC"]
SET = ["OTA", "GPIO", "QPING", "QIOPEN", "QISEND", "QICLOSE", "QMTPUB", "QMTPUBEX", "QMTUNSUB", "HTTPACTION",
       "HTTPDATA"]
READ_SET = ["IPR", "SINGLESIM", "SYSSLEEP", "CSCLK", "CREG", "QNTP", "SIMPLEMODE", "SIMPLECLIENT", "QMTCFG",
            "QMTCONNCFG", "QMTSTART", "QMTSUB", "MQTTCERTIFI", "HTTPPARA", "HTTPRQH", "HTTPCERTIFI"]
READ = ["QLTS"]


def wrong_forms():
    for name in EXECUTE + SET + READ_SET + READ:
        yield f"{name}=?"
        if name not in EXECUTE:
            yield name
        if name in EXECUTE + SET:
            yield f"{name}?"
        if name in EXECUTE + READ:
            yield f"{name}=1"


def test_forms_that_there_are_not(host):
    """The known codes apply; each line is answered once, nothing else happens."""
    for form in wrong_forms():
        host.ask(f"AT+{form}", error(104))
    host.ask("AT+CMEE=?", error(104))
    host.quiet()


def test_no_such_command(host):
    for text in ("AT+NOPE", "AT+NOPE?", "AT+NOPE=1", "AT+", "AT-", "ATX", "AT+CREGX?", "AT+GMR;+GSN", "AT+GMR?x",
                 "HELLO", "+++x", "T", "A", b"\xff\xfe", "AT^SYS", "AT+CGMI", "AT+CPIN?"):
        host.ask(text, error(104))
    host.quiet()


# Of each command: what is refused, by which code.
BAD = {
    "IPR": {101: ["", "115200", "115200,8,1", "115200,8,1,0,0", ",8,1,0", "115200,8,1,"],
            103: ["115201,8,1,0", "300,8,1,0", "1000000,8,1,0", "115200,6,1,0", "115200,9,1,0", "115200,8,3,0",
                  "115200,8,1,3", "fast,8,1,0", "115200,8,-1,0", "115200.0,8,1,0", '115200,8,1,x']},
    "SINGLESIM": {101: ["", "0,0", "1,"], 103: ["2", "-1", "x", "00000000000000000000000000000000009"]},
    "OTA": {101: ["", "0", "0,", ',"http://a/"', '0,"http://a/",1'],
            103: ['x,"http://a/"', '-1,"http://a/"', '0,"nonsense"', '0,"ftp://a/b"']},
    "GPIO": {101: ["", "0,2,1,1", ",1"], 103: ["3", "-1", "x", "0,4", "0,-1", "0,2,3", "0,x"]},
    "SYSSLEEP": {101: ["", "0,1"], 103: ["2", "-1", "on"]},
    "CSCLK": {101: ["", "0,1"], 103: ["2", "-1", "on"]},
    "CREG": {101: ["", "0,1"], 103: ["3", "-1", "x", "1.0"]},
    "QNTP": {101: ["", '"a",1,1', ",123"], 103: ['"a",65536', '"a",0', '"a",-1', '"a",x', '"a']},
    "QPING": {101: ["", '"a",1,1', ",1"], 103: ['"a",0', '"a",11', '"a",x', '"a']},
    "QIOPEN": {101: ["", '"TCP"', '"TCP","a",1,0', '"TCP","a",1,0,0,0', ',"a",1,0,0', '"TCP",,1,0,0',
                     '"TCP","a",,0,0', '"TCP","a",1,,0', '"TCP","a",1,0,'],
               103: ['"SCTP","a",1,0,0', '"TCP","a",0,0,0', '"TCP","a",65536,0,0', '"TCP","a",-1,0,0',
                     '"TCP","a",1,65536,0', '"TCP","a",1,0,2', '"TCP","a",x,0,0', '"TCP","",1,0,0',
                     '"TCP","a,1,0,0', '"","a",1,0,0']},
    "QISEND": {101: ["", ",10", "3,10,1"], 103: ["2,10", "21,10", "x,10", "-3,10", "3,0", "3,1025", "3,x", "3,-1"],
               102: ["3,10", "20,1024", "3", "3,"]},
    "QICLOSE": {101: ["", "3,3"], 103: ["2", "21", "x", "-3"], 102: ["3", "20"]},
    "SIMPLEMODE": {101: ["", "0", "0,0,0", ",0", "0,"],
                   103: ["0,1", "0,2", "1,1", "1,2", "2,0", "2,3", "3,0", "-1,0", "x,0"]},
    "SIMPLECLIENT": {101: ["", '"TCP","a",1,0', '"TCP","a",1,0,0,0', f'"TCP","{"a" * 51}",1,0,0'],
                     103: ['"SCTP","a",1,0,0', '"TCP","a",0,0,0', '"TCP","a",1,0,2'], 102: ['"TCP","a",1,0,0']},
    "QMTCFG": {101: ["", '"id","user"', '"id","user","pw",0', '"id","user","pw",0,0', '"id","user","pw",0,0,"t"',
                     '"id","user","pw",0,0,"t","m",1', ",a,b", f'"{"i" * 257}"', f'"id","{"u" * 257}","p"',
                     f'"id","u","{"p" * 257}"', f'"id","u","p",0,0,"{"t" * 257}","m"',
                     f'"id","u","p",0,0,"t","{"m" * 257}"'],
               103: ['""', '"id","u","p",3,0,"t","m"', '"id","u","p",-1,0,"t","m"', '"id","u","p",0,2,"t","m"',
                     '"id","u","p",0,0,"t/#","m"', '"id","u","p",x,0,"t","m"', '"id']},
    "QMTCONNCFG": {101: ["", '"a"', '"a",1,0,0', ",1,0", f'"{"a" * 257}",1,0'],
                   103: ['"a",0,0', '"a",65536,0', '"a",x,0', '"a",1,2', '"a",1,-1', '"",1,0', '"a,1,0']},
    "QMTSTART": {101: ["", "1", "1,60,1", ",60", "1,"], 103: ["2,60", "-1,60", "1,7201", "1,-1", "x,60", "1,x"]},
    "QMTSUB": {101: ["", '"t"', '"t",0,0', ",0", f'"{"t" * 257}",0'],
               103: ['"t",3', '"t",-1', '"t",x', '"",0', '"a#",0', '"a/#/b",0', '"a+",0', '"t,0'],
               102: ['"t",0', f'"{"t" * 256}",0']},
    "QMTPUB": {101: ["", '"t"', '"t",0', '"t",0,0', '"t",0,0,', f'"t",0,0,"{"m" * 513}"', f'"{"t" * 257}",0,0,"m"',
                     ",0,0,m", '"t",,0,m'],
               103: ['"t",3,0,"m"', '"t",0,2,"m"', '"",0,0,"m"', '"t+",0,0,"m"', '"a/#",0,0,"m"', '"+/b",0,0,"m"',
                     '"t",x,0,"m"'],
               102: ['"t",0,0,"m"', f'"t",0,0,"{"m" * 512}"', '"t",0,0,""']},
    "QMTPUBEX": {101: ["", '"t",0,0', '"t",0,0,1,1', '"t",0,0,', f'"{"t" * 257}",0,0,1'],
                 103: ['"t",0,0,0', '"t",0,0,2049', '"t",0,0,x', '"t",3,0,1', '"t",0,2,1', '"t#",0,0,1'],
                 102: ['"t",0,0,1', '"t",0,0,2048']},
    "QMTUNSUB": {101: ["", '"t",0', f'"{"t" * 257}"'], 103: ['""', '"a#"'], 102: ['"t"']},
    "MQTTCERTIFI": {101: ["", "1", "1,1", "1,1,10,1", ",1,10"],
                    103: ["2,1,10", "1,2,10", "1,1,2049", "1,1,0", "1,1,-1", "x,1,10", "-1,0,0", "0,0,2049"]},
    "HTTPPARA": {101: ["", '"http://a/"', '"http://a/",80,0', '"http://a/",80,0,0,0', ',80,0,0',
                       f'"http://a/{"x" * 504}",80,0,0'],
                 103: ['"http://a/",65536,0,0', '"http://a/",-1,0,0', '"http://a/",80,2,0', '"http://a/",80,0,2',
                       '"http://a/",x,0,0', '"",80,0,0', '"http://",80,0,0', '"http://a/,80,0,0']},
    "HTTPRQH": {101: ["", '"key"', f'"{"k" * 51}","v"', f'"k","{"v" * 256}"', ',"v"'],
                103: ['"","v"', '"a b","v"', '"a:","v"', '"ü","v"']},
    "HTTPDATA": {101: ["", "1,1"], 103: ["1025", "-1", "x"]},
    "HTTPACTION": {101: ["", "0,0"], 103: ["5", "-1", "x"], 102: ["0", "4"]},
    "HTTPCERTIFI": {101: ["", "1", "1,1,1", ",10"], 103: ["2,10", "1,2049", "1,0", "x,1", "0,2049"]},
    "CMEE": {101: ["0,0"], 103: ["3", "-1", "x"]},
}


@pytest.mark.parametrize("name", BAD)
def test_refusals(host, name):
    """And nothing has changed, no data phase is open."""
    for code, rows in BAD[name].items():
        for row in rows:
            host.ask(f"AT+{name}={row}", error(code))
    host.quiet()


def test_number_before_values_and_values_before_state(host):
    host.ask("AT+QIOPEN=SCTP,a,0,0", error(101))  # one is missing, and two are bad
    host.ask("AT+QMTSTART=9,9,9", error(101))
    host.ask("AT+QISEND=21,0,0", error(101))
    host.ask("AT+QISEND=3,0", error(103))  # there is no link either
    host.ask('AT+QMTPUB="t",0,9,"m"', error(103))
    host.ask("AT+SIMPLECLIENT=SCTP,a,1,0,0", error(103))


def test_errors_of_both_kinds(host):
    for mode in (1, 2):
        host.ask(f"AT+CMEE={mode}", OK)
        host.ask("AT+CMEE?", f"+CMEE:{mode}", OK)
        host.ask("AT+NOPE", "+CME ERROR:104")
        host.ask("AT+CREG=3", "+CME ERROR:103")
        host.ask("AT+QMTDISC", "+CME ERROR:102")
        host.ask("AT+CREG=", "+CME ERROR:101")
    host.ask("AT+CMEE=0", OK)
    host.ask("AT+CMEE?", "+CMEE:0", OK)
    host.ask("AT+NOPE", error(104))


def test_longest_values(host):
    text = "x" * 256
    host.ask(f'AT+QMTCFG="{text}","{text}","{text}",2,1,"{text}","{text}"', OK)
    host.ask("AT+QMTCFG?", f"+QMTCFG:{text},{text},{text},2,1,{text},{text}", OK)
    url = "http://a/" + "x" * 503
    host.ask(f'AT+HTTPPARA="{url}",65535,1,1', OK)
    host.ask("AT+HTTPPARA?", f"+HTTPPARA:{url},65535,1,1", OK)
    host.ask(f'AT+HTTPRQH="{"k" * 50}","{"v" * 255}"', OK)
    host.ask("AT+HTTPRQH?", f'+HTTPRQH:{"k" * 50}:{"v" * 255}', OK)
    for keepalive in (0, 1, 7200):
        host.ask(f"AT+QMTSTART=0,{keepalive}", OK)
        host.ask("AT+QMTSTART?", f"+QMTSTART:0,{keepalive}", OK)


def test_longest_line(host):
    host.send(b"AT+GMR" + b" " * (4096 - 6) + b"\r")
    assert host.search(rb"^\r\n([^\r]*)\r\n").group(1) in (b"ERROR=104", b"+VERSION=CT11_V1.0.1")
    host.search("")
    host.send(b"x" * 4097 + b"\r\n")
    host.search(rb"ERROR=101\r\n$")
    host.send(b"x" * 1000000 + b"\r\n")
    host.expect(error(101))
    host.quiet()


# ---- the line ----


def test_ends_of_lines(host):
    for end in (b"\r", b"\n", b"\r\n"):
        host.send(b"AT+GSN" + end)
        host.expect(line("860720087453595"), OK)
    host.send(b"\r\n\r\n\n\r")
    host.send(b"at+gsn\r\nAt+GsN\r\n")
    host.expect((line("860720087453595") + OK) * 2)
    host.quiet()


def test_texts(host):
    host.ask("AT+QMTCFG=bare,QQQ,123456", OK)
    host.ask("AT+QMTCFG?", "+QMTCFG:bare,QQQ,123456,0,0,,", OK)
    host.ask('AT+QMTCFG="with, comma","",""', OK)
    host.ask("AT+QMTCFG?", "+QMTCFG:with, comma,,,0,0,,", OK)
    host.ask('AT+QMTCFG="id","u","p",0,0,,', OK)
    host.ask("AT+QMTCFG?", "+QMTCFG:id,u,p,0,0,,", OK)
    host.ask('AT+QMTCFG="id","u","p",1,1,"will","{"gone":"yes","n":1}"', OK)  # to the last quote
    host.ask("AT+QMTCFG?", '+QMTCFG:id,u,p,1,1,will,{"gone":"yes","n":1}', OK)
    host.ask('AT+HTTPRQH="X-A","{"a":"b, c"}"', OK)
    host.ask("AT+HTTPRQH?", '+HTTPRQH:X-A:{"a":"b, c"}', OK)
    host.ask('AT+QMTCFG="äöü"', OK)
    host.ask("AT+QMTCFG?", "+QMTCFG:äöü,,,0,0,,", OK)


def test_v250(host):
    host.ask("ATV0", b"0\r")
    host.ask("AT+GMR", b"+VERSION=CT11_V1.0.1\r\n0\r")
    host.ask("AT+NOPE", b"ERROR=104\r\n")
    host.ask("ATV1", OK)
    host.ask("ATQ1")
    host.ask("AT+NOPE")
    host.ask("ATQ0", OK)
    host.ask("ATS3?", "013", OK)
    host.ask("ATE2", error(103))
    host.ask("AT+CMEE=1", OK)
    host.ask("AT+CREG=1", OK)
    host.ask("ATE1", OK)
    for reset in ("ATZ", "AT&F"):
        host.send("AT+CMEE=1\rATE1\r" + reset + "\r")
        host.search(rf"{reset}\r\r\nOK\r\n$")
        host.ask("AT+CMEE?", "+CMEE:0", OK)  # the default of this modem is no echo
    host.ask("AT+CREG?", '+CREG:1,1,"25EF","2D0330E",7', OK)  # nothing else has changed
    host.ask("AT+GSN", "860720087453595", OK)
    host.send("A/")
    host.expect(line("860720087453595"), OK)
    host.send("ATE\r")
    host.expect(OK)
    host.send("AT\r")
    host.expect(b"AT\r", OK)


def test_a_prompt_is_exactly_that(host):
    host.send("AT+HTTPDATA=1\r")
    assert host.read(3) == CHEVRON
    host.send("x")
    assert host.read(6) == OK
