import pytest
from rh import connect


@pytest.fixture
def start_modem(start_daemon):
    """A modem of this dialect, without echo; settings in keyword form: mqtt__host for mqtt.host."""

    def start(echo=0, **settings):
        settings = {name.replace("__", "."): value for name, value in settings.items()}
        return start_daemon("--dialect", "risinghf", settings={"port.echo": echo, **settings})

    return start


@pytest.fixture
def modem(start_modem):
    return start_modem()


@pytest.fixture
def host(modem, open_host):
    return open_host(modem)


@pytest.fixture
def online(broker, host):
    """A host whose modem is connected to the broker."""
    connect(host, broker)
    return host
