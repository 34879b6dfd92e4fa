"""Which rows are measured when."""

import pytest

from tests.faults import __main__ as program
from tests.faults.__main__ import chosen, main, measure
from tests.faults.catalogue import FAULTS, LONG, ROWS
from tests.faults.row import Figure, Row


def choice(*ids: str, long: bool = False) -> list[str]:
    return list(chosen(ids, long=long, minutes=1, seed=1))


def test_without_a_choice_all_but_the_long_ones_are_measured():
    """In the order of their ids."""
    assert set(choice()) == set(FAULTS)
    assert choice()[:3] == ["F1", "F2", "F3"]
    assert set(choice(long=True)) == set(ROWS)


def test_rows_are_chosen_by_their_ids():
    """Also one that is only long."""
    assert choice("F12", "F2") == ["F2", "F12"]
    assert choice("churn") == ["churn"]


def test_long_does_more_of_the_same():
    """Whoever names a row gets the short one unless asked otherwise."""
    for long, faults in ((False, FAULTS), (True, LONG)):
        assert chosen(["F1"], long=long, minutes=1, seed=1)["F1"] is faults["F1"]


def test_an_unknown_row_is_refused(capsys: pytest.CaptureFixture[str]):
    """Before anything is done."""
    with pytest.raises(SystemExit):
        main(["F1", "F999"])
    assert "F999" in capsys.readouterr().err


async def test_a_row_that_cannot_be_measured_leaves_the_others_alone(
    capsys: pytest.CaptureFixture[str],
):
    """It is named, with the reason."""

    async def fine() -> Row:
        return Row("F1", "fine", ())

    async def broken() -> Row:
        raise ZeroDivisionError

    rows, missing = await measure({"F0": broken, "F1": fine})
    assert ([row.id for row in rows], missing) == (["F1"], ["F0"])
    output = capsys.readouterr()
    assert "F0     not measured" in output.out
    assert "ZeroDivisionError" in output.err


@pytest.mark.parametrize(("value", "code"), [(1, 0), (3, 1)])
def test_the_exit_code_says_whether_all_held(
    value: float, code: int, monkeypatch: pytest.MonkeyPatch
):
    """And nothing is written into the page without `--write`."""

    async def row() -> Row:
        return Row("F1", "a fault", (Figure("gap", value, "s", 2),))

    monkeypatch.setitem(program.FAULTS, "F1", row)
    monkeypatch.setattr(program, "write_sheet", lambda rows: None)
    monkeypatch.setattr(
        program.fault_sheet, "write_into", lambda *_: pytest.fail("it was written")
    )
    assert main(["F1"]) == code
