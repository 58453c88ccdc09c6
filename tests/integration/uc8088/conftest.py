import pytest


@pytest.fixture
def start_modem(start_daemon):
    """A modem of this dialect, without echo; settings in keyword form: network__rssi for network.rssi."""

    def start(echo=0, **settings):
        settings = {name.replace("__", "."): value for name, value in settings.items()}
        return start_daemon("--dialect", "uc8088", settings={"port.echo": echo, **settings})

    return start


@pytest.fixture
def modem(start_modem):
    return start_modem()


@pytest.fixture
def host(modem, open_host):
    return open_host(modem)


@pytest.fixture
def on(host):
    """A host whose modem has full functionality."""
    host.ask("AT+CFUN=1", "OK")
    return host


@pytest.fixture
def active(on):
    """A host whose modem has an active context."""
    on.ask("AT+CGACT=1,1", "OK")
    return on
