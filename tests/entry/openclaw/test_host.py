"""What the host's command did, by how it ended."""

from pathlib import Path

import pytest

from clawmarket.entry.cli.openclaw.host import (
    HostProgram,
    OpenclawCutOffError,
    OpenclawFailedError,
    OpenclawMissingError,
)


def program(folder: Path, *lines: str) -> HostProgram:
    """Return a command that runs these lines."""
    path = folder / "openclaw"
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o700)
    return HostProgram.find(str(path))


def test_a_command_that_was_killed_may_have_written(tmp_path: Path) -> None:
    """So it is not said that nothing was changed; a look that was killed changed nothing."""
    killed = program(tmp_path, "kill -9 $$")
    with pytest.raises(OpenclawCutOffError):
        killed.patch({})
    with pytest.raises(OpenclawFailedError):
        killed.settings()


def test_a_command_that_refused_wrote_nothing(tmp_path: Path) -> None:
    """Its own words are shown, without what looks like a secret."""
    key = "cmk_" + "x" * 43
    refusing = program(tmp_path, f"echo 'no such plugin, key {key}' >&2", "exit 1")
    with pytest.raises(OpenclawFailedError) as refused:
        refusing.patch({})
    assert "no such plugin" in refused.value.what
    assert key not in refused.value.what


def test_what_is_no_program_is_refused(tmp_path: Path) -> None:
    """One that is not there, and one that cannot be run."""
    with pytest.raises(OpenclawMissingError):
        HostProgram.find(str(tmp_path / "nothing"))
    broken = program(tmp_path)
    Path(broken.path).write_text("#!/nowhere/shell\n")
    with pytest.raises(OpenclawFailedError):
        broken.patch({})
