"""The supply chain around the CHW, and the reports that steer it: off or harmless unless a scenario says otherwise."""

from __future__ import annotations

from iccmsim.parameters import sources as src
from iccmsim.parameters.declare import parameters
from iccmsim.parameters.programme import SHARE, lever, switch
from iccmsim.parameters.setting import assumed, chance, convention

RULES = ("0: up to a maximum each time, by past use; 1: up to a review period more, but only once stock is down to "
         "what is used until the delivery of the next review's order, and the buffer; "
         "2: the same kit each time, whatever is there")
NO_SHELF_LIFE = "0 is never; where it is on, 90 to 600 days: what is left of two years when doses arrive"

DISTRICT = (
    assumed("stk.avail", 1, "share, 0.2-1", (.2, 1), (.8, 1), source="assumption; .9 where it is on",
           says="Share of days on which the district store has a product; 1: always."),
    assumed("stk.days", 45, "days, mean", (5, 3650), (14, 90), source="assumption; no published duration",
            says="How long a product is lacking in the district store."),
    chance("stk.rho", .5, .2, .8, source="assumption; not reported anywhere",
           says="Correlation of two products in being lacking there."),
)

ROADS = (
    assumed("road.rain_lead", 1, "times as long", (1, 20), (1, 3), source=f"assumption; access in {src.ZAMBIA_AL}",
            says="How much longer deliveries take from July to October."),
    chance("road.cut_facilities", 0, 0, .3, source=f"assumption; up to .3 of clinics out of stock in {src.ZAMBIA_AL}",
           says="Facilities that no delivery reaches from July to October."),
    chance("road.cut_posts", 0, 0, .6, source=f"assumption; access in {src.ZAMBIA_AL}",
           says="Posts of CHWs far from the facility that no delivery reaches from July to October."),
    assumed("road.cut_km", 10, "km as the crow flies", (0, 1000), (5, 20),
            says="How far from the facility a post must be for its road to be cut."),
)

FACILITIES = (
    convention("fac.sup.rule", 0, "number of the rule", (0, 2), integer=True, note="a choice of the supply chain",
               source=src.LOGISTICS_HANDBOOK, says=f"How a facility orders. {RULES}."),
    chance("fac.sup.leak", 0, 0, .25, source=f"assumption; {src.UNACCOUNTED}",
           says="Doses sent to a facility that are lost on the way."),
    convention("fac.sup.shelf", 0, "days; 0 is never", (0, 3650), note=NO_SHELF_LIFE,
               source=f"assumption; two years from manufacture, {src.BATE_2009}",
               says="How long doses keep after they reach a facility."),
)

CHWS = (
    lever("sup.rule", 0, "number of the rule", (0, 3), None, integer=True,
          source=f"{src.LOGISTICS_HANDBOOK}; {src.SHIESHIA_2014}",
          says=f"How CHWs are resupplied. {RULES}; 3: as 0, but only once stock is down to what is used in a "
          "delivery's time, and the buffer, with the shelf told by message every few days."),
    lever("sup.check", 3, "days", (1, 30), None, integer=True, source=src.SHIESHIA_2014,
          says="How often a CHW tells the shelf under rule 3."),
    switch("sup.direct", 0, says="1: CHWs are resupplied from the district store, 0: from their facility's shelf."),
    lever("sup.leak", 0, SHARE, (0, .95), (0, .25), source=f"assumption; {src.UNACCOUNTED}",
          says="Doses sent to a CHW that are lost on the way."),
    lever("sup.shelf", 0, "days; 0 is never", (0, 3650), None, note=NO_SHELF_LIFE,
          source=f"assumption; two years from manufacture, {src.BATE_2009}",
          says="How long doses keep after they reach a CHW."),
)

REPORTS = (
    lever("info.delay", 0, "days", (0, 364), (0, 28), integer=True,
          says="How long after the end of its period a report counts; at most a review period less a day."),
    lever("info.error", 0, "sd of the logarithm", (0, 2), (0, .6), source=f"assumption; {src.REGERU_2020}",
          says="How far each count of a report is off."),
    lever("info.bias", 1, "times the truth", (.1, 10), (.8, 1.4), source=f"assumption; {src.HAZEL_2017}",
          says="By how much reports exaggerate."),
)

SETTING = parameters("setting", *DISTRICT, *ROADS, *FACILITIES)
PROGRAMME = parameters("programme", *CHWS, *REPORTS)
PARAMETERS = (*SETTING, *PROGRAMME)
