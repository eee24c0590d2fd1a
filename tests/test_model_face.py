"""The Mesa face: the same arrays as the engine run at once; agents are windows on rows, in step with the living."""

from __future__ import annotations

import copy
import hashlib
import inspect
import pickle
import warnings
from operator import attrgetter

import mesa
import numpy as np
import pytest

from iccmsim.core.records import ALIVE, CHILD, HOUSEHOLD, ILLNESSES, PRODUCTS, PROVIDER
from iccmsim.engine.simulation import Simulation
from iccmsim.model.agents import KINDS, Child, CommunityHealthWorker, HealthFacility, Household
from iccmsim.model.model import ICCMModel, Windows
from iccmsim.parameters.scenario import load_scenario
from iccmsim.results.result import simulate

NAME = "sahel/iccm-as-delivered"
SMALL = {"setting.place.zones": 1, "setting.place.people": 1500, "setting.place.villages_per_zone": 5,
         "run.days": 200, "run.warmup_days": 30, "run.tail_days": 0}  # fmt: skip
TWO = {**SMALL, "setting.place.zones": 2, "setting.place.people": 3000, "run.days": 60}


def small(*, more: dict | None = None, **options) -> ICCMModel:
    return ICCMModel(NAME, overrides={**SMALL, **(more or {})}, **options)


def digest(simulation: Simulation) -> str:
    """One number for every cell of every array of every zone (not for the bytes between fields, which mean nothing)."""
    total = hashlib.sha256()
    for run in simulation.runs:
        for name, array in zip(run.zone._fields, run.zone, strict=True):
            array = run.course if name == "course" else array
            for field in array.dtype.names or ():
                total.update(f"{name}.{field}".encode() + array[field].tobytes())
            if array.dtype.names is None and name not in ("wake", "lists", "words", "lure"):  # scratch
                total.update(name.encode() + array.tobytes())
    return total.hexdigest()


def at_once(day: int, overrides: dict = SMALL, seed: int = 1) -> Simulation:
    return Simulation(load_scenario(NAME, overrides=overrides), seed=seed, threads=1).run_to(day)


def go(model: ICCMModel, days: int) -> ICCMModel:
    for _ in range(days):
        model.step()
    return model


def living(model: ICCMModel) -> set[tuple[int, int]]:
    """Zone and row of each living child, straight from the arrays."""
    return {(z, int(row)) for z, run in enumerate(model.simulation.runs)
            for row in np.flatnonzero(run.zone.child["state"] == ALIVE)}  # fmt: skip


@pytest.fixture
def model():
    return go(small(), 20)


@pytest.mark.parametrize("from_warmup", [False, True])
def test_a_step_is_a_day_of_the_engine_and_leaves_the_same_arrays_each_day(from_warmup):
    model, engine = small(from_warmup=from_warmup), at_once(0 if from_warmup else 30)
    assert model.day == engine.day - 30 == (-30 if from_warmup else 0)
    while model.running:
        assert digest(model.simulation) == digest(engine)
        model.step()
        engine.run_to(engine.day + 1)
    assert digest(model.simulation) == digest(engine) == digest(at_once(230))
    assert model.day == 200
    assert model.steps == (230 if from_warmup else 200)


def test_the_result_is_that_of_the_engine_with_more_zones_and_another_seed():
    model = ICCMModel(NAME, overrides=TWO, rng="7")
    model.run_model()
    scenario = load_scenario(NAME, overrides=TWO)
    assert model.result().digest() == simulate(scenario, seed=7, threads=1).digest()
    assert digest(model.simulation) == digest(at_once(90, TWO, seed=7))


def test_a_model_without_tables_has_counts_and_no_table_that_is_silently_empty(tmp_path):
    model = small(more={"run.days": 40}, tables=False)
    model.run_model()
    result = model.result()
    scenario = load_scenario(NAME, overrides={**SMALL, "run.days": 40})
    assert result.digest() == simulate(scenario, tables=False, threads=1).digest()
    with pytest.raises(ValueError, match="visits: this run kept counts only"):
        _ = result.visits
    assert not [each.name for each in result.write(tmp_path / "counts").glob("*.parquet")]


