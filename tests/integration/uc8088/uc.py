"""What the tests of the dialect uc8088 share."""

import os
import subprocess

from bench import DEADLINE, PROGRAM

CTL = os.path.join(os.path.dirname(PROGRAM), "atmodemctl")


def talk(host, dialogue):
    """Lines `command -> answer | answer`; the answers are whole lines."""
    for row in dialogue.strip().splitlines():
        command, answer = row.strip().split(" -> ")
        host.ask(command, *answer.split(" | "))


def in_every_style(host, command, cme0="ERROR", cme1=None, cme2=None):
    """A command that fails, with CMEE 0, 1 and 2."""
    for style, answer in enumerate((cme0, cme1, cme2)):
        host.ask(f"AT+CMEE={style}", "OK")
        host.ask(command, answer)


def ext(host, command, number):
    in_every_style(host, command, "ERROR", f"+EXT ERROR: {number}", f"+EXT ERROR: {number}")


def cme(host, command, number, text):
    in_every_style(host, command, "ERROR", f"+CME ERROR: {number}", f"+CME ERROR: {text}")


def not_allowed(host, command):
    cme(host, command, 3, "operation not allowed")


def ctl(modem, *arguments):
    return subprocess.run([CTL, "-S", modem.state, *arguments], capture_output=True, text=True,
                          timeout=DEADLINE, check=True).stdout
