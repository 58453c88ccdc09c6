"""What the tests of the dialect aliyun-wifi share."""

from bench import OK, line

PARAMETER = line("ERROR: Error parameter.")


def cme(text):
    """An action's failure: two lines, framed each."""
    return line(f"+CME ERROR:{text}") + line("FAIL")


INVALID = cme("invalid parameter")
NOT_CONNECTED = cme("not connected")
CONNECT_FAILED = cme(" connect failed, please check network status and variables like url, "
                     "produt_key, device_name, device_secret")


def connect_to(host, port, family="IMQTT", name="127.0.0.1"):
    """A session without TLS on a plain broker."""
    host.ask(f"AT+{family}PARA=TLS,0", OK)
    host.ask(f"AT+{family}CONN={name},{port}", f"+{family}STATE:1", OK)
