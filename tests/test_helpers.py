"""모든 장에 복사한 도우미 함수: 코드와 결과의 순서, 페이지, 저장, 연습 문제. 사본이 같으므로 1장으로 확인합니다."""

import contextlib
import io
import os
import re
import sys
import textwrap
import types
import webbrowser

import matplotlib.pyplot as plt
import pytest
import torch
from tools import assert_one_korean_line, load, load_chapter, read_page


@pytest.fixture
def chapter(tmp_path):
    module = load_chapter("quick_start")
    module.prepare_outputs(tmp_path / "outputs")
    yield module
    plt.close("all")


def make_lesson(chapter, folder, body, before="", head="def lesson():"):
    """body가 본문인 절을 파일에 저장하고 그 함수를 반환합니다."""
    text = f'{before}\n{head}\n    """1. 제목\n\n    설명입니다.\n    """\n'
    path = folder / "small.py"
    path.write_text(text + textwrap.indent(textwrap.dedent(body), "    "), encoding="utf-8")
    module = load(path)
    for name in ("show", "check", "show_code", "save_figure"):
        setattr(module, name, getattr(chapter, name))
    return module.lesson


def teach(chapter, lesson, *args):
    """절을 실행한 화면에서 제목과 설명을 제외한 줄을 반환합니다."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        chapter.teach(lesson, *args)
    assert "== 1. 제목 ==   " in out.getvalue() and "\n설명입니다.\n" in out.getvalue()
    return out.getvalue().split("설명입니다.\n\n")[1].splitlines()


# ---- 코드와 결과 ----

SHOWN = {
    "code comes before its result": (
        "x = 1\nprint(x)\ny = 2\nprint(y)",
        [">>> x = 1", "    1", ">>> y = 2", "    2"],
    ),
    "a loop is shown whole, with its print": (
        "for i in range(2):\n    print(i)\nprint('끝')",
        [">>> for i in range(2):", ">>>     print(i)", "    0", "    1", "    끝"],
    ),
    "a statement of several lines": (
        "x = [\n    1,\n]\nprint(x)",
        [">>> x = [", ">>>     1,", ">>> ]", "    [1]"],
    ),
    "a nested function, a decorator and a comment": (
        "# 함수\n@staticmethod\ndef double(x):\n    return 2 * x\nprint(double(4))",
        [
            ">>> # 함수",
            ">>> @staticmethod",
            ">>> def double(x):",
            ">>>     return 2 * x",
            "    8",
        ],
    ),
    "a with block": (
        "import torch\nwith torch.no_grad():\n    x = 1\n    print(x)",
        [
            ">>> import torch",
            ">>> with torch.no_grad():",
            ">>>     x = 1",
            ">>>     print(x)",
            "    1",
        ],
    ),
    "output without a final newline": (
        "print('1', end='')\nx = 2\nprint(x)",
        ["    1", ">>> x = 2", "    2"],
    ),
    "a line of two prints": (
        "print('1,', end=' ')\nprint('2')\nprint('3', end='')",
        ["    1, 2", "    3"],
    ),
    "redirected output": (
        "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as f:\n    print('숨김')\n"
        "print(len(f.getvalue()))",
        [
            ">>> import contextlib, io",
            ">>> with contextlib.redirect_stdout(io.StringIO()) as f:",
            ">>>     print('숨김')",
            "    3",
        ],
    ),
    "code after the last result and a hidden return": (
        "print(1)\nx = 2\nreturn x",
        ["    1", ">>> x = 2"],
    ),
    "a blank line separates groups": (
        "x = 1\n\ny = 2\nprint(y)",
        [">>> x = 1", "", ">>> y = 2", "    2"],
    ),
    "show": (
        'x = 1\nshow(f"{x + 1 = }", "설명")\nshow(5)\nshow(f"{x=}")\nshow("안녕")',
        [">>> x = 1", ">>> x + 1  # 설명", "    2", "    5", "    x=1", "    안녕"],
    ),
    "check": (
        "x = 1\ncheck('같습니다', x == 1)\ncheck('다릅니다', x == 2)",
        [">>> x = 1", "    ✓ 같습니다", "    ✗ 다릅니다"],
    ),
}


@pytest.mark.parametrize("case", SHOWN)
def test_code_stands_before_its_result(case, chapter, tmp_path):
    body, expected = SHOWN[case]
    assert teach(chapter, make_lesson(chapter, tmp_path, body)) == expected


def test_output_of_a_called_function_follows_the_call(chapter, tmp_path):
    before = "def told(x):\n    print('함수 안', x)\n    return x\n"
    lesson = make_lesson(chapter, tmp_path, "x = 1\nx = told(x)\ny = 2\nprint(y)", before)
    assert teach(chapter, lesson) == [
        ">>> x = 1",
        ">>> x = told(x)",
        "    함수 안 1",
        ">>> y = 2",
        "    2",
    ]


def test_lines_of_a_string_keep_their_indentation(chapter, tmp_path):
    body = 'text = """a\nb"""\nprint(text)'
    path = tmp_path / "small.py"
    lines = ["def lesson():", '    """1. 제목', "", "    설명입니다.", '    """']
    lines += ["    " + body.split("\n")[0], *body.split("\n")[1:2], "    print(text)"]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert teach(chapter, load(path).lesson) == ['>>> text = """a', '>>> b"""', "    a", "    b"]


def test_decorated_lesson_and_its_values(chapter, tmp_path):
    before = "import torch\n@torch.no_grad()"
    body = "y = 2 * n\nprint(y)\nz = 1\nprint(z)\nreturn y"
    lesson = make_lesson(chapter, tmp_path, body, before, "def lesson(n, path):")
    assert teach(chapter, lesson, 3, tmp_path) == [
        ">>> # 받은 값: n=3, path",
        ">>> y = 2 * n",
        "    6",
        ">>> z = 1",
        "    1",
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        assert chapter.teach(lesson, n=4, path=None) == 8


def test_show_code_is_a_block_of_its_own(chapter, tmp_path):
    before = "def half(x):\n    return x / 2\n"
    lesson = make_lesson(chapter, tmp_path, "show_code(half)\nx = half(1)\nprint(x)", before)
    assert teach(chapter, lesson) == [
        ">>> def half(x):",
        ">>>     return x / 2",
        "",
        ">>> x = half(1)",
        "    0.5",
    ]
    chapter.begin("핵심")
    page = read_page(chapter.write_page())
    assert page.text["pre"] == "def half(x):\n    return x / 2\n\nx = half(1)"


def test_lesson_without_docstring_and_a_call_instead_of_a_function(chapter, tmp_path, capsys):
    path = tmp_path / "small.py"
    path.write_text("def lesson():\n    x = 1\n    print(x)\n", encoding="utf-8")
    chapter.teach(load(path).lesson)
    assert capsys.readouterr().out.endswith(">>> x = 1\n    1\n")
    path.write_text('def lesson():\n    """1. 제목\n    설명"""\n    print(1)\n', encoding="utf-8")
    chapter.teach(load(path).lesson)
    assert re.search(
        r"^== 1\. 제목 ==   .+\n설명\n\n    1\n", capsys.readouterr().out, re.MULTILINE
    )
    with pytest.raises(TypeError, match="teach"):
        chapter.teach(None)


def test_unfinished_line_is_on_the_screen_at_once(chapter, tmp_path, capsys):
    seen = []
    lesson = make_lesson(chapter, tmp_path, "print('1', end='')\nlook()\nprint('2')")
    lesson.__globals__["look"] = lambda: seen.append(capsys.readouterr().out)
    chapter.teach(lesson)
    assert seen[0].endswith("\n    1") and capsys.readouterr().out == "\n>>> look()\n    2\n"


def test_error_of_the_lesson_is_told_when_the_page_cannot_be_written(chapter, tmp_path):
    (tmp_path / "outputs").rmdir()
    (tmp_path / "outputs").write_text("", encoding="utf-8")
    with pytest.raises(ValueError):
        chapter.teach(make_lesson(chapter, tmp_path, "raise ValueError('틀렸습니다')"))


@pytest.mark.parametrize("error", ["ValueError('틀렸습니다')", "KeyboardInterrupt()"])
def test_broken_off_lesson_shows_its_code_and_gets_its_page(error, chapter, tmp_path, capsys):
    body = f"x = 1\nprint(x)\nfailed = 2\nraise {error}\nlater = 3"
    with pytest.raises((ValueError, KeyboardInterrupt)):
        chapter.teach(make_lesson(chapter, tmp_path, body))
    out = capsys.readouterr().out
    assert ">>> failed = 2\n>>> raise" in out and "later" not in out
    page = (tmp_path / "outputs" / "quick_start.html").read_text(encoding="utf-8")
    assert "failed = 2" in page and error.split("(")[0] in page and "later" not in page
    assert sys.stdout is not None and not isinstance(sys.stdout, chapter.Transcript)


def test_vector_in_check_counts_as_true_only_when_all_are(chapter, capsys):
    chapter.check("모두 참", torch.tensor([True, True]))
    chapter.check("하나는 거짓", torch.tensor([True, False]))
    assert [holds for _, _, holds in chapter.CLAIMS] == [True, False]


# ---- 페이지 ----


def test_page_holds_everything_in_its_place(chapter, tmp_path, capsys):
    body = """
    import matplotlib.pyplot as plt
    x = "<b>&'"  # 주석 <i>
    print(x)
    check("맞습니다", x == x)
    check("<틀립니다>", x == 1)
    figure, axis = plt.subplots()
    title = axis.set_title("A <title>")
    save_figure(figure, "a")
    """
    chapter.begin("핵심")
    chapter.teach(make_lesson(chapter, tmp_path, body))
    page = read_page(chapter.write_page())
    assert 'x = "<b>&\'"  # 주석 <i>' in page.text["pre"] and page.text["i"] == "# 주석 <i>"
    assert page.text["samp"] == "<b>&'"
    assert page.text["ok"] == "✓ 맞습니다" and page.text["wrong"] == "✗ <틀립니다>"
    assert page.images == [{"src": "a.png", "alt": "A <title>"}]
    assert (tmp_path / "outputs" / "a.png").is_file()
    assert [link.strip("#") in page.ids for link in page.links] == [True, True]
    assert "http" not in (tmp_path / "outputs" / "quick_start.html").read_text(encoding="utf-8")


def test_lists_and_tables_of_an_explanation_keep_their_lines(chapter):
    chapter.begin("핵심")
    chapter.say("글\n이어서\n1) 하나\n2) 둘\n\n  a   1\n  bb  2")
    page = chapter.write_page().read_text(encoding="utf-8")
    assert "<br>1) 하나\n<br>2) 둘" in page and "<samp>a   1\nbb  2</samp>" in page


def test_finish_repeats_what_is_wrong(chapter, tmp_path, capsys, monkeypatch):
    chapter.begin("핵심")
    chapter.teach(make_lesson(chapter, tmp_path, "check('틀린 설명', False)"))
    chapter.say("[연습용 데이터] 안내\n자세한 내용")
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    with pytest.raises(SystemExit) as stop:
        chapter.finish("tensor.py", True)
    assert stop.value.code.splitlines()[1:] == ["✗ 1. 제목: 틀린 설명"]
    *_, notice, no_browser, path = capsys.readouterr().out.splitlines()
    assert notice == "[연습용 데이터] 안내" and path.endswith("quick_start.html")
    assert_one_korean_line(no_browser)
    page = read_page(tmp_path / "outputs" / "quick_start.html")
    assert page.text["wrong"].endswith("✗ 1. 제목: 틀린 설명")


def test_show_opens_the_page(chapter, tmp_path, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    chapter.begin("핵심")
    chapter.finish("tensor.py", True)
    assert opened == [(tmp_path / "outputs" / "quick_start.html").resolve().as_uri()]


def test_notebook_displays_each_figure_and_closes_it(chapter, monkeypatch, capsys):
    figure = plt.figure()
    shown = []
    display = types.ModuleType("IPython.display")
    display.display = shown.append
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    chapter.save_figure(figure, "a.png")
    assert shown == [figure] and plt.get_fignums() == []


# ---- 저장 ----


def test_saving_keeps_the_old_file_until_the_new_one_is_whole(chapter, tmp_path):
    path = tmp_path / "model.pth"
    path.write_bytes(b"old")
    for error in (OSError(28, "No space left on device"), KeyboardInterrupt()):
        with pytest.raises((SystemExit, KeyboardInterrupt)), chapter.saving(path) as file:
            file.write(b"half")
            raise error
        assert path.read_bytes() == b"old" and len(list(tmp_path.glob("*model.pth"))) == 1
    before = path.stat().st_ino
    with chapter.saving(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new" and (os.name == "nt" or path.stat().st_ino != before)


def test_saving_tells_the_error_itself(chapter, tmp_path):
    with pytest.raises(SystemExit) as stop, chapter.saving(tmp_path / "new folder" / "a.png"):
        open(tmp_path / "malgun.ttf")
    assert_one_korean_line(stop.value.code)
    assert "malgun.ttf" in stop.value.code


def test_output_folder_that_cannot_be_used(chapter, tmp_path):
    (tmp_path / "taken").write_text("중요한 내용", encoding="utf-8")
    for folder in (tmp_path / "taken", tmp_path / "taken" / "below", "/" + 300 * "a"):
        with pytest.raises(SystemExit) as stop:
            chapter.prepare_outputs(folder)
        assert_one_korean_line(stop.value.code)
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "중요한 내용"


# ---- 연습 문제 ----


def answer(body, head="def exercise(a, n):"):
    """본문이 body인 연습 문제입니다."""
    space = {"torch": torch}
    exec(f"{head}\n{textwrap.indent(textwrap.dedent(body), '    ')}", space)
    space["exercise"].__doc__ = "할 일\n\n예: 예입니다.\n\n힌트: 도움말"
    return space["exercise"]


EXAMPLES = (((torch.tensor([1.0, 2.0]), 2), [2, 4]), ((torch.tensor([3.0]), 0), [0]))
ANSWERS = {
    "raise NotImplementedError": ("□", ["할 일", "힌트"]),
    "return a * n": ("✓", []),
    "return [x * n for x in a]": ("✓", []),
    "return a + n": ("✗", ["3.0, 4.0", "[2, 4]", "힌트"]),
    "a *= n": ("✗", ["return", "a = tensor([1., 2.])"]),  # 입력은 호출하기 전의 값입니다
    "return (a * n)[None]": ("✗", ["[1, 2]", "[2]"]),
    "return a * nn": ("✗", ["2번째 줄", "NameError"]),
    "return torch.nn.Linear(9, 1)(a)": ("✗", ["2번째 줄", "RuntimeError"]),
    "return 'ab'": ("✗", ["ab"]),
    "return a * n if n else None": ("✗", ["n = 0", "return"]),
}


def test_practice_answers(chapter, capsys):
    for body, (mark, told) in ANSWERS.items():
        chapter.practice(answer(body), *EXAMPLES)
        out = capsys.readouterr().out
        assert out.startswith(f"{mark} exercise") and len(re.findall("[□✓✗]", out)) == 1, body
        assert [text for text in told if text not in out] == [], body
        assert chapter.EXERCISES == {"exercise": mark == "✓"}, body


def test_every_example_gets_its_own_inputs(chapter, capsys):
    shared = torch.tensor([1.0, 2.0])
    examples = ((shared, 2), [2, 4]), ((shared, 2), [2, 4])
    chapter.practice(answer("a *= n\nreturn a"), *examples)
    assert chapter.EXERCISES == {"exercise": True} and shared.tolist() == [1, 2]
