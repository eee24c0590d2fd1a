"""A sensitivity analysis in words and tables: what matters, how sure that is, and what was left out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from iccmsim.report.experiment import whole_or_nothing, write_rows
from iccmsim.report.sensitivity_figures import label_of, outcome_words, ranked_by, write_sensitivity_figures
from iccmsim.report.terminal import several

Found = Mapping[str, Any]
COLUMNS = {"sobol": ("ST", "S1", "ST_no_chance"), "morris": ("mu_star", "sigma"), "pawn": ("pawn", "by_chance")}
HEADS = {"ST": "ST", "S1": "S1", "ST_no_chance": "ST without chance", "mu_star": "mean |effect|", "sigma": "sigma",
         "pawn": "PAWN", "by_chance": "by chance"}  # fmt: skip
MOST = 20


def write_findings(found: Found, folder: Path) -> list[Path]:
    """Findings, tables, text and figures into a folder; all of them made from `found` alone."""
    folder.mkdir(parents=True, exist_ok=True)
    told = json.dumps(found, indent=1, ensure_ascii=False, allow_nan=False)
    whole_or_nothing(folder / "findings.json", (told + "\n").encode())
    whole_or_nothing(folder / "sensitivity.txt", (findings_text(found) + "\n").encode())
    masters = [{"master": number, **row} for number, table in zip(found["master_seeds"], found["masters"], strict=True)
               for row in table]  # fmt: skip
    tables = {"indices": found["table"], "masters": masters, "parameters": found["ends"], "pairs": found["pairs"],
              "convergence": found["convergence"]}  # fmt: skip
    for name, rows in tables.items():
        if rows:
            write_rows(rows, folder / f"{name}.csv")
    return write_sensitivity_figures(found, folder)


def reading_of(found: Found) -> list[dict[str, Any]]:
    """The few numbers that a reading may name, one a row: kept beside it, so that a test can read them again.

    Of a single parameter the error known is that of the difference of its ends: they have none of their own.
    """
    index, name = ranked_by(found), label_of(found)
    rows = [{"what": f"{index} of {row[name]}", "value": row[index], "half_width": row[f"{index}_conf"]}
            for row in found["table"]]  # fmt: skip
    rows += [{"what": f"{key.replace('_', ' ')} of {row[name]}", "value": row[key], "half_width": row[f"{key}_conf"]}
             for row in found["table"] for key in ("S1", "ST_no_chance") if row.get(key) is not None]  # fmt: skip
    rows += [{"what": f"{end} fifth of {row['parameter']}", "value": value, "half_width": half}
             for row in found["ends"][:10]
             for end, value, half in (("low", row["low"], None), ("high", row["high"], None),
                                      ("high less low", row["high"] - row["low"], 1.96 * row["error"]))]  # fmt: skip
    plain = {"outcome mean": found["outcome"]["mean"], "outcome low": found["outcome"]["low"],
             "outcome high": found["outcome"]["high"], "chance of the mean": found["chance"]["of_the_mean"],
             "parameters": found["parameters"], "masters": len(found["masters"]), "too wide": len(found["too_wide"]),
             "shared among the first": len(found["agreement"]["shared"]), **found["rows"]}  # fmt: skip
    return rows + [{"what": what.replace("_", " "), "value": value, "half_width": None}
                   for what, value in plain.items()]  # fmt: skip


def findings_text(found: Found) -> str:
    """What was found, for the terminal."""
    rows, index, name = found["rows"], ranked_by(found), label_of(found)
    what = found["outcome"]
    heads = "".join(f"{HEADS[key]:>19}" for key in COLUMNS[found["method"]])
    lines = [f"{found['arm']} beside {found['arms'][0]}: {outcome_words(found)}, {found['method'].capitalize()}"
             + ("" if found["anchored"] else "; UNANCHORED: deaths without the programme vary, too"),
             f"Over all rows {what['mean']:.3g} on average, {what['low']:.3g} to {what['high']:.3g} in 95 % of them",
             "", f"{name.capitalize():<28}{heads}"]  # fmt: skip
    for row in found["table"][:MOST]:
        shown = row[name].split(".", 1)[1] if name == "parameter" else row[name]
        lines.append(f"{shown:<28}" + "".join(_cell(row, key) for key in COLUMNS[found["method"]]))
    lines += ["", *_pairs(found), *_single(found["ends"]), *_sure(found, index), *_left(found), _rows(rows)]
    return "\n".join(lines)


def _cell(row: Mapping[str, Any], key: str) -> str:
    value, half = row.get(key), row.get(f"{key}_conf")
    if value is None:
        return f"{'-':>19}"
    return f"{f'{value:.2f} ± {half:.2f}' if half is not None else f'{value:.2f}':>19}"


def _pairs(found: Found) -> list[str]:
    sure = [pair for pair in found["pairs"] if abs(pair["S2"]) > pair["S2_conf"]][:3]
    said = "; ".join(f"{p['first']} with {p['second']} {p['S2']:.2f} ± {p['S2_conf']:.2f}" for p in sure)
    return [f"Pairs whose interval does not hold 0: {said or 'none'}"] if found["pairs"] else []


def _single(ends: Sequence[Mapping[str, Any]]) -> list[str]:
    """Parameters that stand out by themselves."""
    sure = [row for row in ends if row["sure"]][:MOST]
    if not sure:
        none = f"None of {len(ends)} single parameters stands out from chance (lowest against highest fifth)"
        return [none] * bool(ends)
    return ["Single parameters, mean in the lowest and in the highest fifth of the doubt (standard error of the gap):",
            *(f"  {row['parameter'].split('.', 1)[1]:<26}{row['low']:>10.3g}{row['high']:>10.3g}   ({row['error']:.2g})"
              for row in sure)]  # fmt: skip


def _sure(found: Found, index: str) -> list[str]:
    share, agreed, lines = found["chance"], found["agreement"], []
    if share["of_one_run"] is not None:
        lines.append(f"Chance (the seed): {100 * share['of_one_run']:.0f} % of the variance of one run, "
                     f"{100 * share['of_the_mean']:.0f} % of that of a row's mean")  # fmt: skip
    if found["method"] == "sobol":
        lines.append(f"NOT known to within .05 though above .1: {', '.join(found['too_wide'])}; take more samples"
                     if found["too_wide"] else "Every total index above .1 is known to within .05")  # fmt: skip
    if len(found["masters"]) > 1:
        shared, top = agreed["shared"], len(agreed["top"][0])
        verdict = f"agree on the first {top}" if agreed["agree"] else (
            f"do NOT agree on the first {top}, only on {len(shared)}")  # fmt: skip
        lines.append(f"{several(len(found['masters']), 'master seed')} {verdict}: {', '.join(shared)}")
    return lines


def _left(found: Found) -> list[str]:
    counts = Counter(found["left_out"].values())
    said = "; ".join(f"{n}: {why}" for why, n in counts.items())
    return [f"{found['parameters']} parameters vary. In doubt and left as they are: {said}"] if said else []


def _rows(rows: Mapping[str, int]) -> str:
    """How many rows, and how many blocks of rows that belong together, were lost on the way."""
    worst = rows["anchor_residual"]
    kept = "" if worst is None else f"; anchored rows keep the death rate of each illness within {100 * worst:.2g} %"
    return (f"{rows['kept']:,} of {rows['all']:,} rows analysed, {several(rows['seeds'], 'seed')} each; "
            f"{rows['not_anchored']:,} could not be anchored, {rows['failed']:,} failed, and take the "
            f"{rows['in_a_block']} rows of their block with them; {several(rows['blocks_set_aside'], 'block')} of such "
            "rows set aside before" + kept)
