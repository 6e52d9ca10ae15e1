"""``gas-admin``: plans, results on the move, single jobs."""

from __future__ import annotations

import dataclasses
import getpass
import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TextIO

import click

from gas_core.adapters.archive.inventory import archives_of
from gas_core.admin import handlers
from gas_core.admin.bootstrap import build
from gas_core.admin.config import AdminSettings
from gas_core.admin.handlers import Admin, AmbiguousUserError, Debt, LifecycleStatus
from gas_core.domain.errors import GasError, JobNotFoundError, UserNotFoundError
from gas_core.domain.plans import Plan, User
from gas_core.telemetry import logs

P = ParamSpec("P")

_SOLD = "stripe"
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_SHOWN = 20
_OVERDUE = 3
"""Exit code; 2 is what click ends with when it was called wrongly."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gas-core", prog_name="gas-admin")
@click.pass_context
def cli(context: click.Context) -> None:
    """See to plans and jobs of GAS. Settings are those of the services (GAS_JOBS_TABLE and so on)."""
    if context.obj is None:
        settings = AdminSettings.from_environment()
        # Standard output is for what was asked.
        logs.configure(settings, service="gas-admin", stream=sys.stderr)
        context.obj = build(settings)


as_json = click.option("--json", "plainly", is_flag=True, help="Print JSON.")


def _told(command: Callable[Concatenate[Admin, P], None]) -> Callable[P, None]:
    """Give a command what it stands on; a problem is one sentence and exit code 1."""

    @click.pass_obj
    @wraps(command)
    def told(admin: Admin, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(admin, *args, **kwargs)
        except AmbiguousUserError as error:
            ids = "\n  ".join(error.fields["identity_ids"])  # type: ignore[arg-type]  # fields are objects
            raise click.ClickException(f"{error} They are:\n  {ids}") from None
        except UserNotFoundError as error:
            raise click.ClickException(
                f"{error} A user exists once they have signed in; name them by identity ID or e-mail."
            ) from None
        except JobNotFoundError as error:
            raise click.ClickException(f"{error} Deleted jobs leave no row.") from None
        except GasError as error:
            facts = ", ".join(f"{name} {value}" for name, value in error.fields.items())
            raise click.ClickException(f"{error} ({facts})") from None

    return told


@cli.group()
def plan() -> None:
    """Users' plans."""


@plan.command("set")
@click.argument("user")
@click.argument("plan_name", metavar="premium|free", type=click.Choice([one.value for one in Plan]))
@as_json
@_told
def set_plan(admin: Admin, user: str, plan_name: str, *, plainly: bool) -> None:
    """Set the plan of USER, an identity ID or an e-mail address.

    From then on no payment, failure or end of a subscription changes premium; a payment by somebody whom you
    set to free makes them premium again. Premium has their archived results brought back, free gives those
    that are ready a window.
    """
    before, after = admin.set_plan(user, Plan(plan_name), operator=_operator())
    if plainly:
        _print_json({"before": _plan_facts(before), "after": _plan_facts(after)})
        return
    if before.plan is after.plan:
        click.echo(
            f"{after.identity_id} had the plan {after.plan.value} already; an operator stands for it now."
        )
    else:
        click.echo(f"{after.identity_id}: {before.plan.value} → {after.plan.value}")
    if after.plan is Plan.FREE and before.plan_source == _SOLD:
        click.echo("A subscription at Stripe is not ended by this: end it there, or its next event counts.")


@plan.command("show")
@click.argument("user")
@as_json
@_told
def show_plan(admin: Admin, user: str, *, plainly: bool) -> None:
    """Show the plan of USER, an identity ID or an e-mail address."""
    facts = _plan_facts(admin.user(user))
    _print(facts, plainly=plainly)


@cli.group()
def lifecycle() -> None:
    """Results between store and archive."""


@lifecycle.command("status")
@click.option(
    "--limit", default=100, show_default=True, type=click.IntRange(1), help="Rows of each partition."
)
@as_json
@_told
def lifecycle_status(admin: Admin, limit: int, *, plainly: bool) -> None:
    """Tell what is being archived, restored and deleted, how long, and what is overdue.

    Overdue is what two passes of the sweeper (or of thaw, for retrievals) left undone, or what somebody was
    told of three times in vain. Exit code 3 if anything is.
    """
    status = admin.lifecycle_status(limit=limit)
    if plainly:
        _print_json(dataclasses.asdict(status))
    else:
        _print_status(status)
    if status.overdue:
        sys.exit(_OVERDUE)


