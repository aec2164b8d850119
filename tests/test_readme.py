"""README의 명령, 링크, 옵션이 실제와 같은지 확인합니다."""

import re

import pytest
from tools import CHAPTERS, ROOT, assert_picture, run_main, source


def readme():
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_names_every_chapter_and_command():
    text = readme()
    assert [name for name in CHAPTERS if f"`python {name}.py`" not in text] == []
    assert "\npython -m pip install -r requirements.txt\npython quick_start.py\n" in text
    assert "\npython -m pytest\npython -m pytest --full\n" in text
    (cpu,) = re.findall(r"^python (-m pip install .*--extra-index-url .*)$", text, re.MULTILINE)
    workflow = ROOT / ".github" / "workflows" / "tests.yml"
    assert cpu in workflow.read_text(encoding="utf-8")


def test_readme_links_and_pictures_are_there():
    links = re.findall(r"\]\((?!http|#)(.+?)\)", readme())
    assert len(links) > len(CHAPTERS)
    for link in links:
        assert (ROOT / link).is_file(), link
        if link.endswith(".png"):
            assert_picture(ROOT / link)
    for anchor in re.findall(r"\]\(#(.+?)\)", readme()):
        titles = re.findall(r"^## (.+)$", readme(), re.MULTILINE)
        assert anchor in [title.lower().replace(" ", "-") for title in titles]


def test_readme_options_are_the_real_ones():
    """옵션 표의 이름과 옵션이 있는 장의 번호를 스크립트와 비교합니다."""
    table = readme().split("| 옵션 |")[1].split("\n\n")[0]
    told = {}
    for row in table.splitlines()[2:]:
        _, options, chapters, *_ = row.split("|")
        numbers = {int(n) for n in re.findall(r"\d", chapters)}
        for option in re.findall(r"--[\w-]+", options):
            told[option] = set(range(1, 8)) if "모두" in chapters else numbers
    real = {}
    for number, name in enumerate(CHAPTERS, 1):
        for option in re.findall(r'\badd(?:_argument)?\(\s*"(--[\w-]+)"', source(name)):
            real.setdefault(option, set()).add(number)
    assert told == real


@pytest.mark.full
def test_readme_cell_loads_the_saved_model(chapter_run, monkeypatch):
    """노트북의 둘째 셀을 그대로 실행합니다."""
    (cell,) = re.findall(r"^```\n(import torch\n.+?)```", readme(), re.MULTILINE | re.DOTALL)
    folder, _ = chapter_run("quick_start")
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(ROOT))
    space = {}
    exec(cell, space)
    assert not space["model"].training


def test_quick_start_options_in_the_docstring_exist(tmp_path):
    for name in CHAPTERS:
        told = re.findall(r"(--[\w-]+)", source(name).split('"""')[1])
        help_text = run_main(tmp_path, name, "--help").out
        assert [option for option in told if option not in help_text] == [], name
