import re
from pathlib import Path

import pytest

from operators import vuer_site
from operators.usage_error import UsageError
from operators.vuer_site import VuerSite, client_folder

pytest.importorskip("vuer", reason="needs the extra: pip install -e '.[vuer]'")

ELSEWHERE = re.compile(r"cdn\.jsdelivr\.net/npm/@webxr-input-profiles|fonts\.googleapis\.com")


@pytest.fixture(scope="module")
def site() -> VuerSite:
    return VuerSite()


def text(site: VuerSite, name: str) -> str:
    file = site.file(name)
    assert file is not None, name
    return file.content.decode(errors="surrogateescape")


def test_the_first_page_starts_by_our_part_and_names_files_that_are_there(site: VuerSite) -> None:
    page = text(site, "")
    (front,) = re.findall(r'<script id="panodora"[^>]*>', page)
    assert 'src="/panodora/front.js"' in front
    for name in re.findall(r'(?:src|href|data-page|data-entry)="/([^"]+)"', page):
        assert site.file(name) is not None, name
    # It is our part that starts the client, when the panorama is known to it.
    assert len(re.findall(r'<script [^>]*src="', page)) == 1


@pytest.mark.parametrize("suffix", [".js", ".css", ".html"])
def test_no_file_asks_another_host_on_the_way_into_vr(site: VuerSite, suffix: str) -> None:
    folder = client_folder()
    names = [path.relative_to(folder).as_posix() for path in folder.rglob(f"*{suffix}")]
    assert names
    for name in names:
        assert not ELSEWHERE.search(text(site, name)), name


def test_the_client_may_talk_to_this_server_alone(site: VuerSite) -> None:
    policy = site.headers["Content-Security-Policy"]
    assert "http" not in policy
    assert "'unsafe-eval'" not in policy


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("page/stream.js", "text/javascript; charset=utf-8"),
        ("panodora/loop.js", "text/javascript; charset=utf-8"),
        ("xr-profiles/profilesList.json", "application/json"),
        ("favicon.ico", "image/x-icon"),
    ],
)
def test_what_is_served_beside_the_client(site: VuerSite, name: str, kind: str) -> None:
    file = site.file(name)
    assert file is not None
    assert file.content_type == kind


@pytest.mark.parametrize(
    "name",
    [
        "page/",
        "page/../vuer/loop.js",
        "panodora/../page/main.js",
        "../server.py",
        "assets/../../server.py",
        "/etc/passwd",
        "workspace/README.md",
        "assets",
    ],
)
def test_nothing_else_is_served(site: VuerSite, name: str) -> None:
    assert site.file(name) is None


def test_another_client_is_refused_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "assets/chunks").mkdir(parents=True)
    (tmp_path / "assets/chunks/chunk-1.js").write_text("createXRStore({hand:!1})")
    with pytest.raises(UsageError, match=r"found 0 places, expected 1\); `pip install vuer"):
        vuer_site.changed_files(tmp_path)
    monkeypatch.setattr(vuer_site, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install -e '.\[vuer\]'"):
        client_folder()
