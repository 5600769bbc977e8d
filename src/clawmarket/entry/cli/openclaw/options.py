"""The options of `openclaw install|uninstall`; nothing else, since every start reads them."""

import click

HOST = click.Option(
    ["--openclaw", "openclaw"],
    metavar="PROGRAM",
    help="OpenClaw's command.  [default: openclaw on your PATH]",
)
COPY = click.Option(
    ["--copy", "copy"],
    is_flag=True,
    help="Copy the plugin's files into your home instead of linking to them.",
)
READ_ONLY = click.Option(
    ["--read-only", "read_only"],
    is_flag=True,
    help="With a key that may only read, and without access to conversations.",
)
