"""What atmodemctl does to a modem: commands from a script, its line watched, its power, reports, metrics."""

import json
import re
import select
import subprocess

import pytest
from bench import ERROR, OK, Peer, line, mute, wait_until
from test_control import CTL, Client, ctl


@pytest.fixture
def client(modem):
    client = Client(modem)
    yield client
    client.close()


def test_send(modem, open_host):
    run = ctl(modem, "send", "AT+CGMM")
    assert (run.returncode, run.stdout) == (0, "ica\nOK\n")
    run = ctl(modem, "send", "ttyAT0", "AT+NOPE")
    assert (run.returncode, run.stdout) == (1, "ERROR\n")
    assert ctl(modem, "send", "").returncode == 0
    run = ctl(modem, "send", "-j", "AT")
    assert [json.loads(text)["event"] for text in run.stdout.splitlines()] == ["output", "done"]
    host = open_host(modem)
    host.send(b"AT+CG")  # a host's half line does not keep a script waiting for ever
    assert ctl(modem, "send", "AT").returncode == 0
    assert ctl(modem, "send", "nope", "AT").stderr.endswith("`list` names them\n")


def test_done_is_told_to_whom_it_belongs(client, modem):
    other = Client(modem)
    client.ask(do="console")
    other.ask(do="console")
    other.ask(do="line", line="AT+NOPE")
    while (event := other.read())["event"] != "done":
        assert event["event"] == "output"
    assert event["ok"] is False
    client.ask(do="line", line="AT")
    while (event := client.read())["event"] != "done":
        assert event["event"] == "output"
    assert event["ok"] is True
    other.close()


def test_client_that_goes_before_its_result(modem, client):
    going = Client(modem)
    going.ask(do="console")
    going.send({"do": "line", "line": "AT"})
    going.close()
    client.ask(do="console")
    client.ask(do="line", line="AT+NOPE")
    while (event := client.read())["event"] != "done":
        pass
    assert event["ok"] is False


def test_monitor(modem, client, open_host):
    assert client.ask(do="monitor")["ok"]
    host = open_host(modem)
    host.ask('AT+IMQTTAUTH="a","b","secret of it"', OK, "+IMQTTAUTH:OK")
    seen = [client.read() for _ in range(3)]
    assert [(event["modem"], event["kind"]) for event in seen] == [
        ("ttyAT0", "command"), ("ttyAT0", "answer"), ("ttyAT0", "answer")]
    assert seen[0]["text"].startswith("AT+IMQTTAUTH=") and "secret of it" not in str(seen)
    assert seen[1]["text"] == "OK" and seen[0]["time"] <= seen[2]["time"]
    client.ask(do="console")  # both at once
    host.ask("AT", OK)
    assert "event" in client.read()


def test_monitor_by_atmodemctl(modem, open_host):
    with subprocess.Popen([CTL, "-S", modem.state, "monitor", "--only", "command"], text=True,
                          stdout=subprocess.PIPE) as run:
        try:
            host = open_host(modem)

            def shown():
                host.ask("AT", OK)
                return select.select([run.stdout], [], [], 0.05)[0]

            wait_until(shown, "a line of the monitor")
            assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d\d\d ttyAT0 > AT\n", run.stdout.readline())
        finally:
            run.kill()
    assert ctl(modem, "send", "--only", "answer", "AT").returncode == 2
    assert ctl(modem, "monitor", "nope").returncode == 1


def test_urc(modem, client, host):
    assert client.ask(do="urc", line="+CREG: 5")["ok"]
    host.expect(line("+CREG: 5"))
    assert ctl(modem, "urc", "+HELLO").stdout == "ok\n"
    host.expect(line("+HELLO"))
    for bad in ("", "a\rb", "a\nb", "\x7f", "x" * 4097, None, 7):
        assert not client.ask(do="urc", line=bad)["ok"]


