"""Files: whole ones of every kind pass; hostile ones are told by code, and never harm."""

import json
import tarfile
import zipfile

import pytest

from clawmarket.domain.market.inspection.budget import Budget, BudgetSpent
from clawmarket.domain.market.inspection.examination import Examination
from clawmarket.domain.market.inspection.finding import Finding, findings_text
from clawmarket.domain.market.inspection.kinds import BEGINNINGS, ENDINGS
from clawmarket.domain.market.terms import Artifact
from files_made import (
    WHOLE,
    a_bomb,
    a_chunk,
    a_docx,
    a_gif,
    a_jpeg,
    a_member,
    a_pdf,
    a_png,
    a_rar,
    a_tar_gz,
    a_webp,
    a_zip,
    an_old_rar,
    claiming,
    linking,
    locked,
    nested,
    overlapping,
)


def findings_of(name: str, content: bytes) -> tuple[Finding, ...]:
    """Return what is found in one file."""
    examination = Examination(())
    artifact = Artifact(name, "sha256:" + "0" * 64, len(content))
    examination.begin((artifact,))
    if examination.wants(artifact):
        examination.look(name, content)
    return examination.findings


def named(value: object) -> str:
    """Name a case by its texts; bytes would fill the screen."""
    return value if isinstance(value, str) else ""


def codes_of(name: str, content: bytes) -> set[str]:
    """Return the codes of what is found in one file."""
    return {found.code for found in findings_of(name, content)}


@pytest.mark.parametrize("kind", ENDINGS)
def test_a_whole_file_of_each_kind_passes(kind: str) -> None:
    """The smallest file that is one of its kind has nothing against it."""
    assert findings_of(f"work.{kind}", WHOLE[kind]) == ()


@pytest.mark.parametrize(
    "kind", sorted(set(ENDINGS) - {"txt", "md", "py", "js", "ts", "css", "csv"})
)
def test_a_text_is_no_file_of_another_kind(kind: str) -> None:
    """What begins like nothing is not what its name says; for HTML and XML any text is one."""
    found = codes_of(f"work.{kind}", b"only words")
    assert found == {"html": set(), "xml": set(), "json": {"json_broken"}}.get(
        kind, found | {"kind_mismatch"}
    )


@pytest.mark.parametrize("kind", BEGINNINGS)
def test_how_a_file_begins_is_told_of_every_kind(kind: str) -> None:
    """Whatever else is wrong with it, the finding says that it begins otherwise."""
    told = [found.what for found in findings_of(f"work.{kind}", b"only words")]
    assert f"The file does not begin as a .{kind} file does." in told


