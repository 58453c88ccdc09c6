"""The daemon itself: options, files, places, exit statuses, notifications, logs."""

import os
import re
import signal
import socket
import subprocess

import pytest
from bench import DEADLINE, ERROR, OK, PROGRAM, Daemon, line
from conftest import at_broker


def run(*arguments, env=None):
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        env={**os.environ, **(env or {})},
    )


def one_line(result, status, *words):
    """Ended with this status and one line on stderr that holds the words."""
    assert result.returncode == status, result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    for word in words:
        assert word in result.stderr


# ---- options ----


def test_version_and_help():
    assert re.fullmatch(r"atmodemd \d+\.\d+\.\d+\n", run("--version").stdout)
    help_ = run("--help").stdout
    for option in ("--config", "--name", "--dialect", "--port", "--link", "--state-dir", "--set",
                   "--check", "--list-dialects", "--list-settings", "--list-commands", "--verbose",
                   "--quiet", "--version", "--help"):
        assert option in help_


def test_lists():
    assert "ica\tICA" in run("--list-dialects").stdout
    settings = [row.split("\t") for row in run("--list-settings").stdout.splitlines()]
    assert all(len(row) == 5 and re.fullmatch(r"[a-z0-9_-]+\.[a-z0-9_]+", row[0]) for row in settings)
    by_name = {row[0]: row for row in settings}
    assert by_name["mqtt.port"][2:4] == ["0..65535", "0"]
    assert by_name["identity.model"][3] == "ica"
    assert by_name["ica.auth"][2] == "auto|cloud|none"
    commands = [row.split("\t") for row in run("--list-commands").stdout.splitlines()]
    assert all(len(row) == 3 and row[2] for row in commands)
    assert ["AT+IMQTTPUB", "test,read,set", "publish a text message"] in commands


@pytest.mark.parametrize(
    "arguments,words",
    [
        (["--nope"], ["nope"]),
        (["extra"], ["extra"]),
        (["--set", "mqtt.port=70000"], ["--set", "mqtt.port", "65535"]),
        (["--set", "mqtt.port=x"], ["mqtt.port"]),
        (["--set", "mqtt.nope=1"], ["mqtt.nope"]),
        (["--set", "nope.port=1"], ["nope.port"]),
        (["--set", "port"], ["port"]),
        (["--set", "ica.auth=maybe"], ["ica.auth", "auto"]),
        (["--set", "ica.lenient=yes"], ["ica.lenient"]),
        (["--set", "network.redirect=x"], ["network.redirect"]),
        (["--set", "modem.profile=nope"], ["modem.profile", "nope"]),
        (["--set", "modem.profile=../x"], ["modem.profile"]),
        (["--dialect", "nope"], ["nope", "--list-dialects"]),
        (["--name", "a/b"], ["a/b"]),
        (["--port", "com1"], ["com1"]),
        (["--config", "/nonexistent/x.conf"], ["/nonexistent/x.conf"]),
    ],
)
def test_bad_options(tmp_path, arguments, words):
    for check in ([], ["--check"]):
        one_line(run("-S", tmp_path / "state", *arguments, *check), 2, *words)


def test_check():
    assert run("--check", "--set", "mqtt.port=1883").returncode == 0


# ---- files ----


def write_config(folder, modems, daemon="[daemon]\n"):
    (folder / "modems.d").mkdir()
    (folder / "atmodemd.conf").write_text(daemon)
    for name, text in modems.items():
        (folder / "modems.d" / name).write_text(text)
    return folder / "atmodemd.conf"


def test_modems_from_files(tmp_path, open_host):
    config = write_config(
        tmp_path,
        {
            "first.ini": "[identity]\nmodel = one\n",
            "second.conf": f"[identity]\nmodel=two ; a comment\n[port]\nlink={tmp_path}/here\n",
            "second.conf~": "[nonsense",
        },
    )
    state = tmp_path / "state"
    process = subprocess.Popen([PROGRAM, "-c", config, "-S", state], stderr=subprocess.PIPE)
    for text in process.stderr:
        if b"here" in text:
            break

    class Link:
        pass

    for path, model in ((state / "first", "one"), (tmp_path / "here", "two")):
        modem = Link()
        modem.link = path
        open_host(modem).ask("AT+CGMM", model, OK)
    process.terminate()
    assert process.wait(DEADLINE) == 0
    process.stderr.close()


