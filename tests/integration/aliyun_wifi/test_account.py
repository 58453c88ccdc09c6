"""AUTH, PARA and CRED: the manual's dialogues, bad input, one store under two names, kept values."""

import signal

import pytest
from aw import PARAMETER
from bench import ERROR, OK

FAMILIES = pytest.mark.parametrize("family", ["IMQTT", "IDM"])
FACTORY = "timeout=5,tls=1,keepalive=1200,auth_mode=0,heart_beat=25"


@FAMILIES
def test_test_forms(host, family):
    host.ask(f"AT+{family}AUTH=?",
             f"+{family}AUTH=<product_key>,<device_name>,<device_secret>,[product_secret]", OK)
    host.ask(f"AT+{family}PARA=?", f"+{family}PARA=<key>,<value>", OK)
    host.ask(f"AT+{family}CRED=?", f"+{family}CRED=<clientid>,<username>,<passwd>", OK)


@FAMILIES
def test_auth(host, family):
    host.ask(f"AT+{family}AUTH?", f"+{family}AUTH=,,,", OK)
    host.ask(f"AT+{family}AUTH=gb80*1U, eng_**, 9da***d2, 5Q5KQ**2A1P", OK)
    host.ask(f"AT+{family}AUTH?", f"+{family}AUTH=gb80*1U,eng_**,9da***d2,5Q5KQ**2A1P", OK)
    host.ask("AT+ IMQTTAUTH =?",
             "+IMQTTAUTH=<product_key>,<device_name>,<device_secret>,[product_secret]", OK)
    host.ask(f"at+{family.lower()}auth = pk,dn,ds", OK)
    host.ask(f"AT+{family}AUTH?", f"+{family}AUTH=pk,dn,ds,", OK)
    host.ask(f"AT+{family}AUTH=pk,dn, ,ps", OK)
    host.ask(f"AT+{family}AUTH?", f"+{family}AUTH=pk,dn,,ps", OK)


@pytest.mark.parametrize("params", ["", "pk", "pk,dn", ",dn,ds", "pk,,ds", "pk,dn,", "pk,dn,,",
                                    "pk,dn,ds,ps,x", "p" * 65 + ",dn,ds", "pk," + "d" * 65 + ",ds",
                                    "pk,dn," + "s" * 65, "pk,dn,ds," + "s" * 65])
def test_bad_auth(host, params):
    host.ask("AT+IMQTTAUTH=a,b,c", OK)
    host.ask(f"AT+IMQTTAUTH={params}", PARAMETER)
    host.ask("AT+IMQTTAUTH?", "+IMQTTAUTH=a,b,c,", OK)


def test_longest_auth(host):
    host.ask(f"AT+IMQTTAUTH={'p' * 64},{'d' * 64},{'s' * 64},{'t' * 64}", OK)
    host.ask("AT+IDMAUTH?", f"+IDMAUTH={'p' * 64},{'d' * 64},{'s' * 64},{'t' * 64}", OK)


@FAMILIES
def test_para(host, family):
    host.ask(f"AT+{family}PARA?", f"+{family}PARA:{FACTORY}", OK)
    host.ask(f"AT+{family}PARA=TIMEOUT,7", OK)
    host.ask(f"AT+ {family}PARA= authmode,1", OK)
    host.ask(f"AT+{family}PARA=Tls , 0", OK)
    host.ask(f"AT+{family}PARA=KEEPALIVE,30", OK)
    host.ask(f"AT+{family}PARA?",
             f"+{family}PARA:timeout=7,tls=0,keepalive=30,auth_mode=1,heart_beat=25", OK)


@pytest.mark.parametrize("params", ["", "TIMEOUT", "TIMEOUT,", "TIMEOUT,0", "TIMEOUT,61",
                                    "TIMEOUT,x", "TIMEOUT,1.5", "TIMEOUT,-1", "TIMEOUT,5,5",
                                    "KEEPALIVE,29", "KEEPALIVE,1201", "TLS,2", "AUTHMODE,3",
                                    "HEART_BEAT,25", "NOPE,1", ",1", '"TLS",1',
                                    "TIMEOUT,99999999999999999999"])
