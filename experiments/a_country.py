"""How many child deaths would each number of ASCs that Mali has named avert, and in which regions?

Question   2,982 ASCs (community health workers of Mali) were in place in 2019; the reform asks for 27,576, 31,775 and
           35,210. What would each number avert in five years beside the same country without ASCs, region by region?
Design     The whole country on paired children. 2,982 are placed by the norm of the ASC package (villages 5 km or more
           from a facility, 1,500 people each), the posts with the most people first. The larger numbers follow the
           reform, which has no distance rule: people for each ASC are chosen so that this map needs that number. What
           an ASC does is the same in all arms. Volunteers (relais) teach half of families to see danger in the package,
           with ASCs or without, so the comparator has them too; an arm with neither tells what they avert alone.
           Expected deaths averted, with the Monte-Carlo error between seeds; from one seed the error is that of
           children saved and lost (Poisson), usually larger than the true one.
Expected   Two years of `mali`, seed 1, from 174 of its 1,217 zones: 27,576 ASCs avert some .97 % of all deaths, .72 %
           in Bamako, and 2,982 ASCs nothing that is clear of chance.
Reading    Burden, care-seeking and quality are alike everywhere in this setting (docs/known-gaps.md): regions differ by
           distance, by people to a centre and by how many ASCs they get, so read the order of regions as a map of where
           families live far away, never as a forecast. ASCs added -120 (error 54), 3,029, 4,273 and 5,195 (.98 % in
           Mali and .72 % in Bamako by the second number), relais alone averted 229: as expected. A number of ASCs is a
           number of posts: pay, supply and supervision are taken to keep up with it, which is the hard part.

python experiments/a_country.py --out FOLDER --places FOLDER [--days 1826] [--seeds 1] [--toy] [--remake]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from iccmsim.exchange.district import load_places
from iccmsim.parameters.scenario import Scenario, load_scenario
from iccmsim.report.experiment import (
    Words,
    at_least,
    in_one_line,
    progress_bar,
    save_figure,
    show_and_keep,
    write_rows,
)
from iccmsim.report.style import ARMS, INK, MARKERS, SMALL, WORDS, new_figure, quiet, source_line
from iccmsim.report.terminal import count, duration, place_line
from iccmsim.results.folder import refuse_other
from iccmsim.studies.country import FORMAT, KIND, Country, compare_country
from iccmsim.world.deployment import place_chws
from iccmsim.world.geography import Places

NAMED = {"in place 2019": 2982, "reform 2022": 27576, "reform 2025": 31775, "reform 2030": 35210}  # Ministry of Health
PACKAGE, WITHOUT = "mali-asc-package", "neither ASCs nor relais"
TOY, TOY_SHARE = {"run.days": 200, "run.warmup_days": 60, "run.tail_days": 0}, 0.002  # of the numbers of ASCs


def arms(options: argparse.Namespace) -> list[Scenario]:
    """No ASCs, with the relais of the package and without; then each number of ASCs on this map."""
    run = TOY if options.toy else {"run.days": options.days, "run.tail_days": 0}

    def scenario(name: str, programme: str, more: Mapping[str, float]) -> Scenario:
        whole = f"{options.setting}/{programme}"
        return replace(load_scenario(whole, overrides={**run, **more}, places=options.places), name=name)

    reach = scenario("", PACKAGE, {}).programme["relais.reach"]
    made = [scenario("relais without ASCs", "facility-only", {"relais.reach": reach}),
            scenario(WITHOUT, "facility-only", {})]  # fmt: skip
    places = load_places(made[0])
    for label, number in NAMED.items():
        wanted = max(1, round(number * TOY_SHARE)) if options.toy else number
        programme = PACKAGE if number == min(NAMED.values()) else "mali-reform-norm"
        levers = levers_for(wanted, scenario("", programme, {}), places)
        made.append(scenario(f"{count(wanted)} ASCs ({label})", programme, levers))
    return made


def levers_for(wanted: int, base: Scenario, places: Places) -> Mapping[str, float]:
    """Levers that give about this many CHWs on this map: the share that is funded, else people for each CHW."""
    norm = {"min_km": base.programme["chw.min_km"], "radius_km": base.programme["chw.radius_km"]}
    owed = place_chws(places, people_per_chw=base.programme["chw.catch"], **norm).n_chws
    if base.programme["chw.min_km"] > 0:
        return {"chw.funded": min(1.0, wanted / owed)}
    fewest, most = 50.0, 100_000.0
    while most - fewest > 0.5:
        middle = (fewest + most) / 2
        needed = place_chws(places, people_per_chw=middle, **norm).n_chws
        fewest, most = (middle, most) if needed > wanted else (fewest, middle)
    return {"chw.catch": round(most, 1)}


def figure(country: Country, rows: list[dict], path: Path) -> None:
    """Deaths averted for each number of ASCs: in all, and a child-year in each region."""
    from matplotlib.lines import Line2D

    said = country.whole().to_json()
    names = [name for name in country.parts[0].names[1:] if name != WITHOUT]
    people = {name: region.facts[0]["people"] for name, region in country.regions().items()}
    regions = sorted(people, key=lambda name: -people[name])
    row = {(each["level"], each["area"], each["arm"]): each for each in rows}
    in_all = [row["country", said["place"]["place"], name] for name in names]
    first, alone = said["arms"][0], row["country", said["place"]["place"], WITHOUT]
    key = [Line2D([], [], ls="", marker=MARKERS[y], color=ARMS[y], label=name) for y, name in enumerate(names)]
    canvas = new_figure(
        11.2, 5.2, title="Deaths of children under five that each number of ASCs averts",
        subtitle=f"{place_line(said['place'])}; {duration(said['window_days'][1])}, {count(first['births'])} births. "
        f"Without ASCs {count(first['deaths']['mean'])} children under five die. Volunteers (relais) teach families "
        f"with ASCs and without; what they avert by themselves, {count(-alone['expected_averted'])} (error "
        f"{count(alone['mc_error'])}), is not counted here. Burden and quality of care are taken to be alike in all "
        "regions: they differ by distance, people to a centre, and ASCs.", key=key,
        source=source_line(said, extra="; every arm on the same children; whiskers: 2 Monte-Carlo errors each way"))
    left, right = canvas.subplots(1, 2, width_ratios=(1, 1.35))
    for y, each in enumerate(in_all):
        mean, error = each["expected_averted"], 2 * each["mc_error"]
        told = f"  {count(mean)} ({each['percent']:.2f} %)"
        left.barh(-y, mean, xerr=error, color=ARMS[y], height=0.5, ecolor=INK, capsize=3)
        left.text(max(0.0, mean + error), -y, told, va="center", fontsize=SMALL, color=INK)
        mine = [row["region", area, each["arm"]]["per_1000_child_years"] for area in regions]
        right.plot(mine, range(0, -len(mine), -1), MARKERS[y], color=ARMS[y], ms=7)
    left.set_yticks([-y for y in range(len(names))], [name.partition(" (")[0] for name in names], fontsize=WORDS)
    left.set_xlabel("expected deaths averted", fontsize=SMALL, loc="left")
    left.xaxis.set_major_formatter("{x:,.0f}")
    left.axvline(0, color=INK, lw=0.9)
    left.margins(x=0.4)
    labels = [f"{area.title()} ({people[area] / 1e6:.1f} M)" for area in regions]
    right.set_yticks(range(0, -len(regions), -1), labels, fontsize=WORDS)
    right.set_xlabel("expected deaths averted per 1,000 child-years, by region (people)", fontsize=SMALL, loc="left")
    right.axvline(0, color=INK, lw=0.9)
    for axes in (left, right):
        quiet(axes, grid="x")
        axes.tick_params(axis="y", labelsize=WORDS)
    save_figure(canvas, path)


@in_one_line
def main(argv: list[str] | None = None) -> int:
    """Run the country, or take it from the folder again, and write table and figure."""
    options = Words(__doc__)
    options.add_argument("--setting", default="mali", help="mali, or any other setting")
    options.add_argument("--places", help="folder of the country's files")
    options.add_argument("--days", type=int, default=1826)
    options.add_argument("--seeds", type=at_least(1), default=1)
    options.add_argument("--toy", action="store_true", help="200 days, few ASCs: for a toy country")
    options.add_argument("--remake", action="store_true", help="table and figure again from the stored results")
    given = options.parse_args(argv)
    if given.remake:
        country, keep = Country.load(given.out / "country"), []
        if WITHOUT not in country.parts[0].names:
            raise ValueError(f"{given.out / 'country'}: holds arms of something else; run it again, without --remake")
    else:
        refuse_other(given.out / "country", kind=KIND, latest=FORMAT)
        with progress_bar("a country") as progress:
            country = compare_country(arms(given), seeds=given.seeds, places=given.places, progress=progress)
        keep = [lambda: country.save(given.out / "country")]
    rows = country.table()
    said = (f"{row['level']:<8} {row['area']:<12} {row['arm']:<28} {row['chws']:>6} CHWs  "
            f"{row['expected_averted']:>9.1f} (error {row['mc_error']:.1f}) expected deaths averted, "
            f"{row['percent']:.2f} %\n" for row in rows if row["level"] != "district")  # fmt: skip
    show_and_keep("".join(said), *keep, lambda: write_rows(rows, given.out / "country.csv"),
                  lambda: figure(country, rows, given.out / "country.png"))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
