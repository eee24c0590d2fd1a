"""Levers of the CHW who goes to the families, and of what families know."""

from __future__ import annotations

from iccmsim.parameters import sources as src
from iccmsim.parameters.declare import parameters
from iccmsim.parameters.programme import SHARE, lever, switch

VISITS = (
    lever("outreach.minutes_day", 0, "minutes per working day", (0, 720), None,
          source=f"{src.LIU_2024}: at least two hours a day, six days a week, in the proactive arm; 0: none", grade="B",
          says="Time in which a CHW goes from door to door, besides its hours for consultations."),
    lever("outreach.minutes", 6, "minutes per household", (1, 240), (3, 15),
          says="Time for the way to one household and a look at its children."),
    lever("outreach.found", .8, SHARE, (0, 1), (.5, .95),
          says="Visits at which somebody is at home and a sick child is told of."),
    switch("outreach.season", 0, says="1: rounds from July to October only, as weekly sweeps in Senegal."),
    lever("followup.share", 0, SHARE, (0, 1), (0, .9),
          says="Treated children to whom the CHW goes back on the day it said, well again or not, if it is there that "
          "day and has the minutes; 0: none."),
    lever("followup.days", 3, "days after treatment", (1, 14), (2, 4), integer=True,
          says="When the CHW goes back to a child that it treated."),
    lever("followup.minutes", 20, "minutes", (0, 240), (10, 30), says="Time for one such visit."),
    lever("newborn.visits", 0, SHARE, (0, 1), (0, .8),
          says="Newborns visited at home on each of days 1, 3 and 7 by a CHW who is there that day and has the "
          "minutes, and never later; 0: none."),
    lever("newborn.minutes", 30, "minutes", (0, 240), (15, 60), says="Time for one visit to a newborn."),
)

KNOWLEDGE = (
    lever("demand.knowledge", 0, "logit", (-5, 5), (0, .6),
          source="assumption; 30 % know fast or difficult breathing in six countries, and the link from knowledge to "
          "seeking is inconsistent",
          says="How much teaching of danger signs adds to the chance that a family sees severe illness as such."),
)

HOME_MANAGEMENT = (
    lever("hmm.reach", 0, "share of families", (0, 1), None,
          says="Home management of malaria: families near a volunteer or trained mother who keeps ACT; 0: none."),
    lever("hmm.use", .1, "share of fevers", (0, 1), (.02, .8), grade="C",
          source="1-9 % of sick children of rural families saw a volunteer under the national programme of Burkina "
          "Faso, Druetz 2015 Malar J doi:10.1186/s12936-015-0591-9; in a trial that taught mothers 40 % fewer died, "
          "Kidane 2000 Lancet 356:550 doi:10.1016/S0140-6736(00)02580-0, so it can be far more",
          says="Fevers of such families that get an ACT there, untested, on the first day the family considers them."),
)

ON_THE_WAY = (
    lever("transport.share", 0, "share of referrals by CHWs", (0, 1), None,
          says="Referrals for which the programme arranges transport; 0: none."),
    lever("transport.wait", 2, "hours", (0, 72), (.5, 6), says="Time until the vehicle comes."),
    lever("transport.kmh", 20, "km per hour", (1, 100), (10, 40), says="How fast it goes."),
    lever("transport.or", 2, "odds ratio", (.1, 20), (1, 4),
          says="Odds of completing a referral with transport arranged, against without."),
    lever("escort.share", 0, "share of referrals by CHWs", (0, 1), None,
          says="Referrals on which the CHW goes along, and is away for the rest of the day; 0: none."),
    lever("escort.or", 2, "odds ratio", (.1, 20), (1, 4),
          says="Odds of completing a referral with the CHW beside, against without."),
)

PARAMETERS = parameters("programme", *VISITS, *KNOWLEDGE, *HOME_MANAGEMENT, *ON_THE_WAY)