def test_looking_at_agents_and_asking_them_things_changes_nothing():
    model = small(collect={"model": {"sick": "n_sick"}, "agents": {"id": "unique_id"}, Child: {"ill": "illnesses"}})
    for _ in range(40):
        model.step()
        model.agents_by_type[Child].get(["age_days", "illnesses", "state_name", "is_sick"])
        model.agents.shuffle_do(lambda agent: agent.facility)
    assert digest(model.simulation) == digest(at_once(70))


def test_after_the_last_day_nothing_happens_and_the_model_does_not_run():
    model = small(more={"run.days": 3}, collect=True)
    go(model, 2)
    assert model.running
    with pytest.raises(RuntimeError, match="day 2 of 3"):
        model.result()
    model.run_model()
    before = digest(model.simulation)
    model.step()
    assert (model.running, model.day, digest(model.simulation)) == (False, 3, before)
    assert len(model.datacollector.get_model_vars_dataframe()) == 4


def test_the_seed_may_be_digits_or_a_numpy_number_and_nothing_else():
    digests = {digest(small(rng=rng, more={"run.days": 1}).simulation) for rng in (5, "5", np.int64(5), 5.0)}
    assert len(digests) == 1
    for wrong in (True, "five", None, 1.5, float("inf")):
        with pytest.raises(ValueError, match="must be a whole number"):
            small(rng=wrong)
    for wrong in (-1, "-1", 2**63):
        with pytest.raises(ValueError, match=rf"^rng = {wrong}: must be at least 0 and below \d+ to fit"):
            small(rng=wrong)


def test_a_loaded_scenario_is_taken_as_it_is():
    scenario = load_scenario(NAME, overrides=SMALL)
    assert ICCMModel(scenario).config is scenario
    with pytest.raises(ValueError, match="loaded already"):
        ICCMModel(scenario, overrides=SMALL)
    with pytest.raises(ValueError, match="auto, all, providers"):
        ICCMModel(scenario, agents="some")


def test_the_registry_is_in_step_with_the_living_for_two_hundred_days():
    model, seen, born, gone = small(more={"setting.pop.birth_rate": 60.0}), set(), 0, 0
    while model.running:
        children = model.agents_by_type[Child]
        now = {(child.zone_index, child.row) for child in children}
        assert now == living(model)
        assert len(model.agents) == sum(len(each) for each in model.agents_by_type.values())
        born, gone, seen = born + len(now - seen), gone + len(seen - now), now
        model.step()
    states = model.simulation.runs[0].zone.child["state"]
    assert born > 300
    assert gone > 20
    assert set(states.tolist()) >= {1, 2, 3}


def test_all_four_kinds_are_registered_and_each_has_a_number_of_its_own(model):
    zone = model.simulation.runs[0].zone
    counts = {kind: len(agents) for kind, agents in model.agents_by_type.items()}
    assert counts == {HealthFacility: 1, CommunityHealthWorker: len(zone.provider) - 1,
                      Household: len(zone.household), Child: model.n_children}  # fmt: skip
    assert counts[CommunityHealthWorker] >= 1
    assert len(set(model.agents.get("unique_id"))) == len(model.agents)


def test_chws_become_agents_on_the_day_of_launch():
    model = small(from_warmup=True)
    assert CommunityHealthWorker not in model.agent_types
    facility = model.facilities[0]
    go(model, 30)
    assert model.day == 0
    assert len(model.agents_by_type[CommunityHealthWorker]) == len(model.chws) == len(facility.chws) > 0
    assert np.shares_memory(facility.table, model.simulation.runs[0].zone.provider)