def test_bad_para(host, params):
    host.ask(f"AT+IMQTTPARA={params}", PARAMETER)
    host.ask("AT+IMQTTPARA?", f"+IMQTTPARA:{FACTORY}", OK)


@FAMILIES
def test_cred(host, family):
    host.ask(f"AT+{family}CRED?", f"+{family}CRED:,,", OK)
    host.ask(f"AT+{family}CRED=democlietid,demousername,demopasswd", OK)
    host.ask(f"AT+{family}CRED?", f"+{family}CRED:democlietid,demousername,demopasswd", OK)
    host.ask(f"AT+{family}CRED= a , b , c", OK)
    host.ask(f"AT+{family}CRED?", f"+{family}CRED:a,b,c", OK)
    host.ask(f"AT+{family}CRED=a,,", OK)
    host.ask(f"AT+{family}CRED?", f"+{family}CRED:a,,", OK)


def test_commas_between_the_bars_of_a_client_id(host):
    id = "c1|securemode=3,signmethod=hmacsha1|"
    host.ask(f"AT+IMQTTCRED={id},dev&pk,0A1B", OK)
    host.ask("AT+IDMCRED?", f"+IDMCRED:{id},dev&pk,0A1B", OK)
    host.ask("AT+IMQTTCRED=c|1,dev|2,0A1B", PARAMETER)  # one parameter less than it looks
    host.ask("AT+IMQTTCRED=c1,d|e,f|g", OK)
    host.ask("AT+IMQTTCRED?", "+IMQTTCRED:c1,d|e,f|g", OK)


@pytest.mark.parametrize("params", ["", "a", "a,b", ",b,c", "a,b,c,d", "c" * 257 + ",b,c",
                                    "a," + "b" * 257 + ",c", "a,b," + "c" * 257])
def test_bad_cred(host, params):
    host.ask(f"AT+IMQTTCRED={params}", PARAMETER)
    host.ask("AT+IMQTTCRED?", "+IMQTTCRED:,,", OK)


def test_one_store(host):
    host.ask("AT+IDMAUTH=pk,dn,ds,ps", OK)
    host.ask("AT+IMQTTAUTH?", "+IMQTTAUTH=pk,dn,ds,ps", OK)
    host.ask("AT+IDMPARA=TIMEOUT,9", OK)
    host.ask("AT+IMQTTPARA?", "+IMQTTPARA:" + FACTORY.replace("=5,", "=9,"), OK)
    host.ask("AT+IDMCREAD=a,b,c", OK)
    host.ask("AT+IMQTTCRED?", "+IMQTTCRED:a,b,c", OK)


@pytest.mark.parametrize("command", ["IMQTTAUTH", "IMQTTPARA", "IDMCRED"])
def test_forms_that_are_none(host, command):
    host.ask(f"AT+{command}", ERROR)


def test_kept_over_a_power_cut(modem, open_host):
    host = open_host(modem)
    host.ask("AT+IMQTTAUTH=pk,dn,secret-of-this-test,product-secret-of-this-test", OK)
    host.ask("AT+IMQTTPARA=KEEPALIVE,300", OK)
    host.ask("AT+IMQTTCRED=id,user,password-of-this-test", OK)
    host.close()
    modem.restart(signal.SIGKILL)  # OK means: safe
    host = open_host(modem)
    host.ask("AT+IMQTTAUTH?",
             "+IMQTTAUTH=pk,dn,secret-of-this-test,product-secret-of-this-test", OK)
    host.ask("AT+IMQTTPARA?", "+IMQTTPARA:" + FACTORY.replace("1200", "300"), OK)
    host.ask("AT+IMQTTCRED?", "+IMQTTCRED:id,user,password-of-this-test", OK)
    assert "of-this-test" not in modem.log()
