"""Commands on the skills for OpenClaw's agents."""

import click

from clawmarket.entry.cli.declared.command import DRY_RUN, FOLDER, Declared

_SKILLS = "clawmarket.entry.cli.skills"
_YES = click.Option(["--yes", "yes"], is_flag=True, help="Agree to it beforehand.")
_DIR = click.Option(
    ["--dir", "dir"],
    type=FOLDER,
    metavar="DIR",
    help="A workspace, or a folder called skills.  [default: the skills of OpenClaw's state]",
)
_FIELDS = ("target", "files", "done", "next")


def _force(text: str) -> click.Option:
    return click.Option(["--force", "force"], is_flag=True, help=text)


SKILLS: tuple[Declared, ...] = (
    Declared(
        "skills install",
        f"{_SKILLS}.install:install",
        "Copy the skills claw-employer and claw-worker to where OpenClaw reads them.",
        "Shows what is written, and asks. A file that somebody changed is left as it is.",
        params=(
            _DIR,
            click.Option(["--create", "create"], is_flag=True, help="Make the workspace, too."),
            _force("Replace files that were changed, too."),
            DRY_RUN,
            _YES,
        ),
        changes=True,
        fields=_FIELDS,
        quiet="Print only the folder.",
    ),
    Declared(
        "skills check",
        f"{_SKILLS}.check:check",
        "Check skills: frontmatter, lengths, ClawHub's gates, and every command in them.",
        "Without a folder the skills that come with this program are checked. Exits 1 when "
        "something is wrong.",
        params=(click.Argument(["folder"], type=FOLDER, required=False),),
        fields=("checked", "findings"),
        quiet="Print one line a finding, and nothing when all is well.",
    ),
    Declared(
        "skills uninstall",
        f"{_SKILLS}.install:uninstall",
        "Remove the skills that `skills install` copied.",
        "A file that somebody changed since then stays.",
        params=(_DIR, _force("Remove files that were changed, too."), DRY_RUN, _YES),
        changes=True,
        fields=(*_FIELDS, "left"),
        quiet="Print nothing.",
    ),
)
