"""Everything that has state, one record a row: children, courses of illness, households, villages, providers.

Times are whole minutes since the warm-up began (`minute`), days are whole days since then (`day`); -1 means "never"
or "none". Fields are i4, i8 or f8: narrower ones would round or wrap differently in plain Python. Only of courses,
which are by far the most, what is a name, a mark, bits or a small count is i1 or i2, and a draw of 16 bits is f4, which
holds it exactly. No record of state has padding, so that equal rows are equal bytes.
"""

from __future__ import annotations

import numpy as np

from iccmsim.core.memory import LINE_OF_CACHE

MINUTES = 1440  # in a day
MONTH = 30.4375  # days
YEAR = 365.25  # days
FIVE_YEARS = 1826  # days
NEVER = 2_000_000_000  # a minute after every horizon

ILLNESSES = ("malaria", "pneumonia", "diarrhoea", "newborn_infection", "other_fever", "cough_or_cold")
CAUSES = (*ILLNESSES, "background")
MALARIA, PNEUMONIA, DIARRHOEA, NEWBORN, FEVER, COUGH, BACKGROUND = range(7)

PRODUCTS = ("ors", "zinc", "amoxicillin", "act_infant", "act_child", "rdt", "rectal_artesunate", "gentamicin",
            "rutf")  # fmt: skip
ORS, ZINC, AMOXICILLIN, ACT_INFANT, ACT_CHILD, RDT, RECTAL_ARTESUNATE, GENTAMICIN, RUTF = range(9)
N_PRODUCTS = len(PRODUCTS)
BASIC_PRODUCTS = 6  # of the usual box; the others are held only where policy has them given

PROVIDERS = ("wait", "informal", "chw", "facility", "hospital", "volunteer")
WAIT, INFORMAL, AT_CHW, AT_FACILITY, AT_HOSPITAL, VOLUNTEER = range(6)
MISSED_CHW = 6  # beside who saw a child in an illness: the family came to a CHW and was not seen

NUTRITION = ("average", "well_nourished", "moderate_wasting", "severe_wasting", "treated_wasting")
AVERAGE, WELL_NOURISHED, MODERATE_WASTING, SEVERE_WASTING, TREATED_WASTING = range(5)

STEPS = ("danger", "rdt", "breaths", "obey", "withhold", "dose", "refer", "ors", "zinc")
LOOK_FOR_DANGER, TEST_FEVER, COUNT_BREATHS, OBEY_TEST, WITHHOLD, RIGHT_DOSE, REFER, GIVE_ORS, GIVE_ZINC = range(9)

DURATION, TO_SEVERE, TO_DEATH = range(3)  # log-normal times of a course
SPREAD_POINTS = 513  # at which their quantiles are tabulated

NO_JOB_AID, WORKS, BROKEN = range(3)  # a CHW's job aid
NOT_YET_POSTED = -1  # generation of a CHW of the first hour who is still to be trained

UNBORN, ALIVE, DEAD, AGED_OUT = range(4)  # state of a child
AHEAD, DUE, MILD, SEVERE, MENDING, OVER = range(6)  # stage of a course
OUTCOMES = ("not_reached", "recovered", "died", "prevented", "cut_short", "running")
NOT_REACHED, RECOVERED, DIED, PREVENTED, CUT_SHORT, RUNNING = range(6)

HAS_FEVER, HAS_COUGH, HAS_FAST, HAS_DIARRHOEA, HAS_DANGER, HAS_DANGER_SEVERE, IS_INFECTED = 1, 2, 4, 8, 16, 32, 64
ONLY_INDRAWING, IS_HYPOXIC = 128, 256  # of the whole child, looked up at a visit only where policy asks for them
COMPLAINTS = ("danger sign", "fast breathing", "diarrhoea", "fever", "cough", "none seen")
NO_COMPLAINT = 5

MAIN, BY_ZINC, BY_SECOND_LINE = range(3)  # mechanisms by which a dose acts

