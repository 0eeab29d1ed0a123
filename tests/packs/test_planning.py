"""The planning pack end to end: from the demo book to a published run."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from kamlib import glossary
from kamlib.errors import BookError, KamError, ParameterError
from kamlib.measures.money import total_money
from kamlib.packs import building
from kamlib.packs.appraisal import appraisal_params
from kamlib.packs.planning import plan, planning_params
from kamlib.runs import open_run

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "data" / "demo"
pytestmark = pytest.mark.slow

PAGES = [
    "summary", "book_1", "book_2", "accounts_1", "accounts_2", "accounts_3", "accounts_4", "accounts_5",
    "forecast_1", "forecast_2", "forecast_3", "forecast_4", "forecast_5", "forecast_6", "forecast_7", "forecast_8",
    "targets_1", "targets_2", "targets_3", "targets_4", "targets_5", "targets_6", "targets_7", "targets_8",
    "targets_9", "targets_10",
    "appendix_1", "appendix_2",
]  # fmt: skip


def quiet(_: str) -> None:
    """Say nothing."""


def digests(folder: Path, pattern: str) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.glob(pattern))}


def test_the_pack_is_whole(demo_run: Path) -> None:
    assert {p.name for p in demo_run.iterdir()} == {
        "book", "tables", "pages", "notebooks", "pack.html", "pack.xlsx", "manifest.json",
    }  # fmt: skip
    assert {p.stem for p in (demo_run / "pages").glob("*.json")} == set(PAGES)
    assert {"segments", "forecast", "forecast_accuracy", "plan_targets", "target_accounts"} <= {
        p.stem for p in (demo_run / "tables").glob("*.parquet")
    }
    assert (demo_run.parent / "latest").resolve() == demo_run.resolve()


def test_the_manifest_ties_everything(demo_run: Path) -> None:
    facts = json.loads((demo_run / "manifest.json").read_text(encoding="utf-8"))
    assert facts["tables"] == {
        Path(name).stem: digest for name, digest in digests(demo_run, "tables/*").items()
    }
    assert facts["parameters"]["sizing"]["growth"] == 0.08
    assert facts["book"]["rows"]["sales"] > 10_000
    assert set(facts["seconds"]) >= {"1_accounts", "2_forecast", "3_targets", "rendering"}
    assert {"python", "pandas", "duckdb"} <= set(facts["versions"])
    assert str(ROOT) not in (demo_run / "manifest.json").read_text(encoding="utf-8")


def test_every_saved_column_is_in_the_glossary(demo_run: Path) -> None:
    for path in sorted((demo_run / "tables").glob("*.parquet")):
        unknown = set(pd.read_parquet(path).columns) - set(glossary.columns())
        assert not unknown, f"{path.stem}: {unknown}"


def test_totals_agree_on_every_axis(demo_run: Path) -> None:
    run = open_run(str(demo_run))
    targets, chain = run.load("plan_targets"), run.load("target_accounts")
    assert (targets["target"] % run.rounding_unit == 0).all()
    total = int(targets["target"].sum())
    assert int(chain["target"].sum()) == total
    by_account = targets.groupby("account_id")["target"].sum()
    pd.testing.assert_series_equal(
        by_account, chain.set_index("account_id")["target"].loc[by_account.index], check_dtype=False
    )
    for axis in ("rep_id", "region", "account_type", "product_line", "month"):
        assert int(targets.groupby(axis, dropna=False)["target"].sum().sum()) == total
    forecast = run.load("forecast")
    sums = forecast.groupby(["level", "period"])["forecast"].sum().unstack("level")
    for level in ("account_line", "product_line"):
        assert (sums[level] == sums["company"]).all(), level


def test_segments_tie_to_the_cube(demo_run: Path) -> None:
    run = open_run(str(demo_run))
    cube = run.load("cube")
    window = cube[cube["month"].isin([str(m) for m in run.history_months]) & cube["account_id"].notna()]
    assert total_money(run.load("segments")["revenue"]) == total_money(window["revenue"])


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return two runs made at once: of the demo book, and of it with sales on the planning day."""
    folder = tmp_path_factory.mktemp("at_once")
    book = folder / "book"
    shutil.copytree(DEMO, book)
    sales = pd.read_csv(book / "sales.csv", dtype=str, keep_default_na=False)
    late = sales.tail(50).assign(date="2026-01-01", revenue="999999.00")
    pd.concat([sales, late]).to_csv(book / "sales.csv", index=False)
    kam = str(Path(sys.executable).with_name("kam"))
    command = [kam, "plan", "--period", "2026Q1", "--out", str(folder / "out"), "--book"]

    def made(of: Path) -> Path:
        done = subprocess.run([*command, str(of)], capture_output=True, text=True, check=True)
        return Path(done.stdout.strip().splitlines()[-1])

    with ThreadPoolExecutor(2) as pool:
        same, later = pool.map(made, [DEMO, book])
    return same, later