def test_in_a_larger_district_only_providers_are_agents_unless_all_are_asked_for(monkeypatch):
    monkeypatch.setattr("iccmsim.model.model.MOST_CHILDREN", 100)
    model = small()
    assert model.agent_types == [HealthFacility, CommunityHealthWorker]
    row = min(row for _, row in living(model))
    assert model.children[row].is_alive
    assert model.children[row].unique_id == small(agents="all").children[row].unique_id
    assert set(small(agents="all").agent_types) == set(KINDS)
    monkeypatch.undo()
    assert small(agents="providers").agent_types == [HealthFacility, CommunityHealthWorker]


def test_children_are_counted_through_the_district_zone_by_zone():
    model = ICCMModel(NAME, overrides=TWO)
    first, second = (len(run.zone.child) for run in model.simulation.runs)
    assert len(model.children) == first + second
    assert (model.children[first - 1].zone_index, model.children[first].zone_index) == (0, 1)
    assert (model.children[-1].row, model.children[-1].district_number) == (second - 1, first + second - 1)
    assert [child.row for child in model.children[first : first + 3]] == [0, 1, 2]
    with pytest.raises(IndexError):
        model.children[first + second]
    chws = list(model.chws)
    assert [chw.district_number for chw in chws] == list(range(len(chws)))
    assert chws[-1].facility.zone_index == 1
    assert len({child.unique_id for child in model.children}) == first + second
    assert isinstance(model.households, Windows)


def test_an_attribute_is_the_cell_of_the_array_both_ways(model):
    chw, zone = model.chws[0], model.simulation.runs[0].zone
    chw.motivation = 0.25
    assert zone.provider["motivation"][1] == 0.25
    zone.provider["skill"][1] = 1.5
    assert chw.skill == 1.5
    chw.kit = np.arange(float(len(PRODUCTS)))
    assert zone.provider["kit"][1].tolist() == chw.kit.tolist() == list(range(len(PRODUCTS)))
    with pytest.raises(ValueError, match="read-only"):
        chw.kit[0] = 9
    with pytest.raises(ValueError, match=r"generation = 1.5: must be whole"):
        chw.generation = 1.5


@pytest.mark.parametrize(
    ("kind", "record"),
    [(Child, CHILD), (Household, HOUSEHOLD), (CommunityHealthWorker, PROVIDER), (HealthFacility, PROVIDER)],
)
def test_every_field_of_a_row_is_an_attribute_and_takes_no_name_from_mesa(model, kind, record):
    agent = next(iter(model.agents_by_type[kind]))
    for name in set(record.names) - {"stock"}:
        np.testing.assert_array_equal(getattr(agent, name), agent.table[name][agent.row])
    assert not set(record.names) & set(dir(mesa.Agent))
    assert set(vars(agent)) == {"model", "unique_id", "pos", "zone_index", "row"}


def test_a_stock_set_through_an_agent_changes_the_run_as_the_array_does():
    def emptied(how) -> str:
        model = go(small(), 10)
        how(model)
        return digest(go(model, 60).simulation)

    def through_agents(model):
        model.agents_by_type[CommunityHealthWorker].do("set_stock", "act_infant", 0)

    def through_array(model):
        model.simulation.runs[0].zone.provider["stock"][1:, PRODUCTS.index("act_infant")] = 0

    def through_attribute(model):
        for chw in model.chws:
            chw.stock = {**chw.stock, "act_infant": 0}

    ways = (through_agents, through_array, through_attribute)
    assert len({emptied(how) for how in ways}) == 1
    assert emptied(through_agents) != emptied(lambda model: None)


def test_a_stock_is_read_by_product_and_faults_are_named(model):
    chw = model.chws[0]
    assert tuple(chw.stock) == PRODUCTS
    model.agents_by_type[CommunityHealthWorker].set("stock", {"rdt": 7, "ors": 3})
    assert (chw.stock["rdt"], chw.stock["ors"]) == (7, 3)
    with pytest.raises(TypeError, match="set_stock"):
        chw.stock["rdt"] = 0
    with pytest.raises(KeyError, match="act_infant"):
        chw.set_stock("act_infants", 0)
    for wrong in (-1, 1.5, 2**31):
        with pytest.raises(ValueError, match="doses are whole"):
            chw.set_stock("ors", wrong)
    assert pickle.loads(pickle.dumps(chw.stock)) == copy.deepcopy(chw.stock) == chw.stock


