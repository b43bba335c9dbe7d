"""Pictures of every screen: `python scripts/screenshots.py OUT [--only zh-dark-80x24]`.

Drives the real app on the real map and the offline judge, exports SVG, corrects the width of Chinese
text in it, and renders PNG with resvg (pip install resvg-py; fonts: fonts-wqy-microhei, DejaVu).
"""

from __future__ import annotations

import argparse
import asyncio
import html
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rich.cells import cell_len

if TYPE_CHECKING:
    from knowledge import Question

CELL = 12.2
FONTS = [
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf",
    "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc",
]
ASIDE = {
    "zh": "\n\n剩下的部分我不太确定，可能要看具体的数据和任务再定。",
    "en": "\n\nAbout the rest I am not sure; it probably depends on the data and the task.",
}


def partly(question: Question, lang: str) -> str:
    """The first half of the spoken script: right as far as it goes, so that a follow-up comes."""
    talk = question.talk.text(lang)
    end = min(
        (talk.find(mark, len(talk) // 3) for mark in ("。", ". ") if talk.find(mark, len(talk) // 3) > 0),
        default=len(talk),
    )
    return talk[: end + 1] + ASIDE[lang]


def fix_cjk(svg: str) -> str:
    """Textual's SVG counts characters for textLength; wide characters need two cells."""

    def fixed(m: re.Match[str]) -> str:
        return f'{m[1]}textLength="{cell_len(html.unescape(m[3])) * CELL:.1f}"{m[2]}>{m[3]}</text>'

    return re.sub(r'(<text [^>]*?)textLength="[^"]*"([^>]*)>([^<]*)</text>', fixed, svg)


def save(app: object, path: Path) -> None:
    from resvg_py import svg_to_bytes

    svg = fix_cjk(app.export_screenshot())  # type: ignore[attr-defined]
    svg = re.sub(r"font-family:[^;]+;", "font-family: DejaVu Sans Mono, WenQuanYi Micro Hei;", svg)
    path.with_suffix(".svg").write_text(svg, "utf-8")
    path.with_suffix(".png").write_bytes(bytes(svg_to_bytes(svg_string=svg, font_files=FONTS)))


async def settle(pilot: object, seconds: float = 0.3) -> None:
    await pilot.pause(seconds)  # type: ignore[attr-defined]


async def answer(app: object, pilot: object, text: str) -> None:
    """Submit `text` and wait for the verdict."""
    screen = app.screen  # type: ignore[attr-defined]
    screen.editor.put(text)
    await pilot.press("ctrl+s")  # type: ignore[attr-defined]
    for _ in range(100):
        await settle(pilot, 0.1)
        if app.screen is not screen:  # type: ignore[attr-defined]
            break
    await settle(pilot, 0.4)


async def take(out: Path, lang: str, theme: str, size: tuple[int, int]) -> None:
    from interviewer.config import load_settings
    from interviewer.models import Setup
    from interviewer.tui.app import make_app
    from interviewer.tui.screens.feedback import FeedbackScreen
    from interviewer.tui.screens.interview import InterviewScreen
    from knowledge import load_map

    name = f"{lang}-{theme}-{size[0]}x{size[1]}"
    with tempfile.TemporaryDirectory() as home:
        os.environ["INTERVIEWER_HOME"] = home
        the_map = load_map()
        setup = Setup(role="algo", lang=lang, seed=3, questions=4)  # type: ignore[arg-type]

        def app_for(**options: object) -> object:
            return make_app(load_settings(lang=lang, theme=theme), the_map, setup, **options)  # type: ignore[arg-type]

        app = app_for()
        async with app.run_test(size=size) as pilot:  # type: ignore[attr-defined]
            await settle(pilot, 2.5)
            save(app, out / f"{name}-01-setup")
            await pilot.press("f1")
            await settle(pilot)
            save(app, out / f"{name}-02-help")
            await pilot.press("escape", "enter")
            await settle(pilot, 0.8)
            save(app, out / f"{name}-03-question")
            await pilot.press("f2")
            await settle(pilot, 0.8)
            half = partly(the_map.question(app.screen.turn.question_id), lang)  # type: ignore[attr-defined]
            app.screen.editor.put(half)  # type: ignore[attr-defined]
            await settle(pilot, 0.9)
            save(app, out / f"{name}-04-answer")
            await answer(app, pilot, half)
            save(app, out / f"{name}-05-verdict")
            shots = 0
            while isinstance(app.screen, FeedbackScreen) and app.screen.held_back and shots < 2:  # type: ignore[attr-defined]
                await pilot.press("enter")
                await settle(pilot)
                shots += 1
                save(app, out / f"{name}-06-follow-up{shots}")
                await answer(app, pilot, half + ASIDE[lang])
            for n, tab in enumerate(("verdict", "reference", "talk", "sources")):
                save(app, out / f"{name}-07-full-{n}-{tab}")
                await pilot.press("right")
                await settle(pilot)
            await pilot.press("enter")
            await settle(pilot)
            await pilot.press("escape")
            await settle(pilot)
            save(app, out / f"{name}-08-menu")
            await pilot.press("escape", "f5")
            await settle(pilot)
            save(app, out / f"{name}-09-pause")
            await pilot.press("f5", "ctrl+s")
            await settle(pilot)
            save(app, out / f"{name}-10-empty")
            await pilot.press("f4")
            await settle(pilot, 1)
            save(app, out / f"{name}-11-dont-know")
            await pilot.press("enter")
            await settle(pilot)
            await pilot.press("f3")
            await settle(pilot, 0.8)
            if isinstance(app.screen, InterviewScreen):  # type: ignore[attr-defined]
                save(app, out / f"{name}-12-after-skip")
                await pilot.press("f10")
                await settle(pilot)
                save(app, out / f"{name}-13-finish")
                await pilot.press("y")
                await settle(pilot, 0.8)
            save(app, out / f"{name}-14-report")
            await pilot.press("end")
            await settle(pilot)
            save(app, out / f"{name}-15-report-end")
        for question in ("deepspeed.zero-stages", "hf-frameworks.code-merge-lora"):
            kind = the_map.question(question).kind.value
            setup = Setup(role="algo", lang=lang, seed=3, questions=1, only=[question], follow_ups=0)  # type: ignore[arg-type]
            app = app_for(start_now=True)
            async with app.run_test(size=size) as pilot:  # type: ignore[attr-defined]
                await settle(pilot, 1.5)
                if kind == "code":
                    app.screen.editor.put(
                        "from peft import PeftModel\n\nbase = AutoModelForCausalLM.from_pretrained(path)\n"  # type: ignore[attr-defined]
                        "for name in names:\n    print(name)  # [/red]"
                    )
                    await settle(pilot, 0.8)
                save(app, out / f"{name}-16-{kind}")
                await answer(app, pilot, "B" if kind == "choice" else app.screen.editor.text)  # type: ignore[attr-defined]
                save(app, out / f"{name}-17-{kind}-verdict")
                await pilot.press("right")
                await settle(pilot)
                save(app, out / f"{name}-18-{kind}-reference")
        setup = Setup(role="eng", lang=lang, seed=5, questions=4)  # type: ignore[arg-type]
        app = app_for(start_now=True)
        async with app.run_test(size=size) as pilot:  # type: ignore[attr-defined]
            await settle(pilot, 1.5)
            app.screen.editor.put("x")  # type: ignore[attr-defined]
            await settle(pilot, 0.8)
        app = app_for()
        async with app.run_test(size=size) as pilot:  # type: ignore[attr-defined]
            await settle(pilot, 2)
            save(app, out / f"{name}-19-setup-resume")
            await pilot.press("h")
            await settle(pilot)
            save(app, out / f"{name}-20-history")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    options.out.mkdir(parents=True, exist_ok=True)
    for lang in ("zh", "en"):
        for theme in ("dark", "light"):
            for size in ((80, 24), (120, 40)):
                if options.only in f"{lang}-{theme}-{size[0]}x{size[1]}":
                    asyncio.run(take(options.out, lang, theme, size))


if __name__ == "__main__":
    main()
