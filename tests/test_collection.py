"""모든 장에 공통인 약속: 혼자 서기, 같은 사본, 조용한 import, 옵션, 인코딩, README."""

import ast
import io
import re
import sys

import matplotlib.pyplot as plt
import pytest
import torch
from conftest import CHAPTERS, ROOT, assert_picture, load_chapter, run_main
from test_optimization import TORCHRUN

TRAINS = [name for name in CHAPTERS if "--epochs" in (ROOT / f"{name}.py").read_text("utf-8")]


def source(name):
    return (ROOT / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CHAPTERS)
def test_imports_no_other_chapter(name):
    for node in ast.walk(ast.parse(source(name))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or "."]
        else:
            continue
        assert not {module.split(".")[0] for module in modules} & set(CHAPTERS)


# ---- 그림을 창으로 보기 ----


@pytest.mark.parametrize("name", CHAPTERS)
def test_show_opens_every_figure_in_a_window(name, display, tmp_path, tiny_data, monkeypatch):
    """창이 모두 열릴 때까지 기다렸다가 닫습니다. 사람이 닫는 것과 같습니다."""
    monkeypatch.setenv("DISPLAY", display)
    plt.switch_backend("TkAgg")
    windows, show = [], plt.show

    def close_soon():
        timer = plt.gcf().canvas.new_timer(interval=200)
        timer.add_callback(lambda: (windows.extend(w for w in plt.get_fignums()), plt.close("all")))
        timer.start()
        show()

    monkeypatch.setattr(plt, "show", close_soon)
    options = ["--show", "--output-dir", tmp_path]
    if "--data-dir" in source(name):
        options += ["--data-dir", tiny_data]
    slow = ["send_transform_to_worker", "compare_loading_speed", "explain_loading_speed", "see_when_workers_help"]
    slow += ["export_and_load", "resume_exactly", "schedule_learning_rate"]
    skipped = {lesson: lambda *args: {} for lesson in slow if lesson in source(name)}
    try:
        run_main(name, monkeypatch, *options, **skipped)
    finally:
        plt.switch_backend("agg")
    assert len(windows) == len(list(tmp_path.glob("*.png"))) > 0


@pytest.mark.parametrize("name", CHAPTERS)
def test_show_without_a_display_says_so(name, monkeypatch, capsys):
    chapter = load_chapter(name)
    monkeypatch.setattr(plt, "show", lambda: pytest.fail("창을 띄우려고 했습니다"))
    chapter.prepare_figures(True)
    chapter.show_figures(True)  # conftest가 agg로 정해 두었습니다
    assert "창을 띄울 수 없습니다" in capsys.readouterr().out
    chapter.show_figures(False)
    assert capsys.readouterr().out == ""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="화면이 늘 있는 운영 체제입니다")
def test_show_with_a_backend_that_needs_a_display(monkeypatch):
    """MPLBACKEND=TkAgg인데 화면이 없는 경우입니다."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with monkeypatch.context() as patch:
        patch.setattr(plt, "get_backend", lambda: "TkAgg")
        load_chapter("quick_start").prepare_figures(True)
    assert plt.get_backend().lower() == "agg"


HELPERS = "\n# ---- 여기부터는 여러 장에 똑같이 들어 있는 도우미입니다. 건너뛰어도 수업에는 지장이 없습니다. ----\n"


def named_texts(name):
    """함수, 클래스, 상수의 이름과 그 글입니다."""
    lines = source(name).splitlines()
    for node in ast.parse(source(name)).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Assign)):
            text = "\n".join(lines[node.lineno - 1 : node.end_lineno])
            yield (node.targets[0].id if isinstance(node, ast.Assign) else node.name), text


def test_one_name_has_one_text():
    seen = {}
    for chapter in CHAPTERS:
        for name, text in named_texts(chapter):
            if name not in ("main", "parse_args"):
                assert seen.setdefault(name, (chapter, text))[1] == text, f"{name}: {seen[name][0]}와 {chapter}"
    assert {"find_fashion_mnist", "STALL_SECONDS", "PracticeData", "save_figure"} <= set(seen)


@pytest.mark.parametrize("name", CHAPTERS)
def test_anatomy(name):
    """머리말, 수업, main, 직접 해 보기, 도우미의 차례입니다. 도우미 줄 아래에는 다른 장에도 있는 것만 있습니다."""
    lessons, helpers = source(name).split(HELPERS)
    order = ['"""', "\nimport ", "\ndef parse_args", "\ndef main():", "\n# 직접 해 보기\n#   1. ", "\n#   2. ", "\n#   3. "]
    assert [lessons.index(part) for part in order] == sorted(lessons.index(part) for part in order)
    assert f"python {name}.py --help" in lessons and helpers.endswith('\nif __name__ == "__main__":\n    main()\n')
    others = {other for chapter in CHAPTERS if chapter != name for other, _ in named_texts(chapter)}
    for helper in re.findall(r"^(?:def|class) (\w+)", helpers, re.MULTILINE):
        assert helper in others, helper


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_function_has_a_docstring(name):
    for node in ast.parse(source(name)).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            assert ast.get_docstring(node), node.name


def test_import_is_silent(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    before = torch.get_rng_state()
    for name in CHAPTERS:
        load_chapter(name)
    assert torch.equal(before, torch.get_rng_state())
    assert capfd.readouterr() == ("", "") and not list(tmp_path.iterdir())


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("name", CHAPTERS)
def test_help_names_the_defaults_in_any_encoding(name, encoding, monkeypatch):
    pipe = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(pipe, encoding=encoding))
    with pytest.raises(SystemExit) as stop:
        run_main(name, monkeypatch, "--help")
    sys.stdout.flush()
    text = pipe.getvalue().decode("utf-8")
    assert stop.value.code == 0
    for option in set(re.findall(r'option\("(--[\w-]+)"', source(name))):
        assert "(기본값: " in text.rsplit(f"  {option} ", 1)[1].split("\n  --")[0], option
    assert "도움말" in text and "outputs" in text