def test_an_old_rar_passes() -> None:
    """Version 4 has other headers than version 5."""
    assert findings_of("old.rar", an_old_rar()) == ()


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.txt", b"", "empty"),
        ("a.exe", b"MZ" + bytes(100), "program"),
        ("a.txt", b"MZ" + bytes(100), "program"),
        ("a.txt", b"\x7fELF" + bytes(100), "program"),
        ("a.md", b"#!/bin/sh\nrm -rf *\n", "program"),
        ("a.pdf", b"\xca\xfe\xba\xbe" + bytes(100), "program"),
        ("a.mp4", b"....ftyp", "kind_unknown"),
        ("README", b"text", "kind_unknown"),
        ("a.txt", b"a\x00b", "text_control"),
        ("a.txt", b"a\x1b[2Jb", "text_control"),
        ("a.txt", "text".encode("utf-16"), "text_encoding"),
        ("a.csv", b"\xff\xfe", "text_encoding"),
        ("a.txt", b"  <!DOCTYPE html><p>", "kind_mismatch"),
        ("a.csv", b"%PDF-1.4", "kind_mismatch"),
        ("a.py", "x = 1  # \u202e".encode(), "text_turned"),
        ("a.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a/>', "xml_entities"),
        ("a.json", b"{", "json_broken"),
        ("a.json", b"[" * 100_000, "json_broken"),
        ("a.png", a_png() + b"more", "trailing_data"),
        ("a.png", a_png()[:-12], "image_broken"),
        ("a.png", a_png() + WHOLE["zip"], "polyglot"),
        ("a.png", a_png()[:-12] + a_chunk(b"tEXt", b"<ScRipt>") + a_chunk(b"IEND"), "polyglot"),
        ("a.png", a_png()[:-12] + a_chunk(b"tEXt", b"%PDF-1.7") + a_chunk(b"IEND"), "polyglot"),
        ("a.zip", a_zip({"%PDF-1.7": b"x"}), "polyglot"),
        ("a.jpg", a_jpeg() + b"more", "trailing_data"),
        ("a.jpeg", a_jpeg()[:-2], "image_broken"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "image_broken"),
        ("a.gif", a_gif() + WHOLE["rar"], "polyglot"),
        ("a.gif", a_gif() + b"more", "trailing_data"),
        ("a.gif", a_gif()[:-1], "image_broken"),
        ("a.gif", b"GIF89a", "image_broken"),
        ("a.webp", a_webp() + b"more", "trailing_data"),
        ("a.webp", a_webp()[:-1], "image_broken"),
        ("a.pdf", a_pdf() + WHOLE["zip"], "polyglot"),
        ("a.pdf", a_pdf() + b"<script>", "trailing_data"),
        ("a.pdf", b"%PDF-1.7", "pdf_broken"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504), "kind_mismatch"),
        ("a.doc", WHOLE["doc"] + "_VBA_PROJECT".encode("utf-16-le"), "macros"),
        ("a.docx", WHOLE["zip"], "kind_mismatch"),
        ("a.docx", a_docx(**{"word__vbaProject.bin": b"x"}), "macros"),
    ],
    ids=named,
)
def test_what_is_wrong_with_a_file_is_told(name: str, content: bytes, code: str) -> None:
    """Each has its own code."""
    assert code in codes_of(name, content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (a_zip({"../up.txt": b"x"}), "archive_path"),
        (a_zip({"/etc/x.txt": b"x"}), "archive_path"),
        (a_zip({"C:/x.txt": b"x"}), "archive_path"),
        (a_zip({"a/nul.txt": b"x"}), "archive_path"),
        (a_zip({"a\u202etxt.exe": b"x"}), "archive_path"),
        (a_zip({"A.txt": b"x", "a.txt": b"y"}), "archive_path"),
        (a_zip({"tool": b"\x7fELF"}), "archive_program"),
        (a_zip({"x.bin": b"x"}, zipfile.ZIP_BZIP2), "archive_method"),
        (a_bomb(), "archive_bomb"),
        (claiming(a_zip({"a": b"a" * 100}), 10 * 2**30), "archive_bomb"),
        (claiming(a_zip({"a": b"a" * 100}), 50), "archive_lies"),
        (claiming(a_zip({"a": b"a" * 100}), 200), "archive_lies"),
        (a_zip({f"{n}": b"" for n in range(10_001)}), "archive_bomb"),
        (overlapping(), "archive_overlap"),
        (linking(), "archive_link"),
        (locked(), "archive_encrypted"),
        (nested(3), "archive_nested"),
        (a_zip({"inner.zip": a_bomb()}), "archive_bomb"),
        (a_zip({"inner.zip": a_zip({"../up": b"x"})}), "archive_path"),
        (a_zip({"inner.bin": a_tar_gz(a_member("../up"))}), "archive_path"),
        (WHOLE["zip"] + b"more", "archive_broken"),
        (WHOLE["zip"][:-1], "archive_broken"),
        (WHOLE["zip"][:40], "archive_broken"),
        (b"PK\x03\x04" + b"hidden" + WHOLE["zip"], "archive_broken"),
    ],
    ids=named,
)
def test_what_is_wrong_with_a_zip_is_told(content: bytes, code: str) -> None:
    """Nothing is unpacked further than it takes to know."""
    assert code in codes_of("work.zip", content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (a_tar_gz(a_member("../up", b"x")), "archive_path"),
        (a_tar_gz(a_member("/abs", b"x")), "archive_path"),
        (a_tar_gz(a_member("x" * 90 + "/" + "../" * 40, b"x")), "archive_path"),
        (a_tar_gz(a_member("link", kind=tarfile.SYMTYPE)), "archive_link"),
        (a_tar_gz(a_member("link", kind=tarfile.LNKTYPE)), "archive_link"),
        (a_tar_gz(a_member("dev", kind=tarfile.CHRTYPE)), "archive_device"),
        (a_tar_gz(a_member("tool", b"\x7fELF")), "archive_program"),
        (a_tar_gz(a_member("a.zip", nested(2))), "archive_nested"),
        (a_tar_gz(a_member("zeros", bytes(32 * 2**20))), "archive_bomb"),
        (a_tar_gz(a_member("a", b"x")) + b"more", "archive_broken"),
        (a_tar_gz(a_member("a", b"x"))[:-9], "archive_broken"),
        (a_tar_gz(a_member("a", b"x") + bytes(1024) + b"hidden" * 100), "archive_broken"),
        (a_tar_gz(b"no header" * 100), "archive_broken"),
        (a_tar_gz(), "archive_broken"),
    ],
    ids=named,
)
def test_what_is_wrong_with_a_tar_is_told(content: bytes, code: str) -> None:
    """It is read as a stream, within the budget."""
    assert code in codes_of("work.tar.gz", content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (a_rar("../up"), "archive_path"),
        (a_rar(unpacked=10 * 2**30), "archive_bomb"),
        (a_rar(mode=0o120777), "archive_link"),
        (a_rar(extra=b"\x02\x05\x01"), "archive_link"),
        (a_rar(extra=b"\x02\x01\x00"), "archive_encrypted"),
        (a_rar()[:-3], "archive_broken"),
        (an_old_rar("..\\up"), "archive_path"),
        (an_old_rar(unpacked=2**31), "archive_bomb"),
        (an_old_rar(flags=4), "archive_encrypted"),
        (an_old_rar()[:-7], "archive_broken"),
    ],
    ids=named,
)
def test_what_is_wrong_with_a_rar_is_told(content: bytes, code: str) -> None:
    """Its headers say enough of it."""
    assert code in codes_of("work.rar", content)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../a.txt", "name_folder_up"),
        ("..\\a.txt", "name_folder"),
        ("/etc/a.txt", "name_folder"),
        ("C:a.txt", "name_drive"),
        ("a\x00.txt", "name_control"),
        ("a\x85.txt", "name_control"),
        ("gnp\u202etxt.py", "name_turned"),
        (" a.txt", "name_edge"),
        (".a.txt", "name_edge"),
        ("a.txt.", "name_edge"),
        ("nul.txt", "name_reserved"),
        ("COM1.csv", "name_reserved"),
        ("ż" * 128 + ".txt", "name_long"),
        ("<script>.txt", "name_markup"),
        ("javascript:a.txt", "name_markup"),
        ("report.exe.pdf", "name_double"),
        ("report.pdf.js", "name_double"),
        ("report.pdf          .py", "name_gap"),
    ],
)
def test_a_dangerous_name_is_told(name: str, code: str) -> None:
    """The name that is shown of it is printable."""
    found = [each for each in findings_of(name, b"text") if each.code == code]
    assert len(found) == 1
    assert found[0].file.isprintable()


