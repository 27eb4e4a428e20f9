"""A reviewer's one command: are the records whole, is everything made from them, and do a few come out again?

python -m paperlib.pages.verify [PROFILE]                 the committed records: seconds, nothing is trained
python -m paperlib.pages.verify PROFILE --fresh [--data DATA]    trains a sample of the runs again, too
python -m paperlib.pages.verify --run RUN [--data DATA]          trains that run again, and compares all of it;
                                [--minutes N]                    for so long, and goes on when called again

Nothing that is committed is ever written here: a problem is told, with what to run instead. docs/verify.md says what
this covers, and what it cannot.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from paperlib.checkpoints import Interrupted
from paperlib.claims import ledger
from paperlib.figures import stamps
from paperlib.pages import again, claim_tables, pictures, predictions, readme, repeated, scales
from paperlib.progress import Progress
from paperlib.storage import arrays, records
from paperlib.storage.digests import overall_digest
from paperlib.storage.files import FileError
from paperlib.study import execution, stale_checkpoint
from paperlib.study.profiles import Profile, committed
from paperlib.study.profiles import profile as profile_named
from paperlib.study.runs import file_name

_CACHED = (".embeddings.npy", ".indices.npy")  # beside records, computed again from what is committed


def checked(name: str, root: str | Path) -> tuple[pd.DataFrame | None, list[str]]:
    """What a profile's records give, and what is wrong with them and with all that is made from them.

    Parameters
    ----------
    name : str
        Of the profile.
    root : path
        Where the folder `figures` is.

    Returns
    -------
    table : DataFrame or None
        The ledger; None where no record can be read, or where one is damaged.
    problems : list of str
        Empty if nothing is wrong. Whatever files contain, they lead to a problem here and never to an error.
    """
    folder = Path(root) / "figures" / name
    remedy = f"make figures PROFILE={name}"
    found, problems = _readable(folder / "records")
    problems += [f"{text}; {remedy}" for text in _guarded(lambda: stamps.changed(folder), folder)]
    if not _record_files(folder / "records"):
        problems.append(f"{folder / 'records'}: no records; {remedy}")
    if not found or len(found) < len(_record_files(folder / "records")):
        return None, problems
    try:
        profile, dataset = profile_named(name), records.data_set(found.values())
        table = ledger.of_folder(folder)
    except Exception as error:  # a record with the right digest can still say anything
        return None, [*problems, f"{folder / 'records'}: no claims can be measured ({_said(error)})"]
    for check in (
        lambda: _planned(profile, dataset, found, folder, remedy),
        lambda: _weights(found, folder),
        lambda: _sessions(profile, dataset, folder),
        lambda: _pictures(profile, dataset, folder, remedy),
        lambda: _claims(table, folder / "claims.csv", remedy),
    ):
        problems += _guarded(check, folder)
    return table, problems


def pages(root: str | Path) -> list[str]:
    """What is wrong with the generated blocks of the README and of docs/, a text each."""
    texts, problems = [], []
    for path in readme.pages(Path(root)):
        try:
            texts.append(path.read_text(encoding="utf-8"))
            if readme.refresh(texts[-1], root) != texts[-1]:
                problems.append(f"{path}: stale against the records; make readme")
        except Exception as error:  # its tables are made from whatever lies under figures/
            problems.append(f"{path}: cannot be compared with the records ({_said(error)})")
    for name in readme.missing(texts):
        problems.append(
            f"{Path(root) / 'README.md'}: the block <!-- {name} --> is in no page; put it back, then make readme"
        )
    return problems


def _record_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def _readable(folder: Path) -> tuple[dict[str, dict], list[str]]:
    """The records of a folder by their file names, and what is wrong with the others."""
    found, problems = {}, []
    for path in _record_files(folder):
        try:
            found[path.name] = records.read(path)
        except FileError as error:
            problems.append(str(error))
    return found, problems


def _guarded(check: Callable[[], Iterable[str]], folder: Path) -> list[str]:
    """What a check finds; that it could not be made is a finding, too."""
    try:
        return list(check())
    except Exception as error:  # whatever damaged files lead to
        return [f"{folder}: cannot be checked ({_said(error)})"]


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _planned(
    profile: Profile, dataset: records.DataSet, found: Mapping[str, dict], folder: Path, remedy: str
) -> Iterator[str]:
    """Runs that are planned but not on record, and files that belong to none that is planned."""
    planned = {file_name(run) for run in again.planned(profile, dataset, folder / "records")}
    if missing := sorted(planned - set(found)):
        yield f"{folder / 'records' / missing[0]}: planned, but not on record, as {len(missing)} in all; {remedy}"
    for name in sorted(set(found) - planned):
        yield f"{folder / 'records' / name}: its run is none that profile {profile.name} plans; move it elsewhere"
    stems = {name.removesuffix(".json") for name in found}
    for path in sorted((folder / "records").iterdir()):
        suffix = next((suffix for suffix in (".json", ".npz", *_CACHED) if path.name.endswith(suffix)), None)
        if path.name == execution.STATES and path.is_dir():
            continue  # of runs under way, which report nothing yet
        if not path.name.startswith(".") and (suffix is None or path.name.removesuffix(suffix) not in stems):
            yield f"{path}: belongs to no record; move it elsewhere"


def _weights(found: Mapping[str, dict], folder: Path) -> Iterator[str]:
    """The autoencoders whose weights are not those that their records were written with."""
    for name, record in found.items():
        if record["run"]["kind"] == "AutoencoderRun":
            try:
                arrays.read_several((folder / "records" / name).with_suffix(".npz"), record["files"]["weights"])
            except FileError as error:
                yield f"the weights of autoencoder {record['hash']}: {error}"


def _pictures(profile: Profile, dataset: records.DataSet, folder: Path, remedy: str) -> Iterator[str]:
    for name in pictures.shown(profile):
        shown = pictures.on_record(name, profile, dataset, folder)
        if problem := stamps.problem(folder / f"{name}.png", shown):
            yield f"{problem}; {remedy}"


def _sessions(profile: Profile, dataset: records.DataSet, folder: Path) -> Iterator[str]:
    """Records of sessions ended by force that are damaged, or that no notebook asks for."""
    planned = {stale_checkpoint.record_path(run, folder) for run in stale_checkpoint.runs(profile, dataset)}
    for path in sorted((folder / "stale_checkpoint").glob("*")):
        if path not in planned:
            yield f"{path}: belongs to no session that profile {profile.name} plans; move it elsewhere"
            continue
        try:
            records.read(path)
        except FileError as error:
            yield str(error)


def _claims(table: pd.DataFrame, path: Path, remedy: str) -> Iterator[str]:
    """The committed ledger, where it is not the one that the records give."""
    if not path.is_file():
        yield f"{path}: missing; {remedy}"
    elif path.read_bytes() != ledger.as_csv(table).encode():
        yield f"{path}: not the claims that the records give; {remedy}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="paperlib.pages.verify", description=__doc__.splitlines()[0])
    parser.add_argument("profile", nargs="?", default="", help="such as cpu; all that are committed if left out")
    parser.add_argument("--fresh", action="store_true", help="train a sample of the runs again")
    parser.add_argument("--run", default="", help="train this one again: the name of its record, or its hash")
    parser.add_argument("--data", default="", help="the data set to train on; that of the profile if left out")
    parser.add_argument("--minutes", type=float, help="with --run: train for so long; the next call goes on")
    arguments = parser.parse_args()
    if arguments.minutes is not None and not arguments.run:
        parser.error(f"minutes is {arguments.minutes:g}, but no run is named: give RUN, too")
    return arguments


def _everything(names: Iterable[str], root: Path, arguments: argparse.Namespace) -> Iterator[str]:
    """Print what profiles' records give -> what is wrong."""
    yield from pages(root)
    yield from _guarded(lambda: predictions.problems(root), predictions.path(root))
    yield from (f"{text}; make scales" for text in _guarded(lambda: scales.problems(root), root / "figures"))
    if not arguments.profile and (root / "figures" / "bench").is_dir():
        bench = root / "figures" / "bench"
        yield from (f"{text}; make bench" for text in _guarded(lambda: stamps.changed(bench), bench))
    for name in names:
        table, found = checked(name, root)
        yield from found
        if table is not None:
            on = records.data_set(records.read_all(root / "figures" / name / "records")).name
            print(f"Profile {name}, data set {on}\n\n{claim_tables.claims_markdown(table)}\n", flush=True)
        if arguments.fresh and table is not None:
            rows = again.fresh(name, root, arguments.data, Progress("lines"))
            print(rows.round(2).to_markdown(index=False), flush=True)
            yield from (f"{row.selection} at {row.split:g}: {row.difference:+.1f} points off the record"
                        for row in rows.itertuples() if row.outcome == "DIFFERS")  # fmt: skip
    digest, count = overall_digest(root / "figures", [f"{name}/records" for name in committed(root)])
    print(f"SHA-256 of all {count:,} records: {digest}", flush=True)