# marks of a visit
MARKS = ("found_closed", "no_drug", "turned_away", "looked", "danger_found", "tested", "positive", "counted",
         "fast_found", "referred", "gone", "not_allowed", "oximeter", "low_oxygen", "indrawing_at_home",
         "at_home", "no_bed", "taken_there", "escorted", "second_line", "triaged")  # fmt: skip
FOUND_CLOSED, FOUND_NO_DRUG, TURNED_AWAY, LOOKED, DANGER_FOUND, TESTED, POSITIVE = (1 << i for i in range(7))
COUNTED, FAST_FOUND, REFERRED, GONE = (1 << i for i in range(7, 11))
NOT_ALLOWED, OXIMETER, LOW_OXYGEN, INDRAWING_AT_HOME, AT_HOME = (1 << i for i in range(11, 16))
NO_BED, TAKEN_THERE, ESCORTED, SECOND_LINE, TRIAGED = (1 << i for i in range(16, 21))
MOST_BEDS = 24  # of one health centre, or of the hospital for one zone


def row_type(fields: list | dict) -> np.dtype:
    """The kind of row with these fields. A row reads as `row.field`, in compiled and in plain Python.

    All tables of a kind share this one object: by it numba knows them at once, and otherwise only field by field.
    """
    return np.dtype((np.record, np.dtype(fields, align=True)))


CHILD = row_type(  # what is read every day of an illness comes first, what an event reads next
    [
        ("household", "i4"),  # row
        ("state", "i4"),
        ("due", "i4"),  # minute at which something next falls due in this child
        ("changes", "i4"),  # minute at which what the family sees may next change
        ("ill", "i4"),  # illnesses being suffered, as bits 1 << illness
        ("going_to", "i4"),  # provider it is on the way to, 0 none
        ("waits_since", "i4"),  # minute of first arrival, -1 not in a queue
        ("content_until", "i4"),  # minute until which the family trusts the treatment it has
        ("complaint", "i4"),  # worst, as the family sees it
        ("perceived", "i4"),  # 1 if the family thinks it severe
        ("home_due", "i4"),  # 1 if an illness has not been considered at home yet
        ("visited", "i4", (4,)),  # minute of the last visit without failure, by provider
        ("sick_at", "i4"),  # place in the zone's list of the unwell, -1 none
        ("active", "i4", (6,)),  # row of the course of each illness, -1 none
        ("afoot", "i4"),  # illnesses that have such a course, begun or to begin today, as bits
        ("severe", "i4"),  # those that are severe, as bits
        ("leaves", "i4"),  # minute of background death or of the fifth birthday, whichever is first
        ("leaves_dead", "i4"),  # 1 if that is a death
        ("birth", "i4"),  # minute; negative: before the warm-up
        ("let_down_by", "i4"),  # bits 1 << provider: a course worsened after their treatment
        ("act_at", "i4"),  # minute of the last ACT, -1 none
        ("number", "i4"),  # in the zone, the same in every arm
        ("arrives", "i4"),  # minute
        ("next", "i4"),  # in the list of a day's arrivals
        ("end", "i4"),  # minute of death or of the fifth birthday
        ("cause", "i4"),  # of death, -1 while none
        ("attempt", "i4"),  # 1 on the second try of a day
        ("by_referral", "i4"),
        ("follow_day", "i4"),  # day on which the CHW said it would look in again, -1 none
        ("at_home", "i4"),  # 1 while a CHW sees it at home
        ("fed_at", "i4"),  # minute at which treatment of severe wasting began, 0 never
        ("fed_until", "i4"),  # minute at which the spell of wasting so treated would have ended by itself
        ("act_dose", "f8"),  # 1 a full course, less a partial one
    ]
)