@cli.group()
def archive() -> None:
    """Archives in a vault."""


@archive.command("orphans")
@click.argument("inventory", type=click.File(encoding="utf-8"))
@as_json
@_told
def archive_orphans(admin: Admin, inventory: TextIO, *, plainly: bool) -> None:
    """List the archives of INVENTORY, a vault's inventory in JSON, that belong to no job.

    One line each: archive ID, job ID, generation. How many of how many goes to standard error: where most
    are of no use, the jobs table is probably not that of this vault.
    """
    archives = archives_of(inventory.read())
    orphans = admin.orphans(archives)
    if plainly:
        _print_json([dataclasses.asdict(one) for one in orphans])
    else:
        for one in orphans:
            click.echo(f"{one.archive_id}  {one.job_id}  {one.generation}")
    click.echo(f"{len(orphans)} of {len(archives)} archives belong to no job", err=True)


@cli.group()
def job() -> None:
    """Single jobs."""


@job.command("show")
@click.argument("job_id")
@as_json
@_told
def show_job(admin: Admin, job_id: str, *, plainly: bool) -> None:
    """Show the row of JOB_ID, as far as it tells something."""
    facts = {name: value for name, value in dataclasses.asdict(admin.jobs.get(job_id)).items() if value}
    _print(facts, plainly=plainly)


@job.command("events")
@click.argument("job_id")
@as_json
@_told
def job_events(admin: Admin, job_id: str, *, plainly: bool) -> None:
    """Tell what happened to JOB_ID and what is due, in order."""
    told = handlers.events(admin.jobs.get(job_id))
    if plainly:
        _print_json([{"time": time, "event": event} for time, event in told])
        return
    for time, event in told:
        click.echo(f"{_time_text(time)}  {event}")


def _operator() -> str:
    """Who runs this, as the system knows them; a container's user may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def _plan_facts(user: User) -> dict[str, Any]:
    facts = {
        "identity_id": user.identity_id,
        "email": user.email,
        "plan": user.plan.value,
        "plan_source": user.plan_source,
        "plan_since": user.plan_since,
        "plan_settling": user.plan_settling,
        "customer_id": user.customer_id,
        "payment_grace_ends": user.payment_grace_ends,
    }
    return {name: value for name, value in facts.items() if value or name == "plan_settling"}


def _print_status(status: LifecycleStatus) -> None:
    about = "at least " if status.partial else ""
    for state, moving in status.moving.items():
        click.echo(f"{state.lower():<16}{about}{len(moving)}")
        _print_some([f"{each.job_id}  for {_duration_text(status.now - each.since)}" for each in moving])
    click.echo(f"{'asked back':<16}{about}{status.asked_back}")
    click.echo(f"{'plans changing':<16}{about}{status.changing_plans}")
    click.echo(f"{'overdue':<16}{about}{len(status.overdue)}")
    _print_some([_debt_text(debt, status.now) for debt in status.overdue])


def _debt_text(debt: Debt, now: int) -> str:
    late = now - debt.time
    since = f"for {_duration_text(late)}" if late >= 0 else f"looked at again in {_duration_text(-late)}"
    return f"{debt.subject}  {debt.state}  {debt.kind} {since}, told {debt.tries} times"


def _print_some(lines: list[str]) -> None:
    for line in lines[:_SHOWN]:
        click.echo(f"  {line}")
    if len(lines) > _SHOWN:
        click.echo(f"  and {len(lines) - _SHOWN} more (--json lists all)")


def _print(facts: Mapping[str, Any], *, plainly: bool) -> None:
    if plainly:
        _print_json(facts)
        return
    width = max(map(len, facts)) + 2
    for name, value in facts.items():
        shown = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | tuple) else value
        time = isinstance(value, int) and name.endswith(("_time", "_since", "_ends", "_expires"))
        click.echo(f"{name:<{width}}{_time_text(value) if time else shown}")


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def _time_text(time: int) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%Y-%m-%d %H:%M:%S}Z"


def _duration_text(seconds: int) -> str:
    """The largest unit that fits, and whole ones of it."""
    size, unit = next((one for one in _UNITS if seconds >= one[0]), _UNITS[-1])
    return f"{seconds // size} {unit}"


def main() -> None:
    """The console script."""
    cli(prog_name="gas-admin")
