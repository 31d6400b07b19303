"""The benchmarks run: each in its short form, which proves the zeros and says nothing about the times."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.clients import whole
from bench.figures import Figure
from bench.page import page
from bench.ranks import two_sided_p
from bench.recording import Door, Recording, Said, searched

ROOT = Path(__file__).resolve().parents[2]


def measured(name: str, folder: Path) -> list[Figure]:
    into = folder / "figures.json"
    command = [sys.executable, "-m", "bench", name, "--short", "--into", str(into)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return [Figure(**each) for each in json.loads(into.read_text())]


def test_no_request_begun_after_a_resecure_returned_is_accepted(tmp_path: Path) -> None:
    late, faults, untold = measured("revocation", tmp_path)
    assert late.holds, late.measured
    assert faults.holds, faults.measured
    assert untold.holds, untold.measured
    for harm in ("web nodes killed", "workers killed", "connections cut"):
        assert harm in late.measured


def test_the_search_finds_a_yes_that_began_after_the_return_and_none_that_began_before() -> None:
    recording = Recording()
    for said, began in ((Said.YES, 9.0), (Said.YES, 10.0), (Said.NO, 10.1), (Said.YES, 10.2), (Said.NOTHING, 10.3)):
        recording.write(0, Door.REFRESH, 1, said, began=began, ended=11.0)
    recording.write(1, Door.GATE, 0, Said.YES, began=99.0, ended=99.1)  # of an account that nobody resecured
    found = searched([Recording(), recording], returned=[10.0])
    assert found.asked == 6
    assert found.late == 3
    assert found.accepted_before == {Door.REFRESH: 2, Door.GATE: 1}
    assert found.too_late == ["client 1, refresh at node 1: began 0.200000 s after the return and took 0.800000 s"]


def test_an_application_that_was_down_for_a_day_hears_all_that_waited_in_order_and_once(tmp_path: Path) -> None:
    caught_up, all_told = measured("catching_up", tmp_path)
    assert "asked 48 times" in caught_up.measured, caught_up.measured
    assert all_told.holds, all_told.measured


def test_what_waits_for_a_second_person_happens_at_most_once_whoever_decides_at_once(tmp_path: Path) -> None:
    [raced] = measured("second_person", tmp_path)
    assert raced.holds, raced.measured


def test_no_session_opened_with_the_old_password_outlives_a_resecure(tmp_path: Path) -> None:
    [outliving] = measured("race", tmp_path)
    assert outliving.holds, outliving.measured


def test_no_confirmation_is_used_twice_late_elsewhere_or_by_another(tmp_path: Path) -> None:
    [wrongly] = measured("evidence", tmp_path)
    assert wrongly.holds, wrongly.measured


def test_a_sign_in_by_passkey_reaches_the_portal_and_is_timed(tmp_path: Path) -> None:
    [waited] = measured("passkey", tmp_path)
    assert waited.measured.startswith("p50 ")
    assert waited.bound == "p50 ≤ 150 ms"


def test_a_secret_is_guessed_for_a_year_by_letters_and_by_a_list_of_words(tmp_path: Path) -> None:
    by_letters, by_list, plain = measured("guessing", tmp_path)
    assert float(by_letters.measured.partition("%")[0]) < 2, by_letters.measured
    assert "%" in by_list.measured
    assert "days" in plain.measured


def test_the_time_of_every_answer_is_taken_and_compared_with_every_other(tmp_path: Path) -> None:
    letters, sign_ins = measured("answer_times", tmp_path)
    for found in (letters, sign_ins):
        assert found.measured.count("p = ") == 10
        assert "15 pairs" in found.name


def test_ranks_tell_samples_apart_that_differ_and_no_others() -> None:
    # U = 0 of 25, 12.5 expected, variance 25 * 11 / 12: z = 12 / 4.787, of which twice the tail is 0.0122.
    assert two_sided_p([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]) == pytest.approx(0.01219, abs=1e-5)
    assert two_sided_p([6, 7, 8, 9, 10], [1, 2, 3, 4, 5]) == pytest.approx(0.01219, abs=1e-5)
    assert two_sided_p([1, 1, 1], [1, 1, 1]) == 1
    alike = [each % 97 for each in range(1000)]
    assert two_sided_p(alike, list(reversed(alike))) == 1
    assert two_sided_p(alike, [each + 10 for each in alike]) < 1e-9


def test_the_whole_record_is_checked_and_memory_does_not_grow_with_it(tmp_path: Path) -> None:
    speed, growth = measured("audit", tmp_path)
    assert "NOT whole" not in speed.measured
    assert growth.holds, growth.measured


@pytest.mark.parametrize(("name", "figures"), [("gate", 1), ("sign_in", 1), ("resecure_cost", 2)])
def test_a_benchmark_measures_in_its_short_form(name: str, figures: int, tmp_path: Path) -> None:
    found = measured(name, tmp_path)
    assert len(found) == figures
    assert all(each.bound and each.bounded_by and "×" in each.measured for each in found)


def test_the_page_shows_a_bound_that_does_not_hold_and_names_no_host_or_folder() -> None:
    import socket

    text = page([Figure(name="a | b", measured="5 ms", bound="≤ 4 ms", holds=False, bounded_by="the disk")])
    assert "| a \\| b | 5 ms | ≤ 4 ms | **no** | the disk |" in text
    assert socket.gethostname() not in text
    assert str(ROOT) not in text
    assert "PostgreSQL: 1" in text


@pytest.mark.parametrize(
    ("held", "length"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", 2),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no", None),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 0),
        (b"HTTP/1.1 200 OK\r\ncontent-le", None),
    ],
)
def test_the_client_knows_when_an_answer_is_whole(held: bytes, length: int | None) -> None:
    assert whole(held) == length


def test_a_notice_is_handed_to_both_servers(tmp_path: Path) -> None:
    (handed,) = measured("notices", tmp_path)
    assert "p99 of 20" in handed.name


def test_gateways_that_were_down_for_a_day_are_handed_all_that_waited_in_order_and_once(tmp_path: Path) -> None:
    _sent, all_sent = measured("gateways", tmp_path)
    assert all_sent.holds, all_sent.measured