def test_the_same_run_gives_the_same_bytes(demo_run: Path, tmp_path: Path) -> None:
    again = plan(DEMO, "2026Q1", out=tmp_path, say=quiet)
    for pattern in ("tables/*", "book/*", "pages/*", "pack.html", "pack.xlsx"):
        assert digests(again, pattern) == digests(demo_run, pattern), pattern
    assert again.name == demo_run.name


def test_rows_on_or_after_as_of_change_nothing(demo_run: Path, at_once: tuple[Path, Path]) -> None:
    _, later = at_once
    assert digests(later, "tables/*") == digests(demo_run, "tables/*")
    assert later.name.split("-")[1] != demo_run.name.split("-")[1], "another book"


def test_two_runs_at_once_do_not_harm_each_other(demo_run: Path, at_once: tuple[Path, Path]) -> None:
    assert digests(at_once[0], "tables/*") == digests(demo_run, "tables/*")
    assert {run.name[:3] for run in at_once} == {"001", "002"}
    assert (at_once[0].parent / "latest").resolve().name.startswith("002-")
    assert len([p for p in at_once[0].parent.iterdir() if not p.is_symlink()]) == 2


def test_chinese_pack_is_chinese(demo_run: Path, demo_run_zh: Path) -> None:
    english, chinese = (
        {p.stem: json.loads(p.read_text(encoding="utf-8"))["title"] for p in (run / "pages").glob("*.json")}
        for run in (demo_run, demo_run_zh)
    )
    assert english.keys() == chinese.keys()
    for page, title in chinese.items():
        assert any("一" <= c <= "鿿" for c in title), page
        assert title != english[page]
    assert digests(demo_run, "tables/*") == digests(demo_run_zh, "tables/*")


def test_parameters_change_numbers_and_diff_says_which(demo_run: Path, tmp_path: Path) -> None:
    from kamlib.runs.diff import diff_runs

    other = plan(
        DEMO,
        "2026Q1",
        overrides=["allocation.history_weight=1.0", "sizing.growth=0.1"],
        out=tmp_path,
        say=quiet,
    )
    found = diff_runs(demo_run, other)
    assert sorted(found.parameters) == [["allocation.history_weight", 0.5, 1.0], ["sizing.growth", 0.08, 0.1]]
    assert found.data == []
    changed = {(row[0], row[1]) for row in found.totals}
    assert ("plan_targets", "target") in changed
    assert not any(table in ("segments", "forecast") for table, _ in changed)


def refused(tmp_path: Path, error: type[KamError], period: str = "2026Q1", **more: object) -> str:
    with pytest.raises(error) as caught:
        plan(DEMO, period, out=tmp_path / "out", say=quiet, **more)  # type: ignore[arg-type]
    assert not list((tmp_path / "out").rglob("*")), "something was left behind"
    return str(caught.value)


