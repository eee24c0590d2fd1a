"""A brief of two pages from a stored comparison, as PDF (typst) or as HTML that needs nothing beside itself.

Nothing is simulated: every number comes from the folder that `iccmsim compare --out` wrote. The same folder gives the
same bytes, whenever and wherever it is asked.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iccmsim.results.folder import get_manifest
from iccmsim.studies.basis import Basis, read_basis
from iccmsim.studies.compare import FORMAT, KIND, SHAPE, Comparison
from iccmsim.studies.fitness import best_arm, reasons_against

if TYPE_CHECKING:
    import typst

NEEDS = {"pdf": ("typst", "jinja2"), "html": ("jinja2",)}
INSTALL = 'pip install -c constraints.txt -e ".[brief]"'
SIZES = (9.6, 9.3, 9.0, 8.7, 8.4)  # points
LAYOUTS = [(size, page) for page in ("1", "2") for size in SIZES]  # letters, and the page that says how sure we are
LAYOUTS += [(8.2, "2"), (8.0, "2")]
PAGES = 2
ACCESSIBLE = "ua-1"  # PDF/UA: headings, tables and the words for figures can be read aloud


class UnsetError(ValueError):
    """A brief whose words cannot be set: too many for its pages, or in letters that its fonts do not have."""


@dataclass(frozen=True, eq=False)
class Source:
    """A comparison as it lies on disk, with all that a brief needs."""

    folder: Path
    comparison: Comparison
    basis: Basis
    made_with: Mapping[str, str]


def missing_extra(kind: str) -> str | None:
    """What to install before a brief of this kind can be made; None if nothing lacks."""
    lacks = [name for name in NEEDS[kind] if find_spec(name) is None]
    return f"a brief as {kind} needs {' and '.join(lacks)}: {INSTALL}" if lacks else None


def read_source(folder: Path) -> Source:
    """Read what a brief is made of; a ValueError says what the folder lacks, or why no brief may be made of it."""
    comparison = Comparison.load(folder)
    made_with = get_manifest(folder, kind=KIND, latest=FORMAT, shape=SHAPE)["made_with"]
    basis = read_basis(folder, arms=len(comparison.names))
    reasons = reasons_against(comparison, basis)
    if reasons:
        raise ValueError("no brief: " + "; ".join(reasons))
    return Source(folder, comparison, basis, made_with)


def make_brief(source: Source, *, lang: str, kind: str) -> bytes:
    """The brief as a file of its kind, in a language."""
    page, figures = words_and_figures(source, lang=lang)
    return as_pdf(page, figures) if kind == "pdf" else as_html(page, figures).encode()


def words_and_figures(source: Source, *, lang: str) -> tuple[dict[str, Any], dict[str, str]]:
    """All words of a brief, and its figures as SVG."""
    from iccmsim.report.brief_facts import facts_of_brief
    from iccmsim.report.brief_figures import averted_figure, lost_figure, map_figure
    from iccmsim.report.brief_page import page_of
    from iccmsim.report.language import language
    from iccmsim.report.style import svg_of

    words = language(lang)
    facts = facts_of_brief(source.comparison, source.basis, made_with=source.made_with)
    mapped = arm_on_map(source)
    drawn = {"averted": averted_figure(facts, words), "lost": lost_figure(facts, words),
             "map": map_figure(source.basis.ground, mapped, words)}  # fmt: skip
    return page_of(facts, words, mapped=mapped), {name: svg_of(figure) for name, figure in drawn.items()}


def arm_on_map(source: Source) -> int:
    """The programme whose posts the map shows: the best one, or the first that has any."""
    best = best_arm(source.comparison)
    return next((i for i in (best, *range(len(source.comparison.names))) if source.comparison.facts[i]["chws"]), best)


# --- PDF ------------------------------------------------------------------------------------------------


def as_pdf(page: Mapping[str, Any], figures: Mapping[str, str]) -> bytes:
    """Two pages of A4, typeset with the fonts that typst brings, in the first layout that the words fit into."""
    import typst

    with tempfile.TemporaryDirectory() as place:
        source = lay_out(Path(place), page, figures)
        for size, sure in LAYOUTS:
            chosen = {"size": str(size), "sure": sure}
            compiler = typst.Compiler(source, ignore_system_fonts=True, sys_inputs=chosen)
            if json.loads(compiler.query("<pages>", field="value", one=True)) == PAGES:
                return set_in_type(compiler)
    raise UnsetError(f"no brief: words fill more than {PAGES} pages; shorten the names of the arms or compare fewer")


def set_in_type(compiler: typst.Compiler) -> bytes:
    """The PDF of a layout; an UnsetError if a name has letters that cannot be printed."""
    import typst

    try:
        return compiler.compile(format="pdf", timestamp=0, pdf_standards=[ACCESSIBLE])
    except typst.TypstError as fault:
        raise UnsetError(f"no brief: {fault}; write names in Latin letters, or choose --format html") from None


def lay_out(place: Path, page: Mapping[str, Any], figures: Mapping[str, str]) -> Path:
    """Put everything that typst reads into a folder."""
    from iccmsim.report.language import TEMPLATES

    (place / "words.json").write_text(json.dumps(page, ensure_ascii=False), encoding="utf-8")
    for name, drawing in figures.items():
        (place / f"{name}.svg").write_text(drawing, encoding="utf-8")
    return Path(shutil.copy(TEMPLATES / "brief.typ", place / "brief.typ"))


# --- HTML -----------------------------------------------------------------------------------------------


def as_html(page: Mapping[str, Any], figures: Mapping[str, str]) -> str:
    """One file with its figures inside; it asks nothing of any network."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    from iccmsim.report.language import TEMPLATES

    environment = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=True)
    inside = {name: inline(drawing, name=name, alt=page["alt"][name]) for name, drawing in figures.items()}
    return environment.get_template("brief.html.j2").render(**page, figures=inside) + "\n"


def inline(drawing: str, *, name: str, alt: str) -> str:
    """An SVG as part of a page: named for those who cannot see it, its ids its own, without addresses of standards."""
    from markupsafe import escape

    body = re.sub(r' xmlns(:xlink)?="[^"]*"', "", drawing[drawing.index("<svg") :])
    body = re.sub(r'(?<= id=")|(?<=href="#)|(?<=url\(#)', f"{name}-", body).replace("xlink:href", "href")
    return body.replace("<svg", f'<svg role="img" aria-label="{escape(alt)}"', 1).strip()
