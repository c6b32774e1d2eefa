import re
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree import ElementTree

import matplotlib
import pyarrow as pa
import pytest

from operators.latency_page import latency_page
from operators.latency_records import SCHEMA
from operators.settings import ROOT
from tests.operators.frame_records import hand_made, recorded, row, table

ABOUT = {"dataflow": "dataflows/teleop_replay.yml"}
VOID = {"meta", "br"}
HOSTILE = "--></b><script>alert('$x_{1}$')</script> \"&\u65e5"


class Page(HTMLParser):
    """What a browser would make of a page: its elements, attributes and texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.rows: list[list[str]] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th") and "tr" in self._open:
            self.rows[-1].append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if "td" in self._open or "th" in self._open:
            self.rows[-1][-1] += data

    def row(self, name: str) -> list[str]:
        """The cells beside a name."""
        (cells,) = (cells for cells in self.rows if cells and cells[0] == name)
        return cells[1:]

    @property
    def text(self) -> str:
        return " ".join(self.texts)


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(latency_page(hand_made(), ABOUT))


def test_the_headline_tells_both_totals(page: Page) -> None:
    # Of 12, 12 and 32 ms, and of 20, 24 and 40 ms, between the entries in proportion.
    assert page.row("hand to sent")[-3:] == ["12.00", "30.00", "31.60"]
    assert page.row("hand to shown")[-3:] == ["24.00", "38.40", "39.68"]
    headline = re.sub(r"\s+", " ", page.text.partition("Where the time goes")[0])
    assert "12.0 ms p95 30.0 p99 31.6 median of 3 frames sent in 0.1 s" in headline
    assert "24.0 ms p95 38.4 p99 39.7 median of 3 frames shown in 0.1 s" in headline
    assert "by performance.now. Error of the mapped clock: at most ±0.25 ms." in headline


def test_each_node_has_a_row(page: Page) -> None:
    assert page.row("track") == [
        "25.0",  # 2 more in 80 ms
        "0",
        "0",
        *["2.00"] * 3,
        *["0.00"] * 3,
        *["1.00"] * 3,
        *["3.00"] * 3,
    ]
    draw = page.row("draw")
    assert draw[:3] == ["20.0", "2", "1"]
    assert draw[9:12] == ["4.00", "22.00", "23.60"]  # of 4, 4 and 24 ms


def test_each_client_has_a_row_where_there_are_several(page: Page) -> None:
    a, b = page.row("a"), page.row("b")
    assert a[1:4] == ["5", "0", "12.00"]
    assert a[6:] == ["24.00", "38.40", "39.68"]
    assert b[1:4] == ["2", "0", "13.50"]
    assert b[6:] == ["–"] * 3
    one = Page(latency_page(hand_made().filter(pa.array([True, False] * 2 + [True] * 3)), ABOUT))
    assert "Every client" not in one.text


def test_an_unknown_display_is_said_with_its_reason() -> None:
    page = Page(latency_page(recorded(), ABOUT))
    assert "not known" in page.text
    assert "No client told when it displayed a picture" in page.text
    assert page.row("hand to shown")[-3:] == ["–"] * 3
    assert "page" not in [cells[0] for cells in page.rows if cells]


@pytest.mark.parametrize("records", [hand_made, recorded])
def test_nothing_is_asked_of_a_network(records: Callable[[], pa.Table]) -> None:
    page = Page(latency_page(records(), ABOUT))
    assert not {"script", "link", "img", "iframe", "object", "a", "base"} & set(page.tags)
    for name, value in page.attributes:
        assert not name.startswith("on")
        assert name not in ("src", "srcset", "href", "action")
        assert name != "xlink:href" or value.startswith("#")
        assert "url(" not in value or re.fullmatch(r".*url\(#\w+\).*", value, re.DOTALL)
    style = next(text for text in page.texts if ":root" in text)
    assert "url(" not in style
    assert "@import" not in style
    policy = [value for name, value in page.attributes if name == "content"]
    assert "default-src 'none'; style-src 'unsafe-inline'" in policy


def test_names_cannot_write_the_page() -> None:
    records = table(
        row(HOSTILE, 0, 0, (HOSTILE, 1, 1, 2), page_ms=(3, 4, 5), clock=HOSTILE),
        row("b", 1, 20, (HOSTILE, 21, 21, 22), page_ms=(23, 24, 25), clock=HOSTILE),
    )
    html = latency_page(records, {HOSTILE: HOSTILE})
    page = Page(html)
    assert "script" not in page.tags
    assert "<script" not in html
    assert len([cells for cells in page.rows if cells and cells[0] == HOSTILE]) == 2
    drawn = [
        element.text or ""
        for plot in re.findall(r"<svg.*?</svg>", html, re.DOTALL)
        for element in ElementTree.fromstring(plot).iter("{http://www.w3.org/2000/svg}text")
    ]
    assert len([text for text in drawn if "alert('$x_{1}$')" in text]) == 2


@pytest.mark.parametrize("records", [hand_made, recorded])
def test_plots_are_svg_in_the_colours_of_the_page(records: Callable[[], pa.Table]) -> None:
    html = latency_page(records(), ABOUT)
    plots = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(plots) == 3
    defined = {
        scheme: set(re.findall(r"--([a-z]+):", text))
        for scheme, text in zip(
            ("light", "dark"), html.partition("</style>")[0].split("@media"), strict=True
        )
    }
    used = set(re.findall(r"var\(--([a-z]+)\)", "".join(plots)))
    assert used >= {"ink", "quiet", "grid", "transit", "waiting", "working", "sent", "lost"}
    assert used <= defined["light"]
    assert used <= defined["dark"]
    given: dict[str, str] = {}
    for plot in plots:
        root = ElementTree.fromstring(plot)
        assert "#0101" not in plot
        for element in root.iter():
            if (name := element.get("id")) is not None:
                drawn = re.sub(r"\s+", " ", ElementTree.tostring(element, "unicode")).strip()
                assert given.setdefault(name, drawn) == drawn


def test_five_minutes_stay_under_two_megabytes() -> None:
    one = recorded()
    seq, place = SCHEMA.get_field_index("hands_seq"), "hands_seq"
    many = pa.concat_tables(
        one.set_column(
            seq,
            SCHEMA.field(place),
            pa.array([h + 10_000 * k if h >= 0 else h for h in one[place].to_pylist()], pa.int64()),
        )
        for k in range(90)
    )
    assert many.num_rows == 18_000
    html = latency_page(many, ABOUT)
    assert len(html.encode()) < 2_000_000


def test_one_frame_is_enough() -> None:
    page = Page(latency_page(table(row("a", 0, 0, ("show", 1, 1, 2))), {}))
    assert page.row("show")[0] == "–"
    assert page.row("hand to sent")[-3:] == ["2.00"] * 3


def test_the_users_matplotlib_is_neither_used_nor_changed() -> None:
    usual = latency_page(hand_made(), ABOUT)
    with matplotlib.rc_context({"font.size": 33.0, "axes.grid.axis": "x"}):
        before = dict(matplotlib.rcParams)
        assert latency_page(hand_made(), ABOUT) == usual
        assert dict(matplotlib.rcParams) == before


def test_who_only_measures_does_not_import_matplotlib() -> None:
    code = "import operators.latency_report_files, sys; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
