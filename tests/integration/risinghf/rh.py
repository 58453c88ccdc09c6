"""What the tests of the dialect risinghf share."""

import os
import subprocess

from bench import DEADLINE, OK, PROGRAM

CTL = os.path.join(os.path.dirname(PROGRAM), "atmodemctl")


def connect(host, broker, client_id="testMQTT", name="127.0.0.1"):
    host.ask(f'AT+IMQTTADDR={name},{broker.port},"{client_id}"', OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")


def done(host, command, name, value=0, pattern=r"(\d+)"):
    """A request whose OK comes first, then `+NAME:<id>,<value>`; gives the id."""
    host.send(command + "\r")
    match = host.search(rf"^\r\nOK\r\n\r\n\+{name}:{pattern},{value}\r\n")
    return int(match.group(1))


def ctl(modem, *arguments):
    return subprocess.run([CTL, "-S", modem.state, *arguments], capture_output=True, text=True,
                          timeout=DEADLINE, check=True).stdout
