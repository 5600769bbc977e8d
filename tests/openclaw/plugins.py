"""What a host's configuration says about plugins: ours as `install` writes it, and a test's own."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from openclaw.host import PLUGIN, Config

# What the hosts here have of plugins beside ours.
OTHERS = {"allow": ["memory-core"]}
WATCHING = {"allowConversationAccess": True}


@dataclass(frozen=True)
class Other:
    """A plugin of a test, which is loaded beside ours."""

    name: str
    folder: Path
    entry: Config = field(default_factory=dict)

    @classmethod
    def write(cls, folder: Path, name: str, code: str, **entry: Config) -> "Other":
        """Write its files."""
        folder.mkdir()
        settings: Config = {key: {} for key in entry.get("config", {})}
        schema = {"type": "object", "additionalProperties": False, "properties": settings}
        about = {"id": name, "configSchema": schema, "activation": {"onStartup": True}}
        package = {"name": name, "version": "1.0.0", "type": "module"}
        extensions = {"openclaw": {"extensions": ["./index.js"]}}
        (folder / "openclaw.plugin.json").write_text(json.dumps(about))
        (folder / "package.json").write_text(json.dumps(package | extensions))
        (folder / "index.js").write_text(code)
        return cls(name, folder, entry)


def with_ours(config: Config, *others: Other) -> Config:
    """Return what loads our plugin with this configuration, and others beside it."""
    entries: Config = {"clawmarket": {"enabled": True, "config": config, "hooks": WATCHING}}
    entries |= {each.name: {"enabled": True, **each.entry} for each in others}
    return {
        "allow": [*OTHERS["allow"], *entries],
        "load": {"paths": [str(PLUGIN), *(str(each.folder) for each in others)]},
        "entries": entries,
    }