@pytest.mark.parametrize(
    "name",
    [
        "résumé.txt",
        "Zeichnung (2).png",
        "a.min.js",
        "app.test.ts",
        "v1.2.3.zip",
        "文件.csv",
        "x" * 196 + ".txt",
    ],
)
def test_an_ordinary_name_passes(name: str) -> None:
    """Letters of any script, spaces inside and several dots are no danger."""
    kind = name.rpartition(".")[2]
    assert findings_of(name, WHOLE[kind]) == ()


def test_two_files_of_one_name_are_told() -> None:
    """Also where only the case differs: many disks would keep one of them."""
    examination = Examination(())
    examination.begin((Artifact("A.txt", "", 1), Artifact("a.txt", "", 1)))
    assert [found.code for found in examination.findings] == ["name_twice"]


def test_what_is_said_of_findings_names_file_or_delivery() -> None:
    """A person reads one line: each file by its name, and the delivery where no file is meant."""
    found = (Finding("a.txt", "empty", "It is empty."), Finding("", "late", "A file is missing."))
    assert findings_text(found) == "a.txt: It is empty. the delivery: A file is missing."


def test_a_file_that_is_too_large_is_not_read() -> None:
    """The size alone is the finding."""
    examination = Examination(())
    assert not examination.wants(Artifact("a.txt", "", 50 * 1024 * 1024 + 1))
    assert [found.code for found in examination.findings] == ["too_large"]


def test_files_that_are_just_not_too_large_are_read() -> None:
    """The last byte that is allowed counts as allowed, of one file and of all together."""
    examination = Examination(())
    for name, mib in (("a", 50), ("b", 50), ("c", 50), ("d", 50), ("e", 50), ("f", 6)):
        assert examination.wants(Artifact(f"{name}.txt", "", mib * 1024 * 1024))
    assert not examination.wants(Artifact("g.txt", "", 1))
    assert [found.file for found in examination.findings] == ["g.txt"]


def test_a_budget_is_there_to_be_used_up() -> None:
    """What unpacks to exactly all of it passes; one byte more is too much."""
    budget = Budget(unpacked=10)
    budget.unpack(10)
    with pytest.raises(BudgetSpent):
        budget.unpack(1)


def test_an_examination_that_nobody_waits_for_ends() -> None:
    """It stops at its next step and says nothing more."""
    examination = Examination(())
    examination.hurry()
    examination.look("work.zip", a_bomb(1))
    assert examination.findings == ()


def test_findings_are_bounded_and_quote_nothing() -> None:
    """A file of a thousand faults has fifty findings, each short."""
    found = findings_of("work.zip", a_zip({f"../{n}": b"x" for n in range(1_000)}))
    assert len(found) == 50
    assert all(len(each.what) <= 400 for each in found)
    assert json.dumps([each.what for each in found]).isascii()