DRAWN = [  # what is drawn of a course before anything has happened
    ("u_worsen", "f8"),
    ("u_die", "f8"),
    ("u_recognise", "f4"),
    ("child", "i4"),
    ("onset", "i4"),  # minute
    ("worsens", "i4"),  # minute T_w at which it turns severe or not
    ("kills", "i4"),  # minute T_d at which a severe one kills or not
    ("mends", "i4"),  # minute T_r at which one that never was severe is over
    ("wasted_until", "i4"),  # minute at which the child will no longer be nourished as it is at onset
    ("episode", "i2"),  # number of the candidate onset of this illness in this child, at most LAST_EPISODE
    ("signs", "i2"),  # bits of symptoms
    ("illness", "i1"),
    ("overlaps", "i1"),  # 1 if it began within another illness
    ("wasting", "i1"),  # how the child is nourished when it begins
]

LAST_EPISODE = 32_767
_NAMES, _KINDS = zip(*DRAWN, strict=True)
_PLACES = [np.dtype(DRAWN, align=True).fields[name][1] for name in _NAMES]
CANDIDATE = row_type({"names": _NAMES, "formats": _KINDS, "offsets": _PLACES, "itemsize": LINE_OF_CACHE})

COURSE = row_type(
    [
        *DRAWN,
        ("stage", "i1"),
        ("due", "i4"),  # minute of what comes next
        ("turns", "i4"),  # minute of its next change that a family can see: as due, unless it only does not worsen
        ("first_care", "i4"),  # minute of the first care outside the home, -1 none
        ("first_formal", "i4"),  # ... by a CHW or facility
        ("ras_at", "i4"),  # minute of the last rectal artesunate, 0 none
        ("first_line_at", "i4"),  # minute of the first drug against it from a CHW, facility or volunteer, 0 none
        ("second_line_at", "i4"),  # minute of the first other drug after that one failed, 0 none
        ("visits", "i2"),
        ("doses", "i2"),  # bits 1 << product that a CHW or first-level facility gave
        ("lacked", "i2"),  # bits 1 << product that was wanted and out of stock
        ("outcome", "i1"),
        ("perceived", "i1"),
        ("was_severe", "i1"),
        ("seen_by", "i1"),  # bits 1 << provider, and 1 << MISSED_CHW
        ("treated_by", "i1"),  # bits 1 << provider who gave something
        ("first_provider", "i1"),
        ("home_asked", "i1"),  # 1 once considered at home
        ("referred", "i1"),
        ("referral_done", "i1"),
        ("followed", "i1"),  # 1 once a full treatment of malaria was given
        ("x", "f8", (3,)),  # best effect on worsening, by mechanism
        ("y", "f8", (3,)),  # best effect on fatality, by mechanism
        ("chance_severe", "f8"),  # P at T_w
        ("chance_death", "f8"),  # C at T_d: what expected deaths count
    ]
)

HOUSEHOLD = row_type(  # what a choice reads comes first
    [
        ("village", "i4"),
        ("chw", "i4"),  # row, -1 none
        ("trust_day", "i8"),
        ("usual", "f8", (4,)),  # odds against waiting with neither trust nor distrust, by provider
        ("trust", "f8", (2,)),  # in CHW, facility; between -1 and 1
        ("used_day", "i4", (2,)),  # when it last went to a CHW, to the facility
        ("wealth", "f8"),  # mean 1
        ("taste_any", "f8"),  # lasting inclination to seek any care (logit)
        ("taste_formal", "f8"),  # ... formal care
        ("km_facility", "f8"),  # by path
        ("km_hospital", "f8"),
        ("km_chw", "f8"),
        ("round_place", "i8"),  # place in the CHW's round of home visits
    ]
)

PROMISE = row_type(  # a family that will have a CHW, or another one, once that CHW comes
    [
        ("household", "i4"),
        ("chw", "i4"),  # row
        ("km", "f8"),  # by path
    ]
)