def test_an_unknown_attribute_is_refused_with_the_nearest_right_word(model):
    child = model.children[0]
    with pytest.raises(AttributeError, match=r"Child has no attribute 'agedays'; did you mean 'age_days'\?"):
        _ = child.agedays
    with pytest.raises(AttributeError, match="did you mean 'severe'"):
        child.sever = 1
    assert not hasattr(child, "skill")
    assert "age_days" in dir(child)
    assert "birth" in dir(child)


def test_a_child_knows_its_age_its_illnesses_and_its_family(model):
    sick = model.agents_by_type[Child].select(lambda child: child.is_sick)
    assert len(sick) == model.n_sick > 10
    for child in sick:
        assert sum(1 << ILLNESSES.index(name) for name in child.illnesses) == child.ill > 0
        assert 0 <= child.age_days < 1826
        assert child in child.family.children
        if child.served_by is not None:
            assert child.family in child.served_by.households
    dead = next(child for child in model.children if child.state_name == "dead")
    assert dead.cause_of_death is not None
    assert dead.age_days == (dead.end - dead.birth) / 1440
    assert dead.illnesses == []


def test_sets_of_agents_can_be_selected_asked_grouped_and_told(model):
    children = model.agents_by_type[Child]
    infants = children.select(lambda child: child.age_days < 365)
    assert 0 < len(infants) < len(children)
    assert infants.agg("age_days", max) < 365
    assert sum(children.groupby("is_sick").count().values()) == len(children)
    assert children.groupby("is_sick").agg("ill", sum)[False] == 0
    assert len(children.select(at_most=5)) == 5
    assert children.map(attrgetter("state")) == [ALIVE] * len(children)
    met = []
    model.agents.shuffle_do(met.append)
    assert set(met) == set(model.agents)
    model.agents_by_type[CommunityHealthWorker].set("motivation", 0.5)
    assert (model.simulation.runs[0].zone.provider["motivation"][1:] == 0.5).all()


def test_removing_a_window_takes_it_from_the_agents_and_leaves_the_child_alone():
    model = small()
    child = next(iter(model.agents_by_type[Child]))
    child.remove()
    go(model, 5)
    assert child not in model.agents
    assert child.is_alive
    model.remove_all_agents()
    assert len(model.agents) == 0
    assert digest(go(model, 35).simulation) == digest(at_once(70))


def test_a_data_collector_keeps_what_the_arrays_say_each_day():
    collector = mesa.DataCollector(
        model_reporters={"sick": "n_sick", "day": lambda model: model.day},
        agenttype_reporters={CommunityHealthWorker: {"rdt": lambda chw: chw.stock["rdt"], "skill": "skill"}},
    )
    model, expected = small(collect=collector), []
    for _ in range(15):
        tests = model.simulation.runs[0].zone.provider["stock"][1:, PRODUCTS.index("rdt")]
        expected.append((model.n_sick, *tests.tolist()))
        model.step()
    table = model.datacollector.get_model_vars_dataframe()
    rdts = model.datacollector.get_agenttype_vars_dataframe(CommunityHealthWorker)["rdt"].unstack()
    assert table["day"].tolist() == list(range(16))
    assert [(sick, *row) for sick, row in zip(table["sick"], rdts.to_numpy().tolist(), strict=True)][:15] == expected


def test_collect_takes_plain_reporters_or_sections_and_names_what_it_does_not_know():
    assert small(collect={"alive": "n_children"}).datacollector.model_vars["alive"]
    model = go(small(collect={"agents": {"id": "unique_id"}, Child: {"age": "age_days"}}), 3)
    ages = model.datacollector.get_agenttype_vars_dataframe(Child)
    assert len(ages.loc[3]) == model.n_children
    with pytest.raises(ValueError, match="'child' is none of"):
        small(collect={"child": {"age": "age_days"}})
    with pytest.raises(TypeError, match="True, a DataCollector or a mapping"):
        small(collect="n_children")