@pytest.mark.parametrize(
    "text,words",
    [
        ("[mqtt]\nport = 99999\n", ["ttyAT0.ini:2", "mqtt.port", "65535"]),
        ("[mqtt]\n\nnope = 1\n", ["ttyAT0.ini:3", "mqtt.nope"]),
        ("[nope]\na = 1\n", ["ttyAT0.ini:2", "nope"]),
        ("a = 1\n[mqtt]\n", ["ttyAT0.ini:1"]),
        ("[mqtt]\nport = 1\nport = 2\n", ["ttyAT0.ini:3", "mqtt.port"]),
        ("[mqtt]\nhost = a;b\n", ["ttyAT0.ini:2"]),
        ("[mqtt]\nwhat is this\n", ["ttyAT0.ini:2"]),
        ("[mqtt\n", ["ttyAT0.ini:1"]),
        ("[modem]\ndialect = nope\n", ["ttyAT0.ini", "modem.dialect", "nope"]),
        ("[modem]\nprofile = nope\n", ["ttyAT0.ini", "modem.profile", "nope"]),
        ("\0\0\0\0", ["ttyAT0.ini"]),
    ],
)
def test_bad_files(tmp_path, text, words):
    config = write_config(tmp_path, {"ttyAT0.ini": text})
    one_line(run("-c", config, "--check"), 2, *words)
    one_line(run("-c", config, "-S", tmp_path / "state"), 2, *words)


def test_bad_daemon_file(tmp_path):
    config = write_config(tmp_path, {}, "[daemon]\nlog_level = loud\n")
    one_line(run("-c", config, "--check"), 2, "atmodemd.conf:2", "daemon.log_level", "info")


def test_order_of_settings(tmp_path):
    """default < profile < file < --set"""
    profiles = tmp_path / "profiles"
    profiles.mkdir()
    (profiles / "mine.ini").write_text("[identity]\nmodel=profile\nrevision=profile\n")
    env = {"ATMODEMD_PROFILES": str(profiles)}
    daemon = Daemon(
        tmp_path / "daemon",
        settings={"modem.profile": "mine", "identity.revision": "set"},
        env=env,
    )
    from bench import Host

    host = Host(daemon)
    host.ask("ATI", "atmodemd", "profile", "set", OK)
    host.close()
    daemon.stop()


# ---- places ----


def test_two_daemons_on_one_state_folder(modem):
    result = run("-S", modem.state, "-l", modem.folder / "other")
    one_line(result, 1, "lock", "another")


def test_link_that_is_something_else(tmp_path):
    (tmp_path / "modem").write_text("a file of somebody's")
    result = run("-S", tmp_path / "state", "-l", tmp_path / "modem", "-q")
    one_line(result, 1, str(tmp_path / "modem"))
    assert (tmp_path / "modem").read_text() == "a file of somebody's"


def test_stale_link_is_replaced(tmp_path, start_daemon, open_host):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "modem").symlink_to("/dev/pts/99999")
    daemon = start_daemon(name="here")
    open_host(daemon).ask("AT", OK)
    daemon.stop()
    assert not os.path.lexists(daemon.link)


def test_state_folder_that_cannot_be(tmp_path):
    (tmp_path / "file").write_text("")
    one_line(run("-S", tmp_path / "file" / "state", "-l", tmp_path / "m"), 1, "state")