VILLAGE = row_type(
    [
        ("number", "i8"),
        ("post", "i4"),
        ("trust_day", "i4"),
        ("trust", "f8", (2,)),
        ("users", "f8", (2,)),  # households that used it, each fading since its last use as trust does
    ]
)

PROVIDER = row_type(  # a CHW, or the zone's first-level facility
    [
        ("number", "i8"),
        ("kind", "i4"),  # AT_CHW or AT_FACILITY
        ("village", "i4"),
        ("in_spell", "i4"),  # 1 while away
        ("present", "i4"),  # today
        ("vacant_until", "i4"),  # day, -1 in post
        ("generation", "i4"),  # how many have held the post before
        ("clock", "i4"),  # minute until which busy
        ("waiting", "i4"),  # children that wait overnight
        ("overloaded_today", "i4"),
        ("supervised_day", "i4"),  # of the last visit, -1 none
        ("visit_day", "i4"),  # day of this month's supervision visit, -1 none
        ("visit_mentors", "i4"),
        ("mentored_day", "i8"),  # of the last visit that taught by mentoring, -1 none
        ("refreshed_day", "i4"),
        ("period", "i4"),  # review periods gone by
        ("minutes", "f8"),  # left today
        ("owed", "f8"),  # worked beyond the hours and not made up for yet
        ("skill", "f8"),  # logit above the untrained
        ("motivation", "f8"),
        ("overload", "f8"),  # share of the last days with children left waiting
        ("stocked", "f8"),  # share of the last days with every product in stock
        ("logit", "f8", (9,)),  # of each step at skill 0, with this person's own talent
        ("sure", "f8", (9,)),  # chance of each step today
        ("drawn", "f8", (4, 4)),  # what decides the steps of the consultation at hand
        ("kit", "f8", (N_PRODUCTS,)),  # doses expected in 30 days; 0 where it is not held
        ("stock", "i4", (N_PRODUCTS,)),
        ("used", "i4", (4, N_PRODUCTS)),  # doses in this and the last 3 review periods
        ("days_in", "i4", (4, N_PRODUCTS)),  # days with stock in them
        ("reported", "i4", (4,)),  # 1 if that period's report arrived
        ("coming", "i4", (4, N_PRODUCTS)),  # deliveries on the way
        ("coming_day", "i4", (4,)),
        ("slot", "i4" if N_PRODUCTS % 2 else "i8"),  # delivery that is being put together, -1 none (and no padding)
        ("families", "i8"),  # households that it serves
        ("round_at", "i8"),  # place at which today's round of home visits begins
        ("round_today", "i8"),  # households that it comes to
        ("outreach", "f8"),  # minutes left for rounds; negative if sick children took more
        ("asks", "i8"),  # doses of the product being shared out
        ("gets", "i8"),
        ("began_with", "i8", (N_PRODUCTS,)),
        ("received", "i8", (N_PRODUCTS,)),
        ("given", "i8", (N_PRODUCTS,)),  # to children
        ("issued", "i8", (N_PRODUCTS,)),  # a facility's doses sent to CHWs
        ("leaked", "i8", (N_PRODUCTS,)),  # lost on the road, of those received
        ("expired", "i8", (N_PRODUCTS,)),  # thrown away
        ("came", "i8", (8, N_PRODUCTS)),  # all that had come by each of the last counts of the shelf, latest first
        ("counted_day", "i8"),  # of the last such count, -1 none
        ("arrived", "i4", (N_PRODUCTS,)),  # doses of today's deliveries
        ("cut_off", "i4"),  # 1 if no road leads there while it rains
        ("cases_before", "i4"),  # consultations up to the last report, and days with a product lacking
        ("out_days_before", "i4"),
        ("told_month", "i4"),  # of the report that is on its way, -1 none; and what it says
        ("told_cases", "i4"),
        ("told_out_days", "i4"),
        ("reported_cases", "i4"),  # what the last report that arrived says, -1 none yet
        ("reported_out_days", "i4"),  # days with a product lacking
        ("report_day", "i4" if N_PRODUCTS % 2 else "i8"),  # on which it arrived, -1 none yet (and no padding)
        ("in_arrears", "i4"),  # 1 while pay does not come
        ("unpaid", "i4"),  # months of pay missed in a row
        ("job_aid", "i4"),  # none, works, broken
        ("unsure", "i4"),  # 1 until the chances of today's steps are worked out
        ("wait_hours", "f8"),  # that families have lately waited here, a running mean
        ("bed_until", "i4", (MOST_BEDS,)),  # minute until which each bed of the health centre is taken
        ("hospital_bed_until", "i4", (MOST_BEDS,)),  # the same for the zone's share of the hospital's beds
    ]
)

