"""FACTORYTEST: the manual's procedure, with CFUN 0."""

from uc import cme, ext, talk


def test_manual_procedure(host):
    talk(host, """
        AT+FACTORYTEST=? -> +FACTORYTEST:<type>,<control>,<control1> | OK
        AT+FACTORYTEST=0,1,1,0,800,-65 -> +FACTORYTEST:0,1 | OK
        AT+FACTORYTEST=0,0,1,0,800,-65 -> +FACTORYTEST:0,0 | OK
        AT+FACTORYTEST=0,1,0,0,800,-65 -> +FACTORYTEST:0,3 | OK
        AT+FACTORYTEST=0,0,0,0,800,-65 -> +FACTORYTEST:0,0 | OK
        at+factorytest=1 -> +FACTORYTEST:1,0 | OK
        at+factorytest=2,1 -> OK
        at+factorytest=2,0 -> OK
        at+factorytest=3 -> +FACTORYTEST:3,1135 | OK
        at+factorytest=4 -> +FACTORYTEST:4,573 | OK
        at+factorytest=5 -> +FACTORYTEST:5,573 | OK
        at+factorytest=6,1 -> OK
        at+factorytest=7,4,0,0,800,-65 -> +FACTORYTEST:7,5 | OK
        at+factorytest=7,3,0,0,800,-65 -> +FACTORYTEST:7,5 | OK
        at+factorytest=8,1 -> +FACTORYTEST:8,2.2 | OK
        at+factorytest=9 -> +FACTORYTEST:9,22 | OK
        at+factorytest=10,0 -> +FACTORYTEST:10,0xb14 | OK
        at+factorytest=11,0 -> +FACTORYTEST:11,0 | OK
        at+factorytest=12,0 -> OK
        at+factorytest=12,1 -> OK
    """)


def test_errors(host):
    for bad in ("", "13", "-1", "x", "1,x", "1,2,3,4,5,6,7"):
        ext(host, f"AT+FACTORYTEST={bad}", 0)
    cme(host, "AT+FACTORYTEST?", 4, "operation not supported")
