"""Train what a profile plans and is not on record, in the order that decides most first.

python -m paperlib.study.recording PROFILE [--data DATA] [--minutes MINUTES] [--plan]
"""

from pathlib import Path

import click

from paperlib import interruption, study
from paperlib.checkpoints import Interrupted
from paperlib.data import Dataset, load
from paperlib.progress import Progress
from paperlib.study import forecast, plans, profiles, recorded, stages
from paperlib.study.profiles import Profile


def record(
    setting: Profile, dataset: Dataset, folder: Path, progress: str = "lines", minutes: float | None = None
) -> None:
    """Work down the plan of a profile and write what is not on record in `folder`, where notebooks find it.

    They would train it as well, but one after the other, and share less.

    Parameters
    ----------
    progress : one of `paperlib.progress.STYLES`.
    minutes : after so many, the run under way is saved and `Interrupted` raised. None: until all is on record.

    Raises
    ------
    Interrupted : after the minutes, or at SIGINT or SIGTERM. All records stay, and the next call goes on.
    ValueError, OSError : what `paperlib.study.execute` raises.
    """
    told = Progress(progress)
    should_stop = interruption.after(minutes)
    done = 0
    while done < len(plan := _plan(setting, dataset, folder)):  # it grows once the union's size is known
        stage, later = plan[done], [run for stage in plan[done + 1 :] for run in stage.runs]
        if progress != "none":
            click.echo(f"[{done + 1}/{len(plan)}] {stage.title}")
        study.execute(stage.runs, dataset, folder, told, later=later, should_stop=should_stop)
        done += 1


def _plan(setting: Profile, dataset: Dataset, folder: Path) -> list[stages.Stage]:
    """The stages, with the runs on the union's size if its autoencoder is on record."""
    union = plans.union_run(setting, dataset)
    known = union.autoencoder is not None and recorded.is_recorded(union.autoencoder, folder)
    chosen = study.choose(union, dataset, folder) if known else None
    return stages.in_order(setting, dataset, None if chosen is None else len(chosen))


@click.command(help=__doc__)
@click.argument("profile")
@click.option("--data", default="", help="The data set; see paperlib.data.load.")
@click.option("--figures", default="figures", help="The folder of all profiles' results.")
@click.option("--minutes", type=float, help="Stop after so long, with the run under way saved.")
@click.option("--plan", is_flag=True, help="Print the plan and the hours that it takes on this machine; train nothing.")
def main(profile: str, data: str, figures: str, minutes: float | None, plan: bool) -> None:
    try:
        setting = profiles.profile(profile)
        dataset = load(data or setting.source)
        folder = Path(figures) / profile / "records"
        if not plan:
            try:
                record(setting, dataset, folder, minutes=minutes)
            except Interrupted as stopped:
                click.echo(str(stopped).capitalize())
        click.echo(forecast.report(_plan(setting, dataset, folder), dataset, folder))
    except (ValueError, OSError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