MONTHLY = row_type(
    [
        ("days_in_post", "i4"),
        ("days_present", "i4"),
        ("cases", "i4"),
        ("visits_missed", "i4"),  # came, found nobody or were turned away
        ("turned_away", "i4"),  # of these, for want of time
        ("waited", "i4"),  # seen after they had waited overnight
        ("no_turn", "i8"),  # came, and had no turn that day, whether they then waited or not
        ("without_drug", "i4"),
        ("referred", "i4"),
        ("supervised", "i4"),
        ("mentored", "i4"),
        ("reported", "i4"),
        ("departures", "i4"),
        ("home_visits", "i4"),
        ("found_at_home", "i4"),  # sick children seen on them
        ("minutes", "f8"),
        ("skill", "f8"),
        ("motivation", "f8"),
        ("any_out_days", "i8"),
        ("stock_out_days", "i4", (N_PRODUCTS,)),
        ("given", "i4", (N_PRODUCTS,)),
        ("received", "i4", (N_PRODUCTS,)),
        ("ordered", "i4", (N_PRODUCTS,)),
        ("leaked", "i4", (N_PRODUCTS,)),  # of what was received
        ("expired", "i4", (N_PRODUCTS,)),
        ("reported_cases", "i4"),  # of periods that end in the month, by the reports that arrived
        ("reported_out_days", "i4"),
        ("fees", "f8"),  # USD paid by families
        ("unpaid", "i4"),  # 1 if the salary of the month did not come
        ("targeted", "i4"),  # visits sent where the reports look worst
        ("aid_days", "i4"),  # days in post with a job aid that works
        ("campaign_days", "i4"),  # days in post of which a campaign took its share
    ]
)

VISIT = row_type(
    [
        ("child", "i4"),
        ("course", "i4"),  # row of the course that led the visit
        ("arrived", "i4"),  # minute
        ("minute", "i4"),  # at which it was seen, or turned back
        ("provider", "i4"),
        ("who", "i4"),  # row of the CHW or facility, -1
        ("complaint", "i4"),
        ("marks", "i4"),
        ("given", "i4"),  # bits 1 << product: one dose of each
        ("lacked", "i4"),
        ("by_referral", "i8"),
        ("dose", "f8", (5,)),  # size of each dose of a drug by mouth: 1 right, less if wrong
    ]
)

RECORDS = {
    "child": CHILD, "course": COURSE, "household": HOUSEHOLD, "village": VILLAGE,
    "provider": PROVIDER, "monthly": MONTHLY, "visit": VISIT,
}  # fmt: skip


def table(record: np.dtype, rows: int | tuple[int, ...]) -> np.recarray:
    """Make an empty table of records."""
    return np.zeros(rows, dtype=record).view(np.recarray)


def first_rows(table: np.recarray, rows: int) -> np.recarray:
    """The first rows of a table, as a table of the very same kind; `table[:rows]` would make up a kind of its own."""
    return np.asarray(table)[:rows].view(np.recarray)


def names_that_clash(record: np.dtype) -> set[str]:
    """Find field names that numpy's own record already uses for something else (`row.fill` would be a method)."""
    return set(record.names) & set(dir(np.record))