@pytest.mark.parametrize("collect", [{Child: {"age": "age_days"}},
                                     mesa.DataCollector(agenttype_reporters={Child: {"age": "age_days"}})])
def test_a_kind_of_which_no_agent_is_registered_is_not_collected_in_silence(collect):
    said = (r'^collect: no Child is registered as an agent here, only HealthFacility and CommunityHealthWorker; '
            r'agents="all" registers all four kinds$')  # fmt: skip
    with pytest.raises(ValueError, match=said):
        small(agents="providers", collect=collect)
    assert len(small(agents="all", collect=collect).datacollector.get_agenttype_vars_dataframe(Child)) > 100


def test_what_is_asked_of_every_agent_must_be_there_in_every_kind():
    said = (r"^collect: 'agents' asks every agent, and HealthFacility has no attribute 'state'; "
            r"ask one kind: \{Child: \{...\}\}$")  # fmt: skip
    with pytest.raises(ValueError, match=said):
        small(collect={"agents": {"state": "state"}})
    with pytest.raises(ValueError, match=r"has no attribute 'sate'$"):
        small(collect={"agents": {"state": "sate"}})
    kept = small(collect={"agents": {"row": "row", "its": "facility.row", "zone": lambda agent: agent.zone_index}})
    assert len(kept.datacollector.get_agent_vars_dataframe()) == len(kept.agents)


def test_a_batch_of_mesa_gives_each_evening_before_mesa_3_5_but_the_last():
    """Mesa 3.5 takes seeds by an argument of its own and writes over the parameter of that name."""
    its_own, seeds = "rng" in inspect.signature(mesa.batch_run).parameters, {"rng": [1, 2]}
    rows = mesa.batch_run(ICCMModel, {"overrides": [{**SMALL, "run.days": 5}], "collect": True,
                                      **({} if its_own else seeds)},
                          number_processes=1, display_progress=False, max_steps=5, data_collection_period=1,
                          **(seeds if its_own else {}))  # fmt: skip
    assert [(row["rng"], row["Step"]) for row in rows] == [(rng, step) for rng in (1, 2)
                                                        for step in range(6 if its_own else 5)]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))],
                         ids=["deepcopy", "pickle"])  # fmt: skip
def test_a_copy_goes_on_alone_and_comes_to_the_same(copied):
    model = small(collect={"model": {"sick": "n_sick"}, Child: {"age": "age_days"}})
    assert len(go(model, 10).agents) > 0
    other = copied(model)
    before = digest(model.simulation)
    assert digest(other.simulation) == before
    assert all(agent.model is other for agent in other.agents)
    go(other, 40)
    assert (digest(model.simulation), model.day, model.steps) == (before, 10, 10)
    assert {child.unique_id for child in other.agents_by_type[Child]} != set()
    assert {(child.zone_index, child.row) for child in other.agents_by_type[Child]} == living(other)
    go(model, 40)
    assert digest(model.simulation) == digest(other.simulation) == digest(at_once(80))
    assert model.agents.get("unique_id") == other.agents.get("unique_id")
    other.chws[0].set_stock("rdt", 1234)
    assert model.chws[0].stock["rdt"] != 1234


def test_a_copy_made_in_the_warm_up_still_launches_its_chws():
    model = go(small(from_warmup=True), 10)
    other = copy.deepcopy(model)
    assert len(other.chws) == 0
    assert digest(go(other, 60).simulation) == digest(at_once(70))
    assert len(other.chws) > 0


def test_a_toy_run_raises_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = go(small(collect=True), 5)
        model.agents.shuffle_do(lambda agent: agent.unique_id)
        copy.deepcopy(pickle.loads(pickle.dumps(model))).step()
    assert model.day == 5
