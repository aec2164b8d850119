"""README의 명령, 그림, 옵션이 실제와 같은지 확인합니다."""

import re

import pytest
from tools import CHAPTERS, ROOT, assert_picture, own_errors, source


def readme():
    return (ROOT / "README.md").read_text(encoding="utf-8")


COMMANDS = sorted(set(re.findall(r"(?:^|\| `)python (?!-m)([^`\n]+)", readme(), re.MULTILINE)))


@pytest.mark.parametrize("command", COMMANDS)
def test_readme_command_runs(command, run_once):
    """장별 테스트와 같은 명령이면 다시 실행하지 않습니다."""
    script, *options = command.split()
    if options == ["--help"]:
        pytest.skip("도움말은 test_help_names_the_defaults_in_any_encoding에서 확인합니다")
    _, result = run_once(script.removesuffix(".py"), *options)
    assert result.returncode == 0 and own_errors(result) == "" and len(result.stdout) > 500


def test_readme_names_every_chapter_and_command():
    assert [f"{name}.py" for name in CHAPTERS if f"{name}.py" not in COMMANDS] == []
    assert "\npython -m pip install -r requirements.txt\npython quick_start.py\n" in readme()
    (cpu,) = re.findall(r"^python (-m pip install .*--extra-index-url .*)$", readme(), re.MULTILINE)
    assert cpu in (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    assert "\npython -m pytest\n" in readme()


def test_readme_pictures_are_there():
    pictures = re.findall(r"!\[.+?\]\((.+?)\)", readme())
    assert pictures
    for path in pictures:
        assert_picture(ROOT / path)


def test_readme_options_are_the_real_ones():
    """옵션 표의 이름과 옵션이 있는 장의 번호를 스크립트와 비교합니다."""
    table = readme().split("| 옵션 |")[1].split("\n\n")[0]
    told = {}
    for row in table.splitlines()[2:]:
        _, options, chapters, *_ = row.split("|")
        for option in re.findall(r"--[\w-]+", options):
            told[option] = set(range(1, 8)) if "모두" in chapters else {int(n) for n in re.findall(r"\d", chapters)}
    real = {}
    for number, name in enumerate(CHAPTERS, 1):
        for option in re.findall(r'add_argument\(\s*"(--[\w-]+)"', source(name)):
            real.setdefault(option, set()).add(number)
    assert told == real
