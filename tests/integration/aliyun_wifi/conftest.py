import pytest


@pytest.fixture
def start_modem(start_daemon):
    """A modem of this dialect; settings in keyword form: mqtt__host for mqtt.host."""

    def start(**settings):
        settings = {name.replace("__", ".").replace("aw.", "aliyun-wifi."): value
                    for name, value in settings.items()}
        return start_daemon("--dialect", "aliyun-wifi", settings=settings)

    return start


@pytest.fixture
def modem(start_modem):
    return start_modem()


@pytest.fixture
def host(modem, open_host):
    return open_host(modem)
