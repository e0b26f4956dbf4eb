"""What the settings of the trail may be, and what is said of what they may not."""

import pytest
from trail_app import trail_app

from flask_faultmap.errors import ConfigError


def test_folder_and_database_are_in_the_instance_folder(tmp_path):
    settings = trail_app(tmp_path).extensions["faultmap.trail"].settings

    assert settings.url == f"sqlite:///{tmp_path}/instance/faults.db"
    assert settings.folder == tmp_path / "instance" / "faults.journal" / "shop"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("URL", 7, "is no URL of a database"),
        ("URL", "faults.db", "is no URL of a database"),
        ("URL", "mysql://db/x", "is for 'mysql'"),
        ("URL", "sqlite://", "names no file"),
        ("URL", "sqlite:///:memory:", "names no file"),
        ("URL", "postgresql+asyncpg://db/x", "allowed: 'psycopg', 'psycopg2'"),
        ("FOLDER", 7, "the path of a folder"),
        ("LIMIT", 4095, "at least 4096"),
        ("LIMIT", True, "at least 4096"),
        ("MAX_WAIT", 0, "at least 1"),
        ("SHIP", "yes", "True, False"),
        ("LIMITS", 5000, "Did you mean 'FAULTMAP_TRAIL_LIMIT'?"),
        ("limit", 5000, "Did you mean 'FAULTMAP_TRAIL_LIMIT'?"),
    ],
)
def test_wrong_setting_is_refused_in_words(tmp_path, name, value, told):
    with pytest.raises(ConfigError) as raised:
        trail_app(tmp_path, **{f"FAULTMAP_TRAIL_{name}": value})

    assert f"FAULTMAP_TRAIL_{name}" in str(raised.value)
    assert told in str(raised.value)


def test_all_mistakes_are_told_at_once_and_no_password(tmp_path):
    with pytest.raises(ConfigError) as raised:
        trail_app(tmp_path, FAULTMAP_TRAIL_URL="mysql://ann:hunter2@db/x", FAULTMAP_TRAIL_LIMIT="much")

    assert len(str(raised.value).splitlines()) == 2
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("name", ["a/b", "..", "shop.web", ""])
def test_name_of_an_app_is_one_folder_below_the_journals(tmp_path, name):
    app = trail_app(tmp_path, name=name or "app")

    assert app.extensions["faultmap.trail"].settings.folder.parent == tmp_path / "instance" / "faults.journal"
