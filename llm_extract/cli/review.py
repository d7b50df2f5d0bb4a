"""`llm-extract review`: the web app in which flagged records become trusted ones; its accounts."""

from __future__ import annotations

import getpass
import sys
import webbrowser
from typing import Annotated

import typer
from rich.table import Table

from llm_extract.cli.console import err, out, plain, say
from llm_extract.cli.failures import Program
from llm_extract.cli.places import open_place
from llm_extract.cli.review_exchange import add_commands
from llm_extract.cli.review_options import Place, own_name
from llm_extract.errors import ReviewError
from llm_extract.review.accounts import Accounts
from llm_extract.review.filters import Filters
from llm_extract.review.intake import take_in
from llm_extract.review.sampling import RATE
from llm_extract.review.states import Reviewer

EPILOG = "Example: llm-extract review --store results/mine"

app = typer.Typer(cls=Program, add_completion=False, epilog=EPILOG)
account_app = typer.Typer(cls=Program, no_args_is_help=True)
app.add_typer(account_app, name="account", help="Who may sign in to a server with --auth.")
add_commands(app)


@app.callback(invoke_without_command=True)
def review(
    context: typer.Context,
    store_place: Place = "results",
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Where to listen; with --auth any address.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free port.")] = 8601,
    auth: Annotated[bool, typer.Option("--auth", help="Ask for a name and a password.")] = False,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who decides; default: your user name.")
    ] = None,
    known_as: Annotated[
        list[str] | None,
        typer.Option(
            "--known-as", metavar="HOST[:PORT]", help="Name of the server, as browsers ask for it."
        ),
    ] = None,
    behind_https: Annotated[
        bool, typer.Option("--behind-https", help="A proxy before it speaks https.")
    ] = False,
    sample: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the clean records to look at.")
    ] = RATE,
    open_page: Annotated[
        bool, typer.Option("--open/--no-open", help="Open it in a browser.")
    ] = False,
) -> None:
    """Review the records of a store in the browser: read, correct, approve.

    On your own machine the printed address lets you in, and nobody else. On SQLite no job works on
    the store meanwhile; on PostgreSQL any number of reviewers and jobs share it.
    """
    if context.invoked_subcommand is not None:
        return
    from llm_extract.review.sessions import AccountSessions, LocalSessions
    from llm_extract.review.web.access import Access, Door  # the web's libraries load for a second
    from llm_extract.review.web.app import create_app
    from llm_extract.review.web.rooms import open_rooms
    from llm_extract.review.web.serving import address_of, host_names, listen, refuse_unsafe, serve

    names = known_as or ()
    refuse_unsafe(host, names, auth)
    local = None if auth else Reviewer(own_name(name), "admin")
    with open_place(store_place) as store, open_rooms(store) as rooms:
        if auth and not rooms.accounts.has_admin():
            raise ReviewError(
                "nobody can sign in yet: make an account with `llm-extract review account add NAME "
                "--role admin` and the same --store",
                code="account",
            )
        with err.status("Taking records in …") as status:
            new = take_in(
                rooms.engine, sample, lambda done: status.update(f"Taking records in: {done:,}")
            )
        say(f"{new:,} new records; {rooms.queue.counts(Filters()).cases:,} wait for review")
        opened = listen(host, port)
        port = opened.getsockname()[1]
        scheme = "https" if behind_https else "http"
        address = address_of(scheme, host, port, names)

        def tell(token: str) -> str:
            start = address if local is None else f"{address}start?token={token}"
            out.print(plain(start), soft_wrap=True)
            return start

        def tell_another(token: str) -> None:
            say("Somebody came in by it, which works once. The next browser comes in by:", "dim")
            tell(token)

        sessions = LocalSessions() if local else AccountSessions(rooms.engine, rooms.reader)
        access = Access(sessions, local, behind_https, port, Door(tell_another))

        def ready() -> None:
            start = tell(access.start_token)
            say("Open this address; Ctrl-C ends it.", "dim")
            if open_page:
                webbrowser.open(start)

        app = create_app(rooms, access, host_names(host, port, names), scheme, sample)
        serve(app, opened, ready, behind_proxy=behind_https)


@account_app.command("add")
def add(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    role: Annotated[str, typer.Option(help="analyst, senior or admin.")] = "analyst",
    store_place: Place = "results",
) -> None:
    """Make an account; its password is asked for, or read from standard input."""
    with open_place(store_place) as store:
        Accounts(store.engine).add(name, role, _password(), own_name(None))
    say(f"{name} can sign in as {role}")


@account_app.command("password")
def password(
    name: Annotated[str, typer.Argument(metavar="NAME")], store_place: Place = "results"
) -> None:
    """Give an account another password; its sessions end."""
    with open_place(store_place) as store:
        Accounts(store.engine).set_password(name, _password(), own_name(None))
    say(f"{name} has another password")


@account_app.command("role")
def role(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    role: Annotated[str, typer.Argument(metavar="ROLE")],
    store_place: Place = "results",
) -> None:
    """Make somebody an analyst, senior or admin."""
    with open_place(store_place) as store:
        Accounts(store.engine).set_role(name, role, own_name(None))
    say(f"{name} is {role}")


@account_app.command("disable")
def disable(
    name: Annotated[str, typer.Argument(metavar="NAME")], store_place: Place = "results"
) -> None:
    """Let somebody sign in no more; what they decided stays under their name."""
    with open_place(store_place) as store:
        Accounts(store.engine).disable(name, own_name(None))
    say(f"{name} can sign in no more")


@account_app.command("enable")
def enable(
    name: Annotated[str, typer.Argument(metavar="NAME")], store_place: Place = "results"
) -> None:
    """Let somebody who was disabled sign in again."""
    with open_place(store_place) as store:
        Accounts(store.engine).enable(name, own_name(None))
    say(f"{name} can sign in again")


@account_app.command("list")
def list_all(store_place: Place = "results") -> None:
    """All accounts."""
    table = Table("name", "role", "since", box=None)
    with open_place(store_place) as store:
        for account in Accounts(store.engine).all():
            what = "disabled" if account.disabled else account.role
            table.add_row(plain(account.name), what, str(account.made.date()))
    out.print(table)


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("Password (12 characters at least): ")
    if getpass.getpass("Once more: ") != first:
        raise ReviewError("the two passwords differ: try again", code="password")
    return first
