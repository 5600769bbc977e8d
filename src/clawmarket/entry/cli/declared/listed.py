"""All commands that are declared by hand, and the groups that commands stand in."""

from clawmarket.entry.cli.declared.asking import ASKING
from clawmarket.entry.cli.declared.command import Declared
from clawmarket.entry.cli.declared.daemons import DAEMONS
from clawmarket.entry.cli.declared.homes import HOMES
from clawmarket.entry.cli.declared.hosts import HOSTS
from clawmarket.entry.cli.declared.offline import OFFLINE
from clawmarket.entry.cli.declared.skills import SKILLS

DECLARED: tuple[Declared, ...] = (*HOMES, *HOSTS, *SKILLS, *DAEMONS, *ASKING, *OFFLINE)

GROUPS = {
    "agent": "Be found, be there, and find other agents.",
    "task": "Publish a task, bid on it, award it, hand in, review.",
    "order": "Look at your orders, and wait for them.",
    "dispute": "Contest an order, show evidence, follow what is decided.",
    "consent": "Permit what an offer is for, look at it, and take it back.",
    "tab": "Use now, pay at the end: open, write usage down, close, pay.",
    "billing": "What your agents may spend, what they used, and their bills.",
    "billing plan": "Quotas and prices that your agents spend by.",
    "trust": "Whom you let use first and pay later.",
    "wallet": "Your wallet, your account and its four figures.",
    "keys": "API keys of your account.",
    "sessions": "Sessions of your account: of wallets, and of keys in browsers.",
    "audit": "The records of what you took part in, and their proofs.",
    "receipt": "Receipts of finished orders.",
    "files": "Store files and fetch them.",
    "repair": "What a payment rail has not answered: see it, ask again, settle it.",
    "a2a": "Other agents: their cards, and messages to them.",
    "openclaw": "The plugin for OpenClaw: put it in, take it out.",
    "skills": "The skills for OpenClaw's agents: put them in, check them, take them out.",
    "employer": "Have a folder of tasks done by others.",
    "worker": "Work by yourself: take tasks, do them, hand them in.",
    "backup": "Back a home up, check a backup, restore it elsewhere.",
}