def test_wrong_parameters_stop_before_anything_is_written(tmp_path: Path) -> None:
    message = refused(tmp_path, ParameterError, overrides=["allocation.histroy_weight=0.6"])
    assert (
        message
        == '-p: allocation.histroy_weight is not a parameter. Did you mean "allocation.history_weight"?'
    )
    assert refused(tmp_path, ParameterError, lang="fr") == 'language is "fr"; it must be one of en, zh.'
    assert "write a day as YYYY-MM-DD" in refused(tmp_path, ParameterError, as_of="soon")
    assert "after 2026Q1 starts" in refused(tmp_path, ParameterError, as_of="2026-02-01")
    assert "first day of a month" in refused(tmp_path, ParameterError, as_of="2025-12-15")


def test_a_period_far_ahead_is_told_at_once_what_an_earlier_day_needs(tmp_path: Path) -> None:
    told = refused(tmp_path, ParameterError, period="2028")
    assert re.search(
        r"or plan with --as-of (\S+) and -p sizing.total=AMOUNT, as growth counts on 2027, which is not complete on \1\.",
        told,
    )
    given = refused(tmp_path, ParameterError, period="2028", overrides=["sizing.total=1000000"])
    assert re.search(r"or plan with --as-of \S+\.$", given)


def test_an_impossible_request_is_refused_with_its_amounts(tmp_path: Path) -> None:
    message = refused(tmp_path, ParameterError, overrides=["sizing.total=1000"])
    assert "1,000" in message
    assert "floor" in message


def test_a_broken_book_is_refused_whole(tmp_path: Path) -> None:
    book = tmp_path / "book"
    shutil.copytree(DEMO, book)
    accounts = pd.read_csv(book / "accounts.csv", dtype=str, keep_default_na=False)
    pd.concat([accounts, accounts.head(2)]).to_csv(book / "accounts.csv", index=False)
    with pytest.raises(BookError) as caught:
        plan(book, "2026Q1", out=tmp_path / "out", say=quiet)
    assert [p.check for p in caught.value.problems] == ["duplicate_key"]
    assert not (tmp_path / "out").exists()


def test_a_failing_chapter_publishes_nothing_and_names_the_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "project"
    shutil.copytree(ROOT / "notebooks", broken / "notebooks")
    chapter = broken / "notebooks" / "planning" / "2_forecast.ipynb"
    notebook = json.loads(chapter.read_text(encoding="utf-8"))
    notebook["cells"][-1] = notebook["cells"][-1] | {
        "cell_type": "code", "source": "1 / 0", "outputs": [], "execution_count": None,
    }  # fmt: skip
    chapter.write_text(json.dumps(notebook), encoding="utf-8")
    monkeypatch.setattr(building, "project_root", lambda: broken)
    with pytest.raises(KamError, match="chapter 2_forecast failed: ZeroDivisionError") as caught:
        plan(DEMO, "2026Q1", out=tmp_path / "out", say=quiet)
    parent = tmp_path / "out" / "planning" / "2026Q1"
    [kept] = list(parent.iterdir())
    assert kept.name.startswith("failed-")
    assert f"(in {kept}; nothing was published)" in str(caught.value)
    assert "ZeroDivisionError" in (kept / "notebooks" / "2_forecast.ipynb").read_text(encoding="utf-8")


def test_period_files_lie_over_the_companys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "params" / "planning").mkdir(parents=True)
    (tmp_path / "params" / "planning.yaml").write_text("sizing: {growth: 0.01}\n")
    (tmp_path / "params" / "planning" / "2026Q1.yaml").write_text("sizing: {growth: 0.02}\n")
    mine = tmp_path / "mine.yaml"
    mine.write_text("run: {seed: 5}\n")
    monkeypatch.setattr(building, "project_root", lambda: tmp_path)
    assert planning_params().sizing.growth == 0.01
    assert planning_params("2026Q1", params_file=mine).sizing.growth == 0.02
    assert planning_params("2026Q1", params_file=mine).run.seed == 5
    assert planning_params("2026Q1", overrides=["sizing.growth=0.03"]).sizing.growth == 0.03


