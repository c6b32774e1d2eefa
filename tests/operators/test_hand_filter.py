from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from operators.filter_settings import FiltersSettings
from operators.hand_filter import HandFilter
from operators.messages import HandTargets
from operators.one_euro import OneEuroPoints, OneEuroRotations

Floats = NDArray[np.float64]

PARTS = ("position", "rotation", "fingers")
USUAL = FiltersSettings()
STEP_NS = 13_888_889


def only(*parts: str) -> FiltersSettings:
    """The usual filters of these parts, the others switched off."""
    return FiltersSettings.model_validate({p: {"enabled": p in parts} for p in PARTS})


def hands(seed: int, valid: tuple[bool, bool] = (True, True), **giver: str) -> HandTargets:
    random = np.random.default_rng(seed)
    flags = np.array(valid)
    wrists = np.hstack(
        [random.normal(0, 0.05, (2, 3)), Rotation.random(2, rng=random).as_quat(canonical=True)]
    )
    fingers = random.normal(0, 0.05, (2, 25, 3))
    wrists[~flags], fingers[~flags] = np.nan, np.nan
    names = {"source": "webxr", "client": "quest"} | giver
    targets = HandTargets(
        valid=flags, faults=("", ""), anchor_from_wrist=wrists, finger_joints=fingers, **names
    )
    targets.check()
    return targets


def part(targets: HandTargets, name: str, side: Any = slice(None)) -> Floats:
    return {
        "position": targets.anchor_from_wrist[side, ..., :3],
        "rotation": targets.anchor_from_wrist[side, ..., 3:],
        "fingers": targets.finger_joints[side],
    }[name]


def same_bits(first: HandTargets, second: HandTargets, side: Any = slice(None)) -> bool:
    return all(
        part(first, name, side).tobytes() == part(second, name, side).tobytes() for name in PARTS
    )


def run(smooth: HandFilter, given: list[HandTargets], start_ns: int = 0) -> list[HandTargets]:
    found = [smooth.filter(targets, start_ns + k * STEP_NS) for k, targets in enumerate(given)]
    for targets in found:
        targets.check()
    return found


@pytest.mark.parametrize("name", PARTS)
def test_each_part_has_a_filter_that_can_be_switched_off(name: str) -> None:
    given = [hands(seed) for seed in range(6)]
    for before, after in zip(given[1:], run(HandFilter(only(name)), given)[1:], strict=True):
        assert not np.isclose(part(after, name), part(before, name)).all()
        for other in PARTS:
            if other != name:
                assert part(after, other).tobytes() == part(before, other).tobytes()


def test_switched_off_nothing_is_changed() -> None:
    given = [hands(seed, (seed % 3 > 0, True)) for seed in range(6)]
    for before, after in zip(given, run(HandFilter(only()), given), strict=True):
        assert same_bits(after, before)
        assert after.valid.tolist() == before.valid.tolist()


def test_each_part_is_filtered_with_its_own_settings() -> None:
    settings = FiltersSettings.model_validate(
        {
            p: {"min_cutoff_hz": f, "beta": f * 2}
            for p, f in zip(PARTS, (1.0, 3.0, 5.0), strict=True)
        }
    )
    given = [hands(seed) for seed in range(10)]
    found = run(HandFilter(settings), given)
    for side in range(2):
        for name, kind, s in (
            ("position", OneEuroPoints, settings.position),
            ("rotation", OneEuroRotations, settings.rotation),
            ("fingers", OneEuroPoints, settings.fingers),
        ):
            alone = kind(s)
            for k, (before, after) in enumerate(zip(given, found, strict=True)):
                expected = alone.filter(part(before, name, side), k * STEP_NS * 1e-9)
                np.testing.assert_array_equal(part(after, name, side), expected)


def test_a_hand_found_again_starts_afresh_and_the_other_goes_on() -> None:
    whole = [hands(seed) for seed in range(8)]
    lost = hands(3, (False, True))
    undisturbed = run(HandFilter(USUAL), whole)
    found = run(HandFilter(USUAL), [*whole[:3], lost, *whole[4:]])
    assert found[3].valid.tolist() == [False, True]
    assert np.isnan(part(found[3], "fingers", 0)).all()
    assert same_bits(found[4], whole[4], side=0)
    assert not same_bits(found[5], whole[5], side=0)
    for k in range(8):
        assert same_bits(found[k], undisturbed[k], side=1)


@pytest.mark.parametrize("giver", [{"client": "another"}, {"source": "desktop"}])
def test_hands_of_somebody_else_start_afresh(giver: dict[str, str]) -> None:
    given = [hands(0), hands(1), hands(2, **giver), hands(3, **giver), hands(4)]
    found = run(HandFilter(USUAL), given)
    assert [same_bits(a, b) for a, b in zip(found, given, strict=True)] == [
        True,
        False,
        True,
        False,
        True,
    ]


@pytest.mark.parametrize("start_ns", [1, 987_654_321_987_654_321])
def test_only_the_time_between_samples_counts(start_ns: int) -> None:
    given = [hands(seed) for seed in range(20)]
    for first, later in zip(
        run(HandFilter(USUAL), given), run(HandFilter(USUAL), given, start_ns), strict=True
    ):
        assert same_bits(first, later)


@pytest.mark.parametrize("number", [np.nan, np.inf, -1e308, 1e200, 11.0])
@pytest.mark.parametrize("name", ["position", "fingers"])
def test_what_cannot_be_a_hand_is_neither_hidden_nor_remembered(name: str, number: float) -> None:
    smooth = HandFilter(USUAL)
    run(smooth, [hands(0), hands(1)])
    wrong = hands(2)
    part(wrong, name, 0).flat[-1] = number
    assert same_bits(smooth.filter(wrong, 2 * STEP_NS), wrong, side=0)
    after = smooth.filter(hands(3), 3 * STEP_NS)
    assert same_bits(after, hands(3), side=0)
    assert not same_bits(after, hands(3), side=1)


def test_what_is_given_is_not_changed() -> None:
    smooth, given = HandFilter(USUAL), hands(1)
    smooth.filter(hands(0), 0)
    before = replace(
        given,
        anchor_from_wrist=given.anchor_from_wrist.copy(),
        finger_joints=given.finger_joints.copy(),
    )
    smooth.filter(given, STEP_NS)
    assert same_bits(given, before)
