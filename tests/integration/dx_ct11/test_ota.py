"""AT+OTA: a file is loaded and given to a program."""

import os

import pytest
from bench import free_port
from dx import BOOT, error, serve


def hook(folder, status, text='cp "$2" "$0.got"; printf %s "$1" >"$0.mode"'):
    path = folder / "hook"
    path.write_text(f"#!/bin/sh\n{text}\nexit {status}\n")
    path.chmod(0o755)
    return path


def test_ota(start_modem, open_booted, start_web, tmp_path):
    image = os.urandom(700000)
    web = start_web(lambda request: (200, image))
    path = hook(tmp_path, 0)
    host = open_booted(start_modem(dx__ota_hook=path))
    host.ask(f'AT+OTA=7,"{web.url}/fw.bin"', BOOT)  # no OK
    assert (tmp_path / "hook.got").read_bytes() == image
    assert (tmp_path / "hook.mode").read_text() == "7"
    assert web.requests[0].path == "/fw.bin"
    host.quiet()


def test_ota_without_a_hook(modem, host, start_web):
    web = start_web(lambda request: (200, b"firmware"))
    host.ask(f'AT+OTA=0,"{web.url}/"', BOOT)
    assert [path.read_bytes() for path in modem.state.rglob("*ota")] == [b"firmware"]


@pytest.mark.parametrize("status", [1, 42])
def test_ota_hook_that_fails(start_modem, open_booted, start_web, tmp_path, status):
    web = start_web(lambda request: (200, b"firmware"))
    host = open_booted(start_modem(dx__ota_hook=hook(tmp_path, status)))
    host.ask(f'AT+OTA=0,"{web.url}/"', error(201))
    host.quiet()  # no restart


def test_ota_hook_that_is_not_there(start_modem, open_booted, start_web, tmp_path):
    web = start_web(lambda request: (200, b"firmware"))
    host = open_booted(start_modem(dx__ota_hook=tmp_path / "missing"))
    host.ask(f'AT+OTA=0,"{web.url}/"', error(201))
    host.quiet()


def test_ota_that_finds_nothing(start_modem, open_booted, start_web, tmp_path):
    web = start_web(lambda request: (404, b"no"))
    host = open_booted(start_modem(dx__ota_hook=hook(tmp_path, 0)))
    host.ask(f'AT+OTA=0,"{web.url}/"', error(201))
    host.ask(f'AT+OTA=0,"http://127.0.0.1:{free_port()}/"', error(201))
    peer = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")
    host.ask(f'AT+OTA=0,"http://127.0.0.1:{peer.port}/"', error(201))
    peer.close()
    assert not (tmp_path / "hook.got").exists()
    host.quiet()


def test_daemon_stops_amid_a_hook(start_modem, open_booted, start_web, tmp_path):
    web = start_web(lambda request: (200, b"firmware"))
    modem = start_modem(dx__ota_hook=hook(tmp_path, 0, "exec sleep 1000"))
    host = open_booted(modem)
    host.send(f'AT+OTA=0,"{web.url}/"\r')
    modem.wait_log("sleep|hook|process|ota")
    modem.stop()