def test_power(modem, client, open_host):
    host = open_host(modem)
    host.ask("ATE1", OK)
    assert ctl(modem, "power", "off").stdout == "off\n"
    assert client.ask(do="status")["modem"]["connection"] == "off"
    host.send(b"AT\r")
    for request in (dict(do="urc", line="+X"), dict(do="power", state="sideways")):
        assert not client.ask(**request)["ok"]
    client.ask(do="console")
    assert "off" in client.ask(do="line", line="AT")["error"]
    assert ctl(modem, "power", "off").stdout == "off\n"  # it stays so
    assert ctl(modem, "power", "on").stdout == "on\n"
    host.ask("AT", OK)  # of what was sent without power nothing is left, and there is no echo
    assert ctl(modem, "power", "ttyAT0", "cycle").stdout == "on\n"
    host.ask("AT", OK)


def test_power_cut_in_a_command(start_daemon, open_host):
    """Nobody is left who would finish it: the module boots and takes commands, also in data mode."""
    peer = Peer(mute)
    modem = start_daemon(settings={"mqtt.host": "127.0.0.1", "mqtt.port": peer.port})
    host = open_host(modem)
    host.ask('AT+IMQTTAUTH="a","b","c"', OK)
    wait_until(lambda: peer.connections, "the attempt")
    host.send("AT+IMQTTCONN\r")
    modem.wait_log(r"> AT\+IMQTTCONN")
    for way in ("cycle", "off"):
        assert ctl(modem, "power", "ttyAT0", way).returncode == 0
    ctl(modem, "power", "on")
    host.ask("AT+CGMI", "atmodemd", OK)
    host.quiet()
    peer.close()


def test_power_cut_is_a_loss(start_daemon, open_host, broker, watcher):
    modem = start_daemon("-d", "risinghf", settings={"port.echo": 0})
    host = open_host(modem)
    for command in (f'AT+IMQTTADDR="127.0.0.1",{broker.port},"id"', 'AT+IMQTTLWT="will",0,"gone"'):
        host.ask(command, OK)
    host.ask("AT+IMQTTCONN", OK, "+IMQTTCONN:0")
    assert ctl(modem, "power", "off").stdout == "off\n"
    assert watcher.next().payload == b"gone"


def test_reload(modem):
    assert ctl(modem, "reload").stdout == "1 modems\n"


def test_metrics(modem, broker, open_host):
    host = open_host(modem)
    host.ask("AT", OK)
    host.ask("AT+NOPE", ERROR)
    text = ctl(modem, "metrics").stdout
    names = {}
    for row in text.splitlines():
        if row.startswith("#"):
            assert re.fullmatch(r"# (HELP|TYPE) atmodemd_[a-z_]+ .+", row)
        else:
            key, _, value = row.rpartition(" ")
            assert re.fullmatch(r'atmodemd_[a-z_]+\{modem="ttyAT0"(,[a-z]+="[^"]+")*\}', key), row
            names[key] = float(value)
    assert names['atmodemd_commands_total{modem="ttyAT0",dialect="ica",result="ok"}'] == 1
    assert names['atmodemd_commands_total{modem="ttyAT0",dialect="ica",result="error"}'] == 1
    assert names['atmodemd_host{modem="ttyAT0",dialect="ica"}'] == 1
    assert names['atmodemd_command_seconds_count{modem="ttyAT0"}'] == 2
    assert names['atmodemd_command_seconds_bucket{modem="ttyAT0",le="+Inf"}'] == 2


def test_metrics_of_services(modem, broker, host):
    def counted(what):
        return f'atmodemd_{what}{{modem="ttyAT0",dialect="ica"}} 1\n' in ctl(modem, "metrics").stdout

    host.ask('AT+IMQTTAUTH="a","b","c"', OK, "+IMQTTAUTH:OK")
    host.ask("AT+IMQTTCONN", OK)
    host.ask('AT+IMQTTPUB="t",1,"x"', "+IMQTTPUB:1", OK)
    wait_until(lambda: counted("mqtt_published_total"), "a published message")
    assert counted("mqtt_connections_total")
    broker.stop()
    wait_until(lambda: counted("mqtt_losses_total"), "a loss")
