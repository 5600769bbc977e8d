"""The kept pictures are those that the list names, and small."""

from pictures.chosen import CHOSEN, FOLDER, INDEX, index
from pictures.views import EMPTY, FULL


def test_the_folder_holds_what_the_list_names_and_the_index_shows_it() -> None:
    """No picture is missing, none is left over, and all together are below 4 MB."""
    named = {f"{name}{take.name}.webp" for name, takes in CHOSEN.items() for take in takes}
    kept = {file.name: file.stat().st_size for file in FOLDER.iterdir()}

    assert set(CHOSEN) <= {view.name for view in (*EMPTY, *FULL)}
    assert set(kept) == named
    assert sum(kept.values()) < 4_000_000
    assert INDEX.read_text(encoding="utf-8") == index()