def test_pay_stands_in_the_appraisals_files_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "params" / "appraisal").mkdir(parents=True)
    (tmp_path / "params" / "appraisal.yaml").write_text(
        "book: Ours\npay: {target_pay: 60000.0}\nranking: {draws: 500}\n"
    )
    (tmp_path / "params" / "appraisal" / "2026Q1.yaml").write_text("pay: {target_pay: 66000.0}\n")
    monkeypatch.setattr(building, "project_root", lambda: tmp_path)
    assert (
        planning_params(book="Ours").pay.target_pay == appraisal_params(book="Ours").pay.target_pay == 60000
    )
    assert planning_params("2026Q1").pay == appraisal_params("2026Q1").pay
    assert planning_params(book="Theirs").pay.target_pay == 80000
    assert building.left_out("planning", "2026Q1", "Theirs") == {"params/appraisal.yaml": "Ours"}
    own = tmp_path / "params" / "planning.yaml"
    own.write_text("pay: {target_pay: 1.0}\n")
    said = "params/planning.yaml: pay stands in params/appraisal.yaml, which the planning pack reads too"
    with pytest.raises(ParameterError, match=said):
        planning_params()
    own.rename(tmp_path / "mine.yaml")
    with pytest.raises(ParameterError, match="mine.yaml: pay stands in params/appraisal.yaml"):
        planning_params(params_file=tmp_path / "mine.yaml")


def test_files_of_another_book_are_left_out_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "params" / "planning").mkdir(parents=True)
    (tmp_path / "params" / "planning.yaml").write_text("book: Ours\nsizing: {growth: 0.01}\n")
    (tmp_path / "params" / "planning" / "2026Q1.yaml").write_text("run: {seed: 9}\n")
    mine = tmp_path / "mine.yaml"
    mine.write_text("book: Ours\nrun: {seed: 5}\n")
    monkeypatch.setattr(building, "project_root", lambda: tmp_path)
    assert planning_params("2026Q1", book="Ours", params_file=mine).sizing.growth == 0.01
    other = planning_params("2026Q1", book="Theirs")
    assert (other.sizing.growth, other.run.seed) == (0.1, 9)
    files = building.left_out("planning", "2026Q1", "Theirs")
    assert files == {"params/planning.yaml": "Ours"}
    assert building.left_out("planning", "2026Q1", "Ours") == {}
    said: list[str] = []
    building.say_left_out(files, "Theirs", None, said.append)
    building.say_left_out(files, "Theirs", mine, said.append)
    left_out = 'params/planning.yaml is written for the book "Ours" and left out: this is "Theirs". '
    assert said == [
        left_out + "Defaults hold; write a file for this book there, or name one with --params.",
        left_out + "mine.yaml holds, and defaults for what it leaves out.",
    ]
    with pytest.raises(
        ParameterError, match='mine.yaml is written for the book "Ours", and this is "Theirs"'
    ):
        planning_params("2026Q1", book="Theirs", params_file=mine)
    mine.write_text("book: 7\n")
    with pytest.raises(ParameterError, match="mine.yaml: book is 7; write the book's name as text"):
        planning_params("2026Q1", params_file=mine)


def test_adventureworks_runs_to_a_full_pack(tmp_path: Path) -> None:
    raw = ROOT.parent / "shared" / "data" / "adventureworks" / "FactResellerSales.parquet"
    if not raw.is_file():
        pytest.skip("needs ../shared/data/adventureworks")
    folder = plan(ROOT / "data" / "examples" / "adventureworks.yaml", "2013Q4", out=tmp_path, say=quiet)
    run = open_run(str(folder))
    sales = pd.read_parquet(raw)
    before = sales[sales["OrderDate"] < "2013-10-01"]["SalesAmount"]
    exact = sum((Decimal(str(round(v, 4))) for v in before), Decimal(0))
    assert total_money(run.load("cube")["revenue"]) == exact
    assert (folder / "pack.html").stat().st_size > 500_000
    assert (folder / "pack.xlsx").is_file()
