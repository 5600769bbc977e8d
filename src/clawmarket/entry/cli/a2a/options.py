"""The options of the commands that ask other agents."""

import click

from clawmarket.entry.cli.options import WholeType

DEFAULT_S, MOST_S = 60, 3_600

URL = click.Argument(["agent"], metavar="URL")
TEXT = click.Argument(["text"], metavar="[TEXT]", required=False)
SKILL = click.Option(["--skill"], metavar="NAME", help="The skill that the data is for.")
DATA = click.Option(
    ["--data"], metavar="JSON", help="An object for the agent; @FILE reads one, - reads stdin."
)
TASK = click.Option(["--task"], metavar="ID", help="Go on with a task of the agent's.")
CONTEXT = click.Option(["--context"], metavar="ID", help="The conversation that it belongs to.")
MESSAGE_ID = click.Option(
    ["--message-id"], metavar="ID", help="Repeat a message: agents may know it by its id."
)
STREAM = click.Option(["--stream"], is_flag=True, help="Watch the task until it ends.")
SAVE = click.Option(
    ["--save"],
    metavar="FOLDER",
    help="Write the answer, its files and who gave it into an empty folder.",
)
TIMEOUT = click.Option(
    ["--timeout"],
    type=WholeType(1, MOST_S),
    default=DEFAULT_S,
    metavar="SECONDS",
    help=f"How long it may take in all; {DEFAULT_S} if not named.",
)