def test_folders_from_systemd(tmp_path):
    env = {"STATE_DIRECTORY": f"{tmp_path}/s:{tmp_path}/t", "RUNTIME_DIRECTORY": f"{tmp_path}/r"}
    process = subprocess.Popen(
        [PROGRAM, "--name", "gw1"], stderr=subprocess.PIPE, env={**os.environ, **env}
    )
    assert b"gw1" in process.stderr.readline()
    assert os.path.islink(tmp_path / "r" / "gw1")
    assert (tmp_path / "s" / "lock").exists()
    process.terminate()
    assert process.wait(DEADLINE) == 0
    process.stderr.close()


# ---- life ----


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_clean_end(modem, open_host, broker, how):
    host = open_host(modem)
    host.ask('AT+IMQTTAUTH="a","b","c"', OK, "+IMQTTAUTH:OK")
    host.ask("AT+IMQTTCONN", OK)
    modem.stop(how)
    assert not os.path.lexists(modem.link)
    broker.wait_log("Received DISCONNECT from a.b")


def test_end_with_a_command_pending(start_daemon, open_host):
    from bench import Peer, mute

    peer = Peer(mute)
    daemon = start_daemon(settings={"mqtt.host": "127.0.0.1", "mqtt.port": peer.port})
    host = open_host(daemon)
    host.ask('AT+IMQTTAUTH="a","b","c"', OK)
    host.send("AT+IMQTTCONN\r")
    daemon.wait_log(r"> AT\+IMQTTCONN")
    daemon.stop()
    peer.close()


def test_notifications(tmp_path):
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.bind(str(path))
        notify.settimeout(DEADLINE)
        process = subprocess.Popen(
            [PROGRAM, "-S", tmp_path / "state", "-l", tmp_path / "modem", "-q"],
            env={**os.environ, "NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "200000"},
        )
        assert notify.recv(100) == b"READY=1"
        assert notify.recv(100) == b"WATCHDOG=1"
        assert notify.recv(100) == b"WATCHDOG=1"
        process.terminate()
        while (message := notify.recv(100)) == b"WATCHDOG=1":
            pass
        assert message == b"STOPPING=1"
        assert process.wait(DEADLINE) == 0


def test_journal_priorities(tmp_path):
    with open(tmp_path / "log", "wb") as log:
        status = os.fstat(log.fileno())
        env = {**os.environ, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}
        (tmp_path / "modem").write_text("")
        arguments = ["-S", tmp_path / "state", "-l", tmp_path / "modem"]
        subprocess.run([PROGRAM, *arguments], stderr=log, env=env, timeout=DEADLINE, check=False)
    text = (tmp_path / "log").read_text()
    assert re.search(r"^<3>atmodemd: ttyAT0: ", text, re.M), text


def test_secrets_never_reach_the_log(broker, start_daemon, open_host):
    secrets = ("deviceSecret123", "B560343BE3D19553A3A03896763AD88D17C7732683974C365533054D5EAF3715")
    daemon = start_daemon(settings=at_broker(broker))
    host = open_host(daemon)
    triple = '"productKey001","deviceName001","deviceSecret123"'
    host.ask(f"AT+IMQTTAUTH={triple}", OK, "+IMQTTAUTH:OK")
    host.ask(f"AT+IMQTTAUT={triple}", ERROR)
    host.ask(f"AT+IMQTTAUTH={triple[:-1]}", "+CME ERROR:25")
    host.ask(f"IMQTTAUTH={triple}", ERROR)
    host.ask("AT+IMQTTAUTH?", f"+IMQTTAUTH:{triple}", OK)
    host.ask("AT+IMQTTCONN", OK)
    host.ask("AT+IMQTTSTATE?", "+IMQTTSTATE:2", OK)
    daemon.stop()
    assert "IMQTTAUTH" in daemon.log()
    for secret in secrets:
        assert secret not in daemon.log()
        assert secret.lower() not in daemon.log()


def test_hang_up_does_not_end_it(modem, open_host):
    modem.process.send_signal(signal.SIGHUP)
    modem.wait_log("reloaded")
    open_host(modem).ask("AT+CGMM", line("ica"), OK)