def _one(names: Iterable[str], root: Path, arguments: argparse.Namespace) -> Iterator[str]:
    """Print how a run comes out again -> what is wrong."""
    name, path = again.find(arguments.run, names, root)
    rows = again.rerun(name, path, root, arguments.data, Progress("lines"), arguments.minutes)
    print(repeated.in_words(rows), flush=True)
    yield from (f"{path.name}: {row.what} is {row.difference:+.2f} off the record, more than {row.tolerance:.2f}"
                for row in rows.itertuples() if row.outcome == "DIFFERS")  # fmt: skip


if __name__ == "__main__":
    arguments, root = _arguments(), Path()
    try:
        if arguments.profile:
            profile_named(arguments.profile)  # refuses an unknown one
        names = [arguments.profile] if arguments.profile else committed(root)
        problems = list((_one if arguments.run else _everything)(names, root, arguments))
    except (ValueError, OSError) as error:
        sys.exit(str(error))
    except Interrupted as stopped:
        goes_on = stopped.saved and arguments.minutes
        after = "the same command goes on" if goes_on else "nothing that is committed was changed"
        sys.exit(f"{str(stopped).capitalize()}; {after}")
    except KeyboardInterrupt:
        sys.exit("Stopped; nothing that is committed was changed")
    if problems:
        sys.exit("\n".join(["NOT VERIFIED:", *(f"- {text}" for text in dict.fromkeys(problems))]))
    if not arguments.run:
        print("Verified: records have their digests; claims, figures and pages are made from them (docs/verify.md).")
