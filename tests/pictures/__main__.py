"""The command behind `make pictures`: the chosen pictures into the docs, or all into a folder."""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from unittest.mock import patch

from playwright.sync_api import sync_playwright

import statements
from pictures.camera import Camera, Take
from pictures.chosen import CHOSEN, FOLDER, INDEX, index
from pictures.days import FILE, MovedClock, go_to
from pictures.scene import Scene
from pictures.views import EMPTY, FULL, View
from web.conftest import FLAGS, NAMES
from web.market import Market

EVERY = (
    *(Take(width, theme) for width in (360, 768, 1440) for theme in ("light", "dark")),
    Take(360, "light", "zh"),
    Take(1440, "light", "zh"),
)
START_DAYS_AGO = 29


def _wanted(views: Iterable[View], asked: argparse.Namespace) -> Iterable[tuple[View, Take]]:
    only, sizes, every = asked.only, asked.sizes, asked.all is not None
    for view in views:
        if only and not view.name.startswith(tuple(only.split(","))):
            continue
        for take in EVERY if every else CHOSEN.get(view.name, ()):
            if not sizes or take.name[1:] in sizes.split(","):
                yield view, take


def _files(scene: Scene, folder: Path) -> dict[str, Path]:
    good, bad = scene.receipt(folder)
    big = folder / "big.bin"
    with big.open("wb") as file:
        file.truncate(60_000_000)
    return {"good": good, "bad": bad, "big": big}


def _shoot(market: Market, folder: Path, into: Path, asked: argparse.Namespace) -> None:
    path = next(filter(None, map(shutil.which, NAMES)), None)
    scene = Scene(market)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        camera = Camera(browser, scene, {}, into, "png" if asked.all else "webp")
        scene.come()
        for view, take in _wanted(EMPTY, asked):
            camera.take(view, take)
        scene.trade()
        # A month later no session of then is good.
        camera = Camera(browser, scene, _files(scene, folder), into, camera.kind)
        for view, take in _wanted(FULL, asked):
            camera.take(view, take)
        browser.close()


def main() -> int:
    """Take what was asked for."""
    parser = argparse.ArgumentParser(prog="pictures", description=__doc__)
    parser.add_argument("--all", type=Path, help="every page in every size, as PNG, into a folder")
    parser.add_argument("--only", default="", help="views whose names begin so, with commas")
    parser.add_argument("--sizes", default="", help="such as 360-light,zh-1440-light")
    asked = parser.parse_args()
    into = asked.all or FOLDER
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made, patch.object(statements, "SystemClock", MovedClock):
        folder = Path(made)
        os.environ[FILE] = str(folder / "behind")
        go_to(START_DAYS_AGO)
        market = Market(folder / "home", "pictures.serving")
        try:
            _shoot(market, folder, into, asked)
        finally:
            market.end()
    if asked.all is None:
        INDEX.write_text(index(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
