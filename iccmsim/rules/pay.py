"""Money: the salary that comes or does not, and what families pay."""

from __future__ import annotations

from iccmsim.core.compiled import rule
from iccmsim.core.draws import ZONE_LIMIT, Decision, draw
from iccmsim.core.records import AT_CHW

WHOLE_DISTRICT = ZONE_LIMIT - 1  # in the place of a zone's number: the same fortune in every zone


@rule
def arrears_move(provider, p, key, month_number):
    """Pay fails in spells of months, for the whole district together or for each CHW alone.

    Only CHWs whose funder is the unreliable one are exposed.
    """
    if p.pay_unpaid <= 0.0:
        provider.in_arrears = 0
        return
    funder, _, _, _ = draw(key, Decision.FUNDER, provider.number, 0)
    if funder >= p.pay_exposed:
        provider.in_arrears = 0
        return
    if p.pay_together > 0.0:
        u, _, _, _ = draw((key[0], WHOLE_DISTRICT), Decision.PAY, 0, month_number)
    else:
        u, _, _, _ = draw(key, Decision.PAY, provider.number, month_number)
    ends = 1.0 / p.pay_spell
    if provider.in_arrears:
        provider.in_arrears = 0 if u < ends else 1
    else:
        provider.in_arrears = 1 if u < ends * p.pay_unpaid / (1.0 - p.pay_unpaid) else 0


@rule
def payday(provider, p, month):
    """The end of a month: the salary comes, and all is well again, or one more month goes unpaid."""
    if p.pay_on > 0.0 and not provider.in_arrears:
        provider.unpaid = 0
    else:
        provider.unpaid += 1
        month.unpaid = 1


@rule
def pays(household, p, provider, got_drugs):
    """What a family pays for a visit, USD: the poorest nothing; for a CHW's drugs only if there were any."""
    if household.wealth < p.fee_exempt_below:
        return 0.0
    if provider == AT_CHW:
        return p.fee_chw + (p.fee_drugs if got_drugs else 0.0)
    return p.fee_at_facility
