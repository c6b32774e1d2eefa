from pathlib import Path

import pytest

from operators.settings import ROOT, PanoramaSettings, Settings, SettingsError, load_settings

SHIPPED = sorted((ROOT / "configs").glob("*.yml"))


@pytest.fixture(autouse=True)
def _no_config_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PANODORA_CONFIG", raising=False)


def write(folder: Path, text: str, name: str = "mine.yml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.name)
def test_shipped_settings_are_valid(path: Path) -> None:
    assert load_settings(path).simulation.substeps == (2 if "isaacgym" in path.name else 4)


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "headset: {port: 1111, jpeg_quality: 70}")
    monkeypatch.setenv("PANODORA_CONFIG", str(path))
    monkeypatch.setenv("PANODORA__HEADSET__PORT", "2222")
    headset = load_settings().headset
    assert (headset.port, headset.jpeg_quality) == (2222, 70)


def test_one_number_of_one_filter_may_be_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "filters: {position: {beta: 5}}")
    monkeypatch.setenv("PANODORA__FILTERS__POSITION__ENABLED", "false")
    filters, usual = load_settings(path).filters, Settings().filters
    assert (filters.position.enabled, filters.position.beta) == (False, 5.0)
    assert filters.position.min_cutoff_hz == usual.position.min_cutoff_hz
    assert filters.rotation == usual.rotation


def test_a_file_may_extend_another(tmp_path: Path) -> None:
    write(
        tmp_path, "headset: {port: 1111, jpeg_quality: 70}\nguard: {input_timeout_s: 2}", "base.yml"
    )
    path = write(tmp_path, "extends: base.yml\nheadset: {port: 3333}")
    settings = load_settings(path)
    assert settings.headset.port == 3333
    assert settings.headset.jpeg_quality == 70
    assert settings.guard.input_timeout_s == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("headset: {prt: 1}", ["mine.yml", "headset.prt", "tracking_port"]),
        ("headst: {port: 1}", ["mine.yml", "headst", "headset"]),
        ("headset: {port: 99999}", ["mine.yml", "headset.port", "65535", "99999"]),
        ("simulation: {clock: fast}", ["mine.yml", "simulation.clock", "wall", "lockstep", "fast"]),
        ("panorama: {width: 1441}", ["mine.yml", "panorama", "even"]),
        ("scene: {objects: [{name: a, size: [1, 1], position: [0, 0, 0]}]}", ["objects.0.size"]),
        ("scene: {respawn_below: .nan}", ["scene.respawn_below", "finite"]),
        ("headset: {host: 0.0.0.0}", ["mine.yml", "headset.host", "127.0.0.1", "adb reverse"]),
        ("headset: {host: robot.example}", ["mine.yml", "headset.token", "auto"]),
        ("headset: {public_address: 'https://robot.example'}", ["mine.yml", "headset.token"]),
        ("headset: {token: auto, public_address: robot.example}", ["public_address", "https://"]),
        ("headset: {token: auto, public_address: 'https://a/b'}", ["public_address", "https://"]),
        ("headset: {token: auto, public_address: 'ftp://a'}", ["public_address", "https://"]),
        ("headset: {token: auto, public_address: 'https://u@a'}", ["public_address", "https://"]),
        ("headset: {token: auto, public_address: 'https://['}", ["public_address", "https://"]),
        ("headset: {certificate: here.pem}", ["mine.yml", "headset", "panodora cert"]),
        ("headset: {token: auto, public_tracking_address: 'https://a'}", ["public_address"]),
        ("headset: {token: hush}", ["mine.yml", "headset.token", "22 to 128", "auto"]),
        ("headset: {token: 'hush hush hush hush hush'}", ["mine.yml", "headset.token", "auto"]),
        ("5: {a: 1}", ["mine.yml", "names of sections", "5"]),
        ("extends: 5", ["mine.yml", "extends"]),
        (
            "filters: {rotation: {min_cutoff_hz: 0}}",
            ["mine.yml", "filters.rotation.min_cutoff_hz", "greater than 0"],
        ),
        ("filters: {fingers: {cutoff: 1}}", ["filters.fingers.cutoff", "min_cutoff_hz"]),
        ("extends: mine.yml", ["mine.yml", "extends"]),
        ("extends: other.yml", ["other.yml", "no such file"]),
        ("- a list", ["mine.yml", "sections"]),
        ("a: [", ["mine.yml", "not YAML"]),
    ],
)
def test_a_wrong_file_says_where_what_and_what_is_allowed(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings(write(tmp_path, text))
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize(
    "text",
    [
        "headset: {token: hush}",
        "headset: {token: 'hush hush hush hush hush hush'}",
        "headset: {token: hush-hush-hush-hush-hush, certificate: here.pem}",
        "headset: {token: {hush: 1}}",
        "headset: {tokn: hush}",
    ],
)
def test_a_token_is_not_told_with_what_is_wrong(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings(write(tmp_path, text))
    assert "hush" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"absent\.yml: no such file"):
        load_settings(tmp_path / "absent.yml")


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("PANODORA__HEADSET__PORT", "many", ["PANODORA__HEADSET__PORT", "integer", "many"]),
        ("PANODORA__HEADSET__PRT", "1", ["PANODORA__HEADSET__PRT", "tracking_port"]),
        ("PANODORA__HEADST__PORT", "1", ["PANODORA__HEADST__PORT", "headset"]),
    ],
)
def test_a_wrong_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: list[str]
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    for word in words:
        assert word in str(raised.value)


def test_a_fault_is_told_of_the_file_that_it_is_in(tmp_path: Path) -> None:
    write(tmp_path, "headset: {prt: 1}", "base.yml")
    with pytest.raises(SettingsError, match=r"base\.yml: unknown key 'headset\.prt'"):
        load_settings(write(tmp_path, "extends: base.yml"))


def test_files_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "extends: mine.yml", "base.yml")
    with pytest.raises(SettingsError, match="does not extend this one"):
        load_settings(write(tmp_path, "extends: base.yml"))


@pytest.mark.parametrize("value", ["x", "1,2,3"])
def test_a_variable_for_a_whole_section_that_is_no_json_is_told(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("PANODORA__SCENE", value)
    with pytest.raises(SettingsError, match="scene"):
        load_settings()


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        # Multiples of 16 from 2 W / 2 pi up, half as many again where they are averaged.
        ({}, 464),
        ({"width": 2880}, 928),
        ({"width": 4096}, 1312),
        ({"quality": "good"}, 688),
        ({"quality": "good", "face_size": 720}, 720),
        ({"width": 64}, 32),
    ],
)
def test_faces_are_as_dense_as_the_panorama(keys: dict[str, object], expected: int) -> None:
    assert PanoramaSettings.model_validate(keys).drawn_face_size == expected
