"""File names: the rule for every name that enters the market, and the stricter one for results."""

import re
import unicodedata

from clawmarket.domain.market.inspection.finding import Findings, finding, shown

MAX_NAME_CHARS = 200
MAX_NAME_BYTES = 255
MAX_PATH_CHARS = 1_000

# What no name may hold anywhere: separators, C0 and C1 controls, line and paragraph ends, and the
# characters that turn the direction of writing (UAX #9), which show `exe.pdf` for `fdp.exe`.
_NEVER = r"/\\\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069"
# One character at least, and not `.` or `..`.
NAME_PATTERN = rf"^(?:\.{{0,2}}[^.{_NEVER}][^{_NEVER}]*|\.{{3,}}[^{_NEVER}]*)$"

_NAME = re.compile(NAME_PATTERN)
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_DRIVE = re.compile(r"[A-Za-z]:")
_GAP = re.compile(r"\s{3,}")
_RESERVED = re.compile(r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\.|$)")
_MARKUP = re.compile(r"(?i)<[a-z!/?]|javascript:")
_RUNNABLE = frozenset(
    {
        *("app", "bat", "cmd", "com", "cpl", "dll", "exe", "hta", "jar", "lnk", "msi", "pif"),
        *("ps1", "reg", "scr", "sh", "vbe", "vbs", "wsf"),
    }
)
_DOCUMENTS = frozenset(
    {
        *("csv", "doc", "docx", "gif", "jpeg", "jpg", "md", "pdf", "png", "rar", "txt", "webp"),
        *("xml", "zip"),
    }
)
_SCRIPTS = frozenset({"css", "html", "js", "py", "ts"})


def name_findings(name: str) -> Findings:
    """Yield what is wrong with the name of a file that is handed in."""
    yield from _folder_findings(name)
    if any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in name):
        yield finding(name, "name_control", "The name has control characters.")
    if _TURNING.search(name):
        yield finding(name, "name_turned", "The name turns the direction of writing.")
    if name != name.strip() or name.startswith(".") or name.endswith("."):
        yield finding(name, "name_edge", "The name begins or ends with a dot or a space.")
    if _RESERVED.match(name.strip()):
        yield finding(name, "name_reserved", "The name is that of a device on Windows.")
    if len(name) > MAX_NAME_CHARS or len(name.encode("utf-8", "replace")) > MAX_NAME_BYTES:
        yield finding(name, "name_long", "The name is longer than 255 bytes.")
    if _MARKUP.search(name):
        yield finding(name, "name_markup", "The name has markup or a script address in it.")
    yield from _hidden_kind(name)


def _folder_findings(name: str) -> Findings:
    parts = re.split(r"[/\\]", name)
    if len(parts) > 1:
        yield finding(name, "name_folder", "The name has a slash or a backslash in it.")
    if any(part.strip() in {".", ".."} for part in parts):
        yield finding(name, "name_folder_up", "The name leads out of its folder.")
    if not name or _DRIVE.match(name):
        yield finding(name, "name_drive", "The name is empty or begins with a drive.")


def _hidden_kind(name: str) -> Findings:
    """Yield what makes a name look like a harmless file's."""
    *before, last = [part.strip().lower() for part in name.split(".")]
    if _GAP.search(name):
        yield finding(name, "name_gap", "The name has a gap that hides how it ends.")
    if before[1:] and (_RUNNABLE & set(before[1:])):
        yield finding(name, "name_double", "The name has a program's ending inside it.")
    if before[1:] and last in _SCRIPTS | _RUNNABLE and before[-1] in _DOCUMENTS:
        yield finding(name, "name_double", "A script's name looks like that of a document.")


def path_findings(archive: str, path: str) -> Findings:
    """Yield what is wrong with the path of a file inside an archive, said of the archive."""
    for fault in _path_faults(path):
        yield finding(archive, "archive_path", f"The entry {shown(path)} {fault}.")


def _path_faults(path: str) -> list[str]:
    parts = re.split(r"[/\\]", path)
    faults = {
        "has an absolute path": path.startswith(("/", "\\")) or bool(_DRIVE.match(path)),
        "leads out of its folder": any(part.strip() == ".." for part in parts),
        "has a backslash in its path": "\\" in path,
        "has control characters in its path": not _NAME.match(re.sub(r"[/\\]", "_", path) or "_"),
        "is called like a device on Windows": any(map(_RESERVED.match, parts)),
        "has too long a path": len(path) > MAX_PATH_CHARS,
    }
    return [fault for fault, is_so in faults.items() if is_so]
