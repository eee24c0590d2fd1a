"""Designs: rows from a grid, from the declared doubt, from a file; and what is refused in one line."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sweeps import ARMS, FILE, SETTINGS, tiny_design

from iccmsim.parameters.catalogue import all_parameters, parameter
from iccmsim.studies.design import grid, latin_hypercube, morris, pick_freeze, refuse_too_large, rows, sobol
from iccmsim.studies.design_file import OF_KIND, read_design
from iccmsim.studies.doubt import distribution_of, values_at
from iccmsim.studies.sweeping.cases import Cases, study_of

IN_DOUBT = [each for each in all_parameters() if each.plausible is not None]


def test_a_grid_has_every_combination_and_the_last_key_changes_fastest():
    design = grid(ARMS, {"sup.lead": [7, 14], "sup.fill": [0.6, 0.9]}, seeds=3)
    assert design.keys == ("programme.sup.lead", "programme.sup.fill")
    assert design.rows.tolist() == [[7, 0.6], [7, 0.9], [14, 0.6], [14, 0.9]]
    assert design.seeds == (1, 2, 3)


def test_a_latin_hypercube_has_one_row_in_each_of_n_equal_slices_of_the_doubt_about_each_key():
    keys = ["tx.ors", "sup.lead", "inc.mal", "sym.mal"]
    design = latin_hypercube(ARMS, keys, n=40, seeds=1, seed=5)
    for j in range(len(keys)):
        assert sorted(np.floor(design.unit[:, j] * 40).astype(int)) == list(range(40))
    again = latin_hypercube(ARMS, keys, n=40, seeds=1, seed=5)
    assert np.array_equal(design.rows, again.rows)
    assert not np.array_equal(design.rows, latin_hypercube(ARMS, keys, n=40, seeds=1, seed=6).rows)


@pytest.mark.parametrize("each", IN_DOUBT, ids=lambda each: each.key)
def test_what_is_drawn_is_plausible_in_order_and_has_the_declared_distribution_between_its_ends(each):
    shares = np.linspace(0, 1, 101)
    values = values_at(each, shares)
    low, high = each.plausible
    assert (np.diff(values) >= 0).all()
    assert low <= values[0] <= values[-1] <= high
    if not each.integer:
        doubt = distribution_of(each)
        inside = (doubt.cdf(values) - doubt.cdf(low)) / (doubt.cdf(high) - doubt.cdf(low))
        np.testing.assert_allclose(inside, shares, atol=1e-6)


def test_the_plausible_range_holds_nine_tenths_of_a_doubt_but_where_the_page_says_otherwise():
    held, moved = {}, {}
    for each in IN_DOUBT:
        low, high = distribution_of(each).cdf(each.plausible)
        mean = values_at(each, (np.arange(2000) + 0.5) / 2000).mean()
        if high - low < 0.9:
            held[each.key] = f"{high - low:.2f}".lstrip("0")
            if abs(mean - each.default) > 0.03 * each.default:
                moved[each.key] = f"{mean:.3g} for {each.default:g}".replace("0.", ".")
    page = (Path(__file__).resolve().parents[1] / "docs/sensitivity.md").read_text(encoding="utf-8")
    page = " ".join(page.split())
    less, _, other = page.partition("Of five it holds less:")[2].partition("That a plain")[0].partition("Of three")
    assert dict(re.findall(r"`(\S+)`\s+(\.\d+)", less)) == held
    assert dict(re.findall(r"`(\S+)` (\S+ for [.\d]*\d)", other)) == moved
    assert (len(held), len(moved)) == (5, 3)


@pytest.mark.parametrize(("key", "span"), [("chw.patience", None), ("sup.review", (14, 17)),
                                           ("chw.patience", (0.5, 2.5))])  # fmt: skip
def test_a_uniform_doubt_about_a_whole_number_holds_each_to_be_as_likely(key, span):
    low, high = span or parameter(key).plausible
    found, times = np.unique(values_at(parameter(key), np.linspace(0.00005, 0.99995, 10_000), span=span),
                             return_counts=True)  # fmt: skip
    assert found.tolist() == list(range(math.ceil(low), int(high) + 1))
    assert np.abs(times - 10_000 / len(found)).max() <= 1


def test_a_range_without_a_whole_number_is_refused_where_one_is_asked_for():
    with pytest.raises(ValueError, match=r"chw\.patience: must be a whole number, and none lies between 0\.2 and 0\.4"):
        latin_hypercube(ARMS, {"chw.patience": (0.2, 0.4)}, n=4, seeds=1)


def test_with_tails_a_beta_distribution_is_drawn_whole():
    each = parameter("tx.ors")  # Beta(33.3, 8.34)
    shares = [0.01, 0.5, 0.99]
    np.testing.assert_allclose(values_at(each, shares, tails=True), stats.beta(33.3, 8.34).ppf(shares))
    assert values_at(each, [0.999], tails=True) > each.plausible[1] > values_at(each, [0.999])


def test_a_range_of_ones_own_is_uniform_and_whole_numbers_stay_whole():
    design = latin_hypercube(ARMS, {"sup.fill": (0.5, 1.0), "sup.review": None}, n=50, seeds=1)
    np.testing.assert_allclose(design.rows[:, 0], 0.5 + 0.5 * design.unit[:, 0])
    assert (design.rows[:, 1] == np.round(design.rows[:, 1])).all()


def test_sobol_and_morris_designs_have_the_rows_that_salib_analyses():
    keys = ["tx.ors", "sup.lead", "inc.mal"]
    assert sobol(ARMS, keys, n=8, seeds=1).rows.shape == (8 * 5, 3)
    assert sobol(ARMS, keys, n=8, seeds=1, second_order=True).rows.shape == (8 * 8, 3)
    assert sobol(ARMS, keys, n=8, seeds=1, groups=["a", "b", "b"]).rows.shape == (8 * 4, 3)
    screen = morris(ARMS, keys, n=5, seeds=1)
    assert screen.rows.shape == (5 * 4, 3)
    assert set(np.round(screen.unit.ravel() * 3, 9)) <= {0.0, 1.0, 2.0, 3.0}
    assert screen.problem()["names"] == list(screen.keys)
    assert morris(ARMS, keys, n=5, seeds=1, groups=["a", "b", "b"]).problem()["groups"] == ["a", "b", "b"]


def test_a_row_says_what_compare_would_be_told():
    design = grid(ARMS, {"sup.lead": [28], "tx.ors": [0.7], "sym.mal": [0.5], "run.days": [100]}, seeds=1)
    study = study_of(design)
    row = design.rows[0]
    without, given, before = (study.scenario(i, row) for i in (0, 1, None))
    assert all(each.setting["tx.ors"] == 0.7 and each.run["run.days"] == 100 for each in (without, given, before))
    assert isinstance(given.run["run.days"], int)
    assert given.programme["sup.lead"] == 28
    assert without.programme["sup.lead"] == study.arms[0].programme["sup.lead"] != 28
    assert given.setting["sym.mal"] == tuple(0.5 * value for value in study.arms[1].setting["sym.mal"])


def test_levers_hold_in_arms_that_deploy_chws_or_in_those_that_are_named():
    arms = ("sahel/iccm-as-delivered", "sahel/iccm-supported")
    design = grid(arms, {"skill.decay": [0.02]}, seeds=1)
    assert study_of(design).where == ((0, 1),)
    named = replace(design, only={"programme.skill.decay": ("sahel/iccm-supported",)})
    assert study_of(named).where == ((1,),)


def test_rows_with_one_setting_share_their_warm_ups_and_parts_hold_every_case_once():
    design = tiny_design(seeds=5)
    cases = Cases(design, study_of(design), code="x")
    assert cases.settings[0] == cases.settings[2] != cases.settings[1] == cases.settings[3]
    for most in (1, 2, 3, 7, 100):
        cases.cases_a_part = most
        tasks = cases.tasks(range(4), design.seeds)
        found = [(row, seed) for task in tasks for block in task for row in block.rows for seed in block.seeds]
        assert sorted(found) == [(row, seed) for row in range(4) for seed in design.seeds]
        assert all(sum(len(b.rows) * len(b.seeds) for b in task) <= most for task in tasks)
        assert all(len({cases.settings[row] for row in block.rows}) == 1 for task in tasks for block in task)
    assert len(cases.tasks(range(4), design.seeds)) == 1


def test_the_identity_of_a_case_follows_from_all_that_could_change_it():
    design = tiny_design()
    cases = Cases(design, study_of(design), code="x")
    other_code = Cases(design, study_of(design), code="y")
    longer = tiny_design(**{"run.days": 201})
    others = [cases.identity(0, 2), cases.identity(1, 1), other_code.identity(0, 1),
              Cases(longer, study_of(longer), code="x").identity(0, 1)]  # fmt: skip
    assert cases.identity(0, 1) == Cases(tiny_design(), study_of(design), code="x").identity(0, 1)
    assert cases.identity(0, 1) not in others
    assert len(set(others)) == len(others)


def written(folder: Path, text: str, **files: str) -> Path:
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    (folder / "design.toml").write_text(text, encoding="utf-8")
    return folder / "design.toml"


def test_a_design_is_read_from_its_file(tmp_path):
    design = read_design(written(tmp_path, FILE.format(more="")))
    assert (design.name, design.kind, design.keys) == ("tiny", "grid", ("programme.sup.lead", "setting.tx.ors"))
    assert design.settings == {**{key.removeprefix("setting."): value for key, value in SETTINGS.items()}}
    assert design.rows.shape == (4, 2)


HEAD = 'format = 1\narms = ["sahel/facility-only", "sahel/iccm-as-delivered"]\n'


def test_rows_are_read_from_a_csv_file_that_may_begin_with_a_mark_of_its_encoding(tmp_path):
    path = written(tmp_path, HEAD + 'seeds = [3, 9]\ndesign = "rows"\nfile = "my.csv"\n',
                   my="\ufeffsup.lead, tx.ors\n7,.7\n\n28,0.9\n")  # fmt: skip
    design = read_design(path)
    assert design.keys == ("programme.sup.lead", "setting.tx.ors")
    assert design.rows.tolist() == [[7, 0.7], [28, 0.9]]
    assert design.seeds == (3, 9)


@pytest.mark.parametrize("key", ["sup.lead", "'sup.lead'", "programme.sup.lead"])
def test_keys_of_a_file_may_say_in_which_arms_they_hold_in_quotes_or_not(key, tmp_path):
    path = written(tmp_path, HEAD + 'seeds = 2\ndesign = "rows"\nfile = "my.csv"\n[vary]\n'
                   f"{key} = {{ arms = ['sahel/iccm-as-delivered'] }}\n", my="sup.lead,tx.ors\n7,.7\n")  # fmt: skip
    assert read_design(path).only == {"programme.sup.lead": ("sahel/iccm-as-delivered",)}


def test_scripts_too_are_told_of_designs_that_are_too_large_before_they_are_made():
    keys = ["tx.ors", "sup.lead"]
    for make, more in ((latin_hypercube, {}), (morris, {}), (sobol, {}), (pick_freeze, {"inner": "b", "draws": 2})):
        groups = {} if make is latin_hypercube else {"groups": ["a", "b"]}
        with pytest.raises(ValueError, match=r"n = 1073741824: makes \S+ rows; a design may have at most 100,000 rows"):
            make(ARMS, keys, n=1 << 30, seeds=2, **groups, **more)
    many = [each.path for each in IN_DOUBT][:200]
    assert len(latin_hypercube(ARMS, many[:2], n=250, seeds=1).rows) == 250
    with pytest.raises(ValueError, match=r"makes 50,000,000 cases \(50 rows from 1,000,000 seeds\); a design may have"):
        latin_hypercube(ARMS, many, n=50, seeds=1_000_000)
    with pytest.raises(ValueError, match=r"rows of 1,001 keys\); a design may have at most 100,000,000 numbers"):
        refuse_too_large("n", rows=100_000, keys=1001, seeds=1)
    with pytest.raises(ValueError, match="seeds = 100000000000000000000: must be at most 1000000"):
        grid(ARMS, {"tx.ors": [0.7]}, seeds=10**20)


def test_many_seeds_are_looked_through_once():
    from time import perf_counter

    from iccmsim.studies.compare import seeds_of

    started = perf_counter()
    assert len(seeds_of(range(200_000))) == 200_000
    assert perf_counter() - started < 5
    with pytest.raises(ValueError, match="seeds: 3, 7 given twice"):
        seeds_of([7, 3, 7, 5, 3])


def test_groups_ranges_and_arms_of_keys_are_read(tmp_path):
    path = written(tmp_path, HEAD + 'seeds = 2\ndesign = "sobol"\nn = 4\n[vary]\n'
                   'tx.ors = { group = "drugs" }\nsup.fill = { low = 0.5, high = 0.9, group = "supply", '
                   'arms = ["sahel/iccm-as-delivered"] }\n')  # fmt: skip
    design = read_design(path)
    assert design.groups == ("drugs", "supply")
    assert design.only == {"programme.sup.fill": ("sahel/iccm-as-delivered",)}
    assert 0.5 <= design.rows[:, 1].min() <= design.rows[:, 1].max() <= 0.9
    assert design.rows.shape == (4 * 4, 2)


GRID = HEAD + 'seeds = 2\ndesign = "grid"\n'
LHS = HEAD + 'seeds = 2\ndesign = "lhs"\nn = 4\n'
BY_FILE = HEAD + 'seeds = 2\ndesign = "rows"\nfile = "my.csv"\n'
LATER, FLOOD = (GRID.replace("sahel/iccm-as-delivered", f"{name}.toml") for name in ("later", "flood"))
FAR = BY_FILE.replace("my.csv", "far.csv") + "[vary]\n"
NOBODY = "~nobodyx/a.toml: there is no home folder of ~nobodyx"
BROKEN = [
    (GRID.replace('"sahel/facility-only"', '"~nobodyx/a.toml"', 1) + "[vary]\ntx.ors = [0.7]\n", NOBODY),
    (GRID + "status_quo = '~nobodyx/a.toml'\n[vary]\ntx.ors = [0.7]\n", NOBODY),
    (GRID + "places = '~nobodyx'\n[vary]\ntx.ors = [0.7]\n", "~nobodyx: there is no home folder of ~nobodyx"),
    (HEAD + "seeds = 2\ndesign = 'rows'\nfile = '~nobodyx/a.toml'\n", NOBODY),
    (HEAD + "seeds = 2\ndesign = 'morris'\nn = 2\nlevels = 3\nvary = ['tx.ors']\n", "levels = 3: must be even"),
    ("arms = [", "is not valid TOML"),
    ("x = 1\n", "format = None: design.toml must say format = 1"),
    ("format = 2\n", "format = 2: design.toml must say format = 1"),
    (GRID + "sedes = 3\n", "sedes: unknown word of a design; did you mean seeds?"),
    ("format = 1\nseeds = 2\ndesign = 'grid'\n", "arms = None: must be a list of scenarios, the comparator first"),
    ("format = 1\narms = 'sahel/facility-only'\nseeds = 2\ndesign = 'grid'\n", "arms = 'sahel/facility-only': must be"),
    (HEAD + "seeds = 0\ndesign = 'grid'\n", "seeds = 0: must be a whole number between 1 and 1000000, or a list of"),
    (GRID.replace("= 2", "= 10000000"), "seeds = 10000000: must be a whole number between 1 and 1000000, or a list of"),
    (GRID.replace("= 2", "= 99999999999999999999"), "seeds = 99999999999999999999: must be a whole number between 1"),
    (GRID.replace("= 2", "= 1" + 400 * "0"), "0000: must be a whole number between 1 and 1000000"),
    (GRID + "[vary]\ntx.ors = [1" + 400 * "0" + "]\n", "0000: must be a number (of a vector: a factor on it)"),
    (HEAD + "seeds = [1, 1]\ndesign = 'grid'\n[vary]\ntx.ors = [0.7]\n", "seeds: 1 given twice"),
    (HEAD + "seeds = true\ndesign = 'grid'\n", "seeds = true: must be a whole number"),
    (HEAD + "seeds = 2\ndesign = 'gird'\n", "must be one of grid, lhs, sobol, morris, rows; did you mean grid?"),
    (GRID, "vary: must be given: a list of keys, at least one, or a table of keys and how each is varied"),
    (GRID + "vary = []\n", "vary = []: must be a list of keys, at least one, or"),
    (GRID + "vary = [3]\n", "vary = [3]: must be a list of keys"),
    (GRID + "[vary]\nsup.lead = [7]\n'sup.lead' = [14]\n", "vary.sup.lead: is given twice"),
    (GRID + "[settings]\nrun.days = 7\n'run.days' = 14\n[vary]\ntx.ors = [0.7]\n", "settings.run.days: is given tw"),
    (GRID + "[vary]\nsup.lead = { values = [7, 14], low = 3 }\n", "vary.sup.lead.low = 3: is not for a key with a"),
    (GRID + "[vary]\nsup.lead = { values = [7, 14], lo = 3 }\n", "vary.sup.lead.lo: unknown word; did you mean low"),
    (GRID + "[vary]\nsup.lead = [7]\nchw.absent = {}\n", "vary.chw.absent = an empty table: must be 'declared', a"),
    (GRID + "[vary]\nsup.lead = {}\n", "vary.sup.lead = an empty table: must be 'declared', a list of values, or a t"),
    (GRID + f"[vary]\ntx.ors = {[i / 1000 for i in range(1000)]}\nsup.fill = {[i / 1000 for i in range(1000)]}\n",
     "vary: makes 1,000,000 rows; a design may have at most 100,000 rows"),
    (GRID.replace("= 2", "= 1000000") + "[vary]\ntx.ors = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]\n",
     "vary: makes 6,000,000 cases (6 rows from 1,000,000 seeds); a design may have at most 5,000,000 cases"),
    (GRID + "[vary]\ntx.orz = [0.7]\n", "tx.orz: unknown parameter; did you mean tx.ors?"),
    (GRID + "[vary]\ntx.ors = [0.7, 0.7]\n", "vary.tx.ors: 0.7 is given twice"),
    (GRID + "[vary]\ntx.ors = []\n", "vary.tx.ors = []: must be a list of values, at least one"),
    (GRID + "[vary]\ntx.ors = ['much']\n", "vary.tx.ors = 'much': must be a number"),
    (GRID + "[vary]\ntx.ors = [nan]\n", "vary.tx.ors = nan: must be a number"),
    (GRID + "[vary]\ntx.ors = 'declared'\n", "vary.tx.ors: a design of kind grid needs a list of values"),
    (GRID + "[vary]\ntx.ors = 0.7\n", "vary.tx.ors = 0.7: must be 'declared', a list of values, or a table"),
    (GRID + "[vary]\ntx.ors = [0.7]\n'setting.tx.ors' = [0.8]\n", "setting.tx.ors: is varied twice"),
    (GRID + "[vary]\nplace.people = [600]\n", "place.people: is a fact of the place, the same in all rows"),
    (GRID + "[vary]\ntx.ors = [0.7, 1.4]\n", "row 1: setting.tx.ors = 1.4: must be between 0 and 1 (share of deaths"),
    (GRID + "[vary]\nsym.mal = [1, 5]\n", "row 1: setting.sym.mal = 5: is a factor on its 6 numbers and makes 5 of one "
     "of them, which must be between 0 and 1 (chance"),
    (GRID + "[vary]\nsym.mal = [-1, 500]\n", "row 0: setting.sym.mal = -1: is a factor on its 6 numbers and must be "
     "0 or more (and 1 more rows)"),
    (LHS + "[vary]\nsym.mal = { low = -1, high = -0.5 }\n", "is a factor on its 6 numbers and must be 0 or more"),
    (BY_FILE.replace("my.csv", "factor.csv"), "row 0: setting.sym.mal = 5: is a factor on its 6 numbers and makes"),
    (GRID + "[vary]\ninc.pneu.age_rr = [1, 0]\n", "setting.inc.pneu.age_rr: of its 3 numbers only the proportions"),
    (LHS + "[vary]\nseason.malaria = { low = 0.5, high = 2 }\n",
     "setting.season.malaria: of its 12 numbers only the proportions count, so that a factor on all of them changes"),
    (BY_FILE.replace("my.csv", "curve.csv"), "setting.season.ari: of its 12 numbers only the proportions count, so"),
    (GRID + "anchor = true\n[vary]\ntx.ors = [0.7]\nkappa.mal = [0.5, 1.5]\n",
     "setting.kappa.mal: cannot be varied in a design with anchor = true, which solves for it in each row"),
    (GRID + "[vary]\nshock.malaria = [20]\n", "row 0: setting.shock.malaria = 20: must be 1 outside a shock"),
    (LATER + "[vary]\npolicy.oldest_months = [59, 10]\n", "row 1: "
     "programme, day 30.policy.youngest_months = 12: must be below policy.oldest_months (10)"),
    (LATER + "[settings]\nrun.tail_days = 0\n[vary]\nrun.days = [31, 30]\n",
     "row 1: run.days + run.tail_days = 30: must be above 30, the day of a programme.change of later"),
    (FLOOD + "[settings]\nrun.tail_days = 0\n[vary]\nrun.days = [31, 30]\n",
     "row 1: run.days + run.tail_days = 30: must be above 30, the day of a shock of flood"),
    (GRID + "[vary]\nsup.rule = [0.5]\n", "row 0: programme.sup.rule = 0.5: must be a whole number between 0 and 3"),
    (GRID + "[vary]\ntx.ors = { values = [0.7], arms = 'all' }\n", "vary.tx.ors.arms = 'all': must be a list of names"),
    (GRID + "[vary]\ntx.ors = { values = [0.7], arms = ['x'] }\n", "setting.tx.ors: arms = 'x': is not an arm"),
    (GRID + "[vary]\ntx.ors = { values = [0.7], arms = ['sahel/facility-only'] }\n", "setting.tx.ors: holds in all"),
    (GRID + "n = 4\n[vary]\ntx.ors = [0.7]\n", "n = 4: is not for a design of kind grid"),
    (GRID + "[settings]\ntx.ors = 0.8\n[vary]\ntx.ors = [0.7]\n", "tx.ors: is given under settings and varied too"),
    (GRID + "[settings]\ntx.orz = 0.8\n[vary]\ntx.ors = [0.7]\n", "tx.orz: unknown key; did you mean tx.ors?"),
    (GRID.replace("seeds", "settings = 3\nseeds") + "[vary]\ntx.ors = [0.7]\n", "settings = 3: must be a table"),
    (GRID.replace("as-delivered", "as-deliverd") + "[vary]\ntx.ors = [0.7]\n", "did you mean iccm-as-delivered?"),
    (GRID.replace("iccm-as-delivered", "facility-only") + "[vary]\ntx.ors = [0.7]\n", "is the name of two arms"),
    (GRID.replace("facility-only", "iccm-supported") + "[vary]\nspv.freq = [0.7]\n", "programme.spv.freq: is "),
    (LHS + "vary = ['tx.ors', 'tx.ors']\n", "setting.tx.ors: is varied twice"),
    (LHS + "vary = ['chw.deployed']\n", "programme.chw.deployed: is not in doubt, so that nothing can be drawn"),
    (LHS + "[vary]\ntx.ors = { low = 0.9, high = 0.7 }\n", "low = 0.9 and high = 0.7 must be numbers, low below high"),
    (LHS + "[vary]\ntx.ors = { low = 0.9 }\n", "vary.tx.ors: low = 0.9 and high = None must be numbers"),
    (LHS + "[vary]\ntx.ors = { low = 0.9, high = 1.3 }\n", "must be between 0 and 1 (share of deaths"),
    (LHS + "[vary]\ntx.ors = [0.7, 0.9]\n", "vary.tx.ors: a design of kind lhs takes no list of values"),
    (LHS + "[vary]\ntx.ors = { group = 'a' }\n", "vary.tx.ors.group: groups are for morris and sobol"),
    (LHS.replace("n = 4", ""), "vary: must be given: a list of keys"),
    (LHS + "[vary]\ntx.ors = {}\n", "vary.tx.ors = an empty table: must be 'declared', a list of values, or a table"),
    (LHS.replace("n = 4", "n = 10000000"), "n = 10000000: must be a whole number between 1 and 100000"),
    (LHS.replace("lhs", "morris").replace("n = 4", "n = 50000") + "vary = ['tx.ors', 'sup.lead']\n",
     "n = 50000: makes 150,000 rows; a design may have at most 100,000 rows"),
    (LHS.replace("lhs", "sobol").replace("n = 4", "n = 65536") + "vary = ['tx.ors', 'sup.lead']\n",
     "n = 65536: makes 262,144 rows; a design may have at most 100,000 rows"),
    (LHS.replace("n = 4\n", "vary = ['tx.ors']\n"), "n: must be given for a design of kind lhs"),
    (LHS.replace("n = 4", "n = 0"), "n = 0: must be a whole number between 1 and"),
    (LHS.replace("lhs", "sobol").replace("n = 4", "n = 6") + "vary = ['tx.ors']\n", "n = 6: must be a power of 2"),
    (LHS + "anchor = 1\nvary = ['tx.ors']\n", "anchor = 1: must be true or false"),
    (HEAD + "seeds = 2\ndesign = 'rows'\n", "file: must be given for a design of kind rows"),
    (BY_FILE.replace("my.csv", "no.csv"), "file = 'no.csv': "),
    (BY_FILE.replace("my.csv", "empty.csv"), "empty.csv: must have a line of keys and at least one line of numbers"),
    (BY_FILE.replace("my.csv", "words.csv"), "words.csv, line 3: tx.ors = 'often': must be a number"),
    (BY_FILE.replace("my.csv", "short.csv"), "short.csv, line 2: has 1 values for 2 keys"),
    (BY_FILE.replace("my.csv", "twice.csv"), "setting.tx.ors: is varied twice"),
    (BY_FILE.replace("my.csv", "far.csv"), "row 1: setting.tx.ors = 9: must be between 0 and 1 (share of deaths"),
    (BY_FILE + "vary = ['tx.ors']\n", "vary = ['tx.ors']: a design of kind rows has its keys in its file"),
    (BY_FILE.replace("my.csv", "comma.csv"), "comma.csv, line 1: column 2 of 2 has no key"),
    (BY_FILE.replace("my.csv", ""), "file = '': must be a text that is not empty, without the character NUL"),
    (BY_FILE.replace("my.csv", "a\\u0000b"), "file = 'a\\x00b': must be a text that is not empty, without the char"),
    (GRID + "status_quo = ''\n", "status_quo = '': must be a text that is not empty, without the character NUL"),
    (GRID.replace("sahel/iccm-as-delivered", ""), "arms = ['sahel/facility-only', '']: must be a list of scenarios"),
    (GRID.replace("sahel/iccm-as-delivered", "a\\u0000.toml"), "'a\\x00.toml']: must be a list of scenarios"),
    (GRID.replace("= 2", "= [1, -1]"), "seeds = [1, -1]: -1 must be between 0 and 9223372036854775807"),
    (GRID.replace("= 2", "= [9223372036854775808]"), ": 9223372036854775808 must be between 0 and 9223372036854775807"),
    (LHS.replace("lhs", "morris") + "levels = 3\nvary = ['sup.lead']\n", "levels = 3: must be even, for Morris"),
    (FAR + "'sup.lead' = 3\n", "vary.sup.lead = 3: a design of kind rows has its keys in its file; here it may"),
    (FAR + "'sup.lead' = { arms = 3 }\n", "vary.sup.lead.arms = 3: must be a list of names of arms"),
    (FAR + "'sup.lead' = { arms = 'sahel/x' }\n", "vary.sup.lead.arms = 'sahel/x': must be a list of names of arms"),
    (FAR + "sup.lead = { arms = ['x'], low = 3 }\n", "vary.sup.lead = a table: a design of kind rows has its keys"),
    (FAR + "sup.lead = { arms = ['x'] }\n", "vary.sup.lead: is not a key of far.csv; there are tx.ors"),
    (FAR + "sup.leed = { arms = ['x'] }\n", "sup.leed: unknown parameter; did you mean sup.lead?"),
    (FAR + "sup.lead = { arms = ['x'] }\nprogramme.sup.lead = { arms = ['y'] }\n", "sup.lead: is varied twice"),
]  # fmt: skip
TABLES = {"empty": "", "words": "sup.lead,tx.ors\n7,.7\n8,often\n", "short": "sup.lead,tx.ors\n7\n",
          "twice": "tx.ors,setting.tx.ors\n.7,.8\n", "far": "tx.ors\n.7\n9\n",
          "factor": "sym.mal\n5\n", "curve": "tx.ors,season.ari\n.7,2\n", "comma": "sup.lead,\n7,\n"}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), BROKEN)
def test_a_broken_design_is_refused_in_one_line_and_nothing_is_written(text, said, tmp_path, capsys, monkeypatch):
    from iccmsim.cli import main

    written(tmp_path, text, **TABLES)
    for name, dated in (("later", "[[programme.change]]\nday = 30\npolicy.youngest_months = 12\n"),
                        ("flood", '[[shock]]\nkind = "flood"\nday = 30\n')):  # fmt: skip
        (tmp_path / f"{name}.toml").write_text(f'format = 1\nextends = "sahel/iccm-as-delivered"\n{dated}')
    monkeypatch.chdir(tmp_path)
    assert main(["sweep", "design.toml", "--out", "out"]) == 2
    line = capsys.readouterr().err
    assert said in line
    assert line.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_factor_that_was_drawn_may_bring_a_vector_to_its_end():
    design = latin_hypercube(ARMS, {"sym.mal": (4.0, 5.0)}, n=2, seeds=1, settings=SETTINGS)
    values = study_of(design).scenario(1, design.rows[0]).setting["sym.mal"]
    assert max(values) == 1


def test_a_factor_that_reaches_the_end_or_is_plausible_is_not_refused():
    values = {"pop.survival": [0.1, 1 / 0.96], "sym.mal": [0.0, parameter("sym.mal").plausible[1]]}
    assert study_of(grid(ARMS, values, seeds=1, settings=SETTINGS))


def test_a_lever_that_an_arm_changes_on_a_date_is_not_varied(tmp_path):
    (tmp_path / "later.toml").write_text('format = 1\nextends = "sahel/iccm-as-delivered"\n[[programme.change]]\n'
                                         "day = 90\nsup.fill = 0.9\n", encoding="utf-8")  # fmt: skip
    design = grid([ARMS[0], str(tmp_path / "later.toml")], {"sup.fill": [0.5]}, seeds=1)
    with pytest.raises(ValueError, match="later changes it on day 90"):
        study_of(design)


def test_rows_that_anchoring_would_mend_are_not_refused():
    design = rows(ARMS, ["cfr.mal.severe_untx"], [[0.99]], seeds=1, settings=SETTINGS)
    with pytest.raises(ValueError, match=r"kappa\.mal x"):
        study_of(design)
    assert study_of(replace(design, anchor=True))


def test_the_design_in_the_manual_can_be_run_and_its_words_are_all_there_are(tmp_path):
    manual = (Path(__file__).resolve().parents[1] / "docs" / "sweeps.md").read_text(encoding="utf-8")
    design = read_design(written(tmp_path, re.search(r"```toml\n(.*?)```", manual, re.DOTALL)[1]))
    assert len(study_of(design).arms) == 2
    assert design.rows.shape == (9, 2)
    for words in OF_KIND.values():
        assert all(f"`{word}`" in manual or f"`{word} = " in manual for word in words)
