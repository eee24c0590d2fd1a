"""What every column of a run's tables means: the one home of meaning, unit, denominator and ages of those columns.

Counts have theirs in `counts`; outcomes of sweeps in `iccmsim.studies.outcomes`; the rest in `iccmsim.studies.columns`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from iccmsim.core.records import CAUSES, COMPLAINTS, ILLNESSES, NUTRITION, OUTCOMES, PRODUCTS, PROVIDERS
from iccmsim.results.tables import STATES

UNDER_FIVE = "0-59 months"
NAME, NUMBER, YES, SINCE_LAUNCH = "name", "number", "yes or no", "days since launch"


@dataclass(frozen=True)
class Column:
    """One column: its meaning, its unit, what it is divided by, whose ages it counts, and the names it can hold."""

    name: str
    says: str
    unit: str
    per: str = ""  # the denominator of a share or rate
    ages: str = ""
    values: tuple[str, ...] = ()


def _of_children(*columns: tuple) -> tuple[Column, ...]:
    """Columns that tell of children under five: name, unit, meaning, and perhaps the names they can hold."""
    return tuple(Column(name, says, unit, ages=UNDER_FIVE, values=next(iter(values), ()))
                 for name, unit, says, *values in columns)  # fmt: skip


def _each_product(prefix: str, unit: str, says: str, *, ages: str = "") -> tuple[Column, ...]:
    return tuple(Column(f"{prefix}_{product}", says.format(product.replace("_", " ")), unit, ages=ages)
                 for product in PRODUCTS)  # fmt: skip


ZONE = ("zone", NUMBER, "Health-facility zone.")

CHILDREN = _of_children(
    ("child", NUMBER, "Child, through the district; the same child in every arm of one setting and seed."),
    ZONE,
    ("household", NUMBER, "Household, through the district."),
    ("village", NUMBER, "Village."),
    ("birth_day", SINCE_LAUNCH, "Birth; negative before launch."),
    ("wealth", "times the mean", "Wealth of the household."),
    ("wealth_quintile", NUMBER, "Fifth of the district's households by wealth, 1 the poorest."),
    ("km_facility", "km", "Distance by path to the first-level health facility."),
    ("km_chw", "km", "Distance by path to the CHW's post; empty without one."),
    ("chw", NUMBER, "The CHW whom the family would go to; -1 for none."),
    ("state", NAME, "At the end of the run.", STATES),
    ("end_day", SINCE_LAUNCH, "Death or fifth birthday; empty if neither has come."),
    ("cause", NAME, "Cause of death; empty for a child who has not died.", CAUSES),
)

EPISODES = (
    *_of_children(
        ("child", NUMBER, "Child, as in the table of children."),
        ZONE,
        ("episode_id", NUMBER, "Episode, through the district."),
        ("illness", NAME, "Illness.", ILLNESSES),
        ("episode", NUMBER, "Candidate onset of this illness in this child; the same in every arm."),
        ("onset_day", SINCE_LAUNCH, "Onset."),
        ("age_days", "days", "Age at onset."),
        ("outcome", NAME, "How it ended; prevented: an antimalarial taken shortly before kept it from beginning.",
         OUTCOMES),
        ("severe", YES, "It became severe."),
        ("worsens_day", SINCE_LAUNCH, "When it turns severe, if it does."),
        ("kills_day", SINCE_LAUNCH, "When it kills, if it is severe and does."),
        ("mends_day", SINCE_LAUNCH, "When it is over, if it never turns severe."),
        ("fever", YES, "Has fever."),
        ("cough", YES, "Has cough."),
        ("fast_breathing", YES, "Breathes fast."),
        ("diarrhoea_sign", YES, "Has diarrhoea."),
        ("infected", YES, "Carries malaria parasites, which a malaria test looks for."),
        ("danger_sign", YES, "Has a general danger sign, from the onset or since it became severe."),
        ("perceived", YES, "The family took it for severe when it last judged: once it was severe, if it became so, "
         "else at the onset."),
        ("visits", "visits", "Visits at which somebody saw the child while it had this illness, whichever illness led "
         "there: one visit counts in each. Visits in vain do not."),
        ("first_care_day", SINCE_LAUNCH, "First care outside the home; empty for none."),
        ("first_formal_day", SINCE_LAUNCH, "First care by a CHW or health facility; empty for none."),
        ("first_provider", NAME, "Who gave the first care outside the home; wait: nobody did.", PROVIDERS),
        ("by_informal", YES, "Seen by a seller of drugs or another informal provider."),
        ("by_chw", YES, "Seen by a CHW."),
        ("by_facility", YES, "Seen by a first-level health facility."),
        ("by_hospital", YES, "Seen by the hospital."),
        ("missed_chw", YES, "Came to a CHW and was not seen that day: nobody was there, or there was no turn."),
    ),
    *_each_product("got", YES, "Was given {} by a CHW or first-level health facility.", ages=UNDER_FIVE),
    *_each_product("lacked", YES, "At a visit {} was wanted and out of stock.", ages=UNDER_FIVE),
    *_of_children(
        ("nutrition", NAME, "How the child is nourished at onset.", NUTRITION),
        ("referred", YES, "Was referred."),
        ("referral_done", YES, "Arrived where it was referred to."),
        ("chance_severe", "probability", "Chance of turning severe that it met; 0 if it never came to it."),
        ("chance_death", "probability", "Chance of death that it met, once severe; expected deaths are its sum. 0 if "
         "it never came to it."),
        ("effect", "share", "Danger of worsening and death together that the best treatment took away, zinc and "
         "second line apart."),
        ("effect_zinc", "share", "Danger that zinc took away."),
        ("effect_second_line", "share", "Danger left by the first line that the second took away."),
    ),
)  # fmt: skip

MARKS_SAY = {
    "found_closed": "Nobody was there.",
    "no_drug": "A drug that was wanted was out of stock.",
    "turned_away": "There was no turn for the child, and the family waited no longer.",
    "looked": "Looked for danger signs.",
    "danger_found": "Found a danger sign (or took the referral for one).",
    "tested": "Tested for malaria.",
    "positive": "The malaria test was positive.",
    "counted": "Counted breaths.",
    "fast_found": "Found fast breathing.",
    "referred": "Referred.",
    "gone": "The family set out for where it was referred to.",
    "not_allowed": "Policy forbade the CHW a treatment or this age.",
    "oximeter": "Measured oxygen.",
    "low_oxygen": "Found low oxygen.",
    "indrawing_at_home": "Chest indrawing, treated at home as policy has it.",
    "at_home": "The CHW saw the child at its home.",
    "no_bed": "There was no bed; the child was sent on.",
    "taken_there": "Transport to the referral was arranged.",
    "escorted": "The CHW went along to the referral.",
    "second_line": "The first line had failed, and the second was given.",
    "triaged": "As a child in danger seen at once: out of turn, or beyond the hours.",
}

VISITS = (
    *_of_children(
        ("child", NUMBER, "Child, as in the table of children."),
        ZONE,
        ("episode_id", NUMBER, "The illness that led to the visit, as in the table of episodes; -1 for none."),
        ("arrived_day", SINCE_LAUNCH, "Arrival."),
        ("day", SINCE_LAUNCH, "When the child was seen, or turned back."),
        ("provider", NAME, "Whom the family went to; volunteer: who gave an antimalarial near by.", PROVIDERS),
        ("chw", NUMBER, "Which CHW; -1 for any other provider."),
        ("complaint", NAME, "The worst complaint, as the family sees it.", COMPLAINTS),
        *((name, YES, says) for name, says in MARKS_SAY.items()),
    ),
    *_each_product("given", YES, "Given: {}.", ages=UNDER_FIVE),
    *_each_product("lacked", YES, "Wanted and out of stock: {}.", ages=UNDER_FIVE),
    *_of_children(("by_referral", YES, "Came because it had been referred.")),
)

_OF_MONTHS = (
    Column("month", "Month since launch, of 30.4375 days; 0 is the first, negative ones are of the warm-up.", NUMBER),
    Column("year", "Year since launch, of twelve such months; 0 is the first.", NUMBER),
    Column("month_of_year", "Calendar month, launch being at the beginning of January.", NUMBER),
)
BOOK = (
    Column("days_in_post", "Days with somebody in post (CHWs only).", "CHW-days"),
    Column("days_present", "Days in post on which the CHW was there (CHWs only).", "CHW-days"),
    Column("cases", "Sick children seen.", "visits", ages=UNDER_FIVE),
    Column("visits_missed", "Sick children who came, and found nobody or were turned away.", "visits", ages=UNDER_FIVE),
    Column("turned_away", "Of these, those for whom there was no turn: on the day they came, or at the end of their "
           "patience.", "visits", ages=UNDER_FIVE),
    Column("waited", "Sick children seen after they had waited overnight, for a turn or, sent there, for an open day.",
           "visits", ages=UNDER_FIVE),
    Column("no_turn", "Sick children who came and had no turn that day, whether they then waited or not.", "visits",
           ages=UNDER_FIVE),
    Column("without_drug", "Visits at which a drug that was wanted was out of stock.", "visits", ages=UNDER_FIVE),
    Column("referred", "Visits that ended in a referral.", "visits", ages=UNDER_FIVE),
    Column("supervised", "Supervision visits.", "supervision visits"),
    Column("mentored", "Supervision visits that taught by mentoring.", "supervision visits"),
    Column("reported", "Reports that arrived.", "reports"),
    Column("departures", "CHWs who left the post.", "CHWs"),
    Column("home_visits", "Households visited: rounds, follow-ups, newborns.", "home visits"),
    Column("found_at_home", "Sick children seen at home on such visits.", "visits", ages=UNDER_FIVE),
    Column("minutes", "Time of consultations.", "minutes"),
    Column("skill", "Skill above the untrained, summed over the days in post.", "logit x CHW-days"),
    Column("motivation", "Motivation, summed over the days in post.", "score x CHW-days"),
    Column("any_out_days", "Days that ended with a product of the box out of stock; of a CHW, those in post.", "days"),
    *_each_product("stock_out_days", "days", "Days that ended without {}; of a CHW, those in post."),
    *_each_product("given", "doses", "Doses of {} given to children.", ages=UNDER_FIVE),
    *_each_product("received", "doses", "Doses of {} that arrived, before losses."),
    *_each_product("ordered", "doses", "Doses of {} ordered."),
    *_each_product("leaked", "doses", "Doses of {} lost, of those that arrived."),
    *_each_product("expired", "doses", "Doses of {} thrown away: too old, or recalled."),
    Column("reported_cases", "Sick children of review periods that end in the month, by the reports that arrived.",
           "visits", ages=UNDER_FIVE),
    Column("reported_out_days", "Days with a product lacking, by the same reports.", "days"),
    Column("fees", "Paid by families for visits.", "USD"),
    Column("unpaid", "1 if the salary of the month did not come.", "months"),
    Column("targeted", "Supervision visits sent where the reports look worst.", "supervision visits"),
    Column("aid_days", "Days in post with a job aid that works.", "CHW-days"),
    Column("campaign_days", "Days in post of which a campaign took its share.", "CHW-days"),
)  # fmt: skip
_ZONE = Column("zone", "Health-facility zone.", NUMBER)
CHW_MONTHS = (_ZONE, Column("chw", "CHW, through the district.", NUMBER), *_OF_MONTHS, *BOOK)
FACILITY_MONTHS = (_ZONE, Column("facility", "Health facility: the number of its zone.", NUMBER), *_OF_MONTHS, *BOOK)

TABLE_COLUMNS: dict[str, tuple[Column, ...]] = {
    "children": CHILDREN, "episodes": EPISODES, "visits": VISITS, "chw_months": CHW_MONTHS,
    "facility_months": FACILITY_MONTHS,
}  # fmt: skip

FACTS = (
    Column("place", "Where it plays.", NAME),
    Column("villages", "Villages.", "villages"),
    Column("people", "People of all ages.", "people", ages="all ages"),
    Column("zones", "Health-facility zones.", "zones"),
    Column("deploys_chws", "Whether the programme deploys CHWs.", YES),
    Column("chws", "CHWs once all posts are filled.", "CHWs"),
    Column("posts", "Posts of CHWs.", "posts"),
    Column("chws_stay", "CHWs of the status quo who stay: at a post in the same village.", "CHWs"),
    Column("rollout_days", "Days from launch over which the other CHWs for the posts are found, evenly; 0: all on the "
           "day of launch. Who is found may wait for a course.", "days"),
    Column("people_served_by_chws", "People whose village has a CHW.", "people", ages="all ages"),
    Column("share_5km", "People less than 5 km in a straight line from a health facility or a CHW's post.", "share",
           per="people", ages="all ages"),
    Column("share_dropped", "People of the lists whose village could not be placed, or who are counted otherwise when "
           "it is listed again, of the whole map.", "share", per="people", ages="all ages"),
    Column("share_imputed", "People guessed for villages without a usable number, of the whole map.", "share",
           per="people", ages="all ages"),
    Column("share_too_far", "People over 100 km in a straight line from every health facility, of the whole map.",
           "share", per="people", ages="all ages"),
    Column("villages_uncounted", "Villages of the lists that could not be placed and have no number of people.",
           "villages"),
    Column("types_unknown", "Facilities of unknown type, counted as first level.", "facilities"),
    Column("facilities_too_far", "Facilities over 100 km in a straight line from every village.", "facilities"),
    Column("mean_km_hospital", "Straight line to the nearest referral facility, mean over people, of the whole map.",
           "km", per="people", ages="all ages"),
    Column("warmup_days", "Days lived before launch.", "days"),
    Column("window_days", "Days from launch in which everything is counted.", "days"),
    Column("tail_days", "Days lived beyond the window.", "days"),
    Column("shocks", "What befalls the place, a sentence each; empty: nothing.", "text"),
)  # fmt: skip
DEEDS = Column("deeds", "What was done in mid-run that the scenario does not say; empty: nothing.", "text")


def missing_from(columns: Iterable[Column], names: Iterable[str]) -> list[str]:
    """Names that have no entry, and entries that have no name."""
    told, there = [each.name for each in columns], list(names)
    return [name for name in there if name not in told] + [name for name in told if name not in there]
