"""A member of the market who uses OpenClaw: our command, run on the machine of a host."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from openclaw.host import Host

Fields = dict[str, Any]


@dataclass(frozen=True)
class Member:
    """One home with a wallet that is signed in."""

    home: Path
    host: Host
    url: str

    @classmethod
    def join(cls, home: Path, host: Host, url: str) -> "Member":
        """Make a wallet, sign in, and put the host's command where it is looked for."""
        member = cls(home, host, url)
        member.program.parent.mkdir(parents=True)
        node, openclaw = host.programs.node, host.programs.openclaw
        member.program.write_text(f'#!/bin/sh\nexec "{node}" "{openclaw}" "$@"\n')
        member.program.chmod(0o700)
        member.does("wallet", "new")
        member.does("wallet", "login")
        return member

    @property
    def program(self) -> Path:
        """The host's command."""
        return self.home / "bin" / "openclaw"

    @property
    def place(self) -> Path:
        """Where an installation keeps its key and its notes."""
        return self.home / "openclaw"

    def run(self, *words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        """Run our command."""
        env = self.host.environment() | {
            "CLAWMARKET_HOME": str(self.home),
            "CLAWMARKET_URL": self.url,
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        }
        env["PATH"] = f"{self.program.parent}{os.pathsep}{env['PATH']}"
        line = [sys.executable, "-m", "clawmarket", *words, "--json"]
        return subprocess.run(
            line, env=env | settings, capture_output=True, text=True, timeout=120, check=False
        )

    def does(self, *words: str) -> Fields:
        """Run our command, which has to succeed, and return what it answers."""
        done = self.run(*words)
        assert done.returncode == 0, done.stdout + done.stderr
        fields: Fields = json.loads(done.stdout)
        return fields

    def cause(self, *words: str, **settings: str) -> str:
        """Run our command, which has to be refused, and return the cause."""
        done = self.run(*words, **settings)
        assert done.returncode != 0, done.stdout
        return str(json.loads(done.stdout)["details"]["cause"])

    def keys(self) -> list[str]:
        """Return the labels of the keys that are good."""
        return [key["label"] for key in self.does("keys", "list")["items"]]