@pytest.mark.parametrize("name", CHAPTERS)
def test_notebook_output_has_no_reconfigure(name, monkeypatch):
    chapter = load_chapter(name)
    notebook = io.StringIO()
    monkeypatch.setattr(sys, "stdout", notebook)
    monkeypatch.setattr(sys, "stderr", notebook)
    chapter.use_utf8_output()
    print("한글")
    assert notebook.getvalue() == "한글\n"


BAD_VALUES = [
    ("--no-such-option",),
    ("--seed", "-1"),
    ("--seed", "99999999999999999999"),
    ("--seed", "x"),
]
BAD_TRAINING = [
    ("--epochs", "0"),
    ("--epochs", "1.5"),
    ("--batch-size", "0"),
    ("--batch-size", "-3"),
    ("--learning-rate", "0"),
    ("--learning-rate", "-0.1"),
    ("--learning-rate", "nan"),
    ("--learning-rate", "inf"),
]
CASES = [(n, a) for n in CHAPTERS for a in BAD_VALUES] + [(n, a) for n in TRAINS for a in BAD_TRAINING]


def parse(name, args, monkeypatch):
    chapter = load_chapter(name)
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *args])
    return chapter.parse_args()


@pytest.mark.parametrize("name, args", CASES, ids=[f"{n} {' '.join(a)}" for n, a in CASES])
def test_bad_option_is_refused(name, args, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        parse(name, args, monkeypatch)
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert stop.value.code == 2 and args[0] in error
    if len(args) == 2:
        assert re.search("[가-힣]", error) and args[1] in error


def assert_one_korean_error(message):
    assert isinstance(message, str) and len(message.splitlines()) == 1
    assert message.startswith("오류:") and re.search("[가-힣]", message)


@pytest.mark.parametrize("option", ["--output-dir", "--data-dir"])
@pytest.mark.parametrize("name", CHAPTERS)
def test_folder_that_is_a_file(name, option, tmp_path, monkeypatch, capsys):
    if option not in source(name):
        pytest.skip("이 장에는 없는 옵션입니다")
    (tmp_path / "taken").write_text("중요한 글", encoding="utf-8")
    for path in ("taken", "taken/below"):
        args = {"--output-dir": tmp_path / "outputs", option: tmp_path / path}
        with pytest.raises(SystemExit) as stop:
            run_main(name, monkeypatch, *[word for pair in args.items() for word in pair])
        assert_one_korean_error(stop.value.code)
    assert "에폭 1" not in capsys.readouterr().out
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "중요한 글"


@pytest.mark.parametrize("name", CHAPTERS)
def test_cuda_that_is_not_there(name, tmp_path, monkeypatch, capsys):
    if "--device" not in source(name):
        pytest.skip("이 장은 장치를 고르지 않습니다")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(SystemExit) as stop:
        run_main(name, monkeypatch, "--device", "cuda", "--output-dir", tmp_path / "outputs")
    assert_one_korean_error(stop.value.code)
    assert capsys.readouterr().out == "" and not (tmp_path / "outputs").exists()


def readme():
    return (ROOT / "README.md").read_text(encoding="utf-8")


COMMANDS = sorted(set(re.findall(r"(?:^|\| `)python (?!-m)([^`\n]+)", readme(), re.MULTILINE)))


@pytest.mark.parametrize("command", COMMANDS)
def test_readme_command_runs(command, run_once):
    """장마다의 시험과 같은 명령이면 다시 실행하지 않습니다."""
    script, *options = command.split()
    if options == ["--help"]:
        pytest.skip("도움말은 test_help_names_the_defaults_in_any_encoding이 봅니다")
    _, result = run_once(script.removesuffix(".py"), *options)
    assert result.returncode == 0 and result.stderr == "" and len(result.stdout) > 500


def test_readme_names_every_chapter_and_command():
    assert [f"{name}.py" for name in CHAPTERS if f"{name}.py" not in COMMANDS] == [] and len(CHAPTERS) == 7
    assert "\npython -m pip install -r requirements.txt\npython quick_start.py\n" in readme()
    assert "\n" + " ".join(["torchrun", *TORCHRUN[3:], "optimization.py"]) + "\n" in readme()  # test_optimization이 실행합니다
    (cpu,) = re.findall(r"^python (-m pip install .*--extra-index-url .*)$", readme(), re.MULTILINE)
    assert cpu in (ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8")
    assert "\npython -m pytest\n" in readme()


def test_readme_pictures_are_there():
    pictures = re.findall(r"!\[.+?\]\((.+?)\)", readme())
    assert len(pictures) == 3
    for path in pictures:
        assert_picture(ROOT / path)


def test_readme_options_are_the_real_ones():
    """옵션 표의 이름, 있는 장, 기본값을 스크립트와 견줍니다."""
    table = readme().split("| 옵션 |")[1].split("\n\n")[0]
    rows = {row.split("|")[1]: row for row in table.splitlines()[2:]}
    told = {option: row for names, row in rows.items() for option in re.findall(r"--[\w-]+", names)}
    real = {name: set(re.findall(r'option\("(--[\w-]+)"', source(name))) for name in CHAPTERS}
    assert set(told) == set.union(*real.values())
    for option, row in told.items():
        where = row.split("|")[2]
        numbers = re.findall(r"\d", where) or (range(1, 8) if "모두" in where else [])
        assert {CHAPTERS[int(number) - 1] for number in numbers} == {name for name in CHAPTERS if option in real[name]}


def test_ci_runs_the_readme_test_command():
    assert "python -m pytest" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
