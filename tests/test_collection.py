"""모든 장에 공통인 약속: 혼자 서기, 같은 사본, 조용한 import, 옵션, 인코딩, README."""

import ast
import re
import subprocess
import sys

import pytest
from conftest import CHAPTERS, ROOT, load_chapter, run_alone, run_main

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


def test_functions_with_one_name_have_one_text():
    seen = {}
    for name in CHAPTERS:
        for node in ast.parse(source(name)).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name not in ("main", "parse_args"):
                text = ast.get_source_segment(source(name), node)
                assert seen.setdefault(node.name, (name, text))[1] == text, f"{node.name}: {seen[node.name][0]}와 {name}"
    assert "find_fashion_mnist" in seen


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_function_has_a_docstring(name):
    for node in ast.parse(source(name)).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            assert ast.get_docstring(node), node.name


def test_import_is_silent(tmp_path):
    code = (
        "import sys, torch; sys.path.insert(0, sys.argv[1]); before = torch.get_rng_state();"
        f"import {', '.join(CHAPTERS)}; assert torch.equal(before, torch.get_rng_state())"
    )
    command = [sys.executable, "-B", "-c", code, str(ROOT)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=120)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", CHAPTERS)
def test_help_on_an_english_windows_names_the_defaults(name, tmp_path):
    result = run_alone(tmp_path, name, "--help", PYTHONIOENCODING="cp1252", LC_ALL="C", PYTHONUTF8="0")
    assert result.returncode == 0 and result.stderr == ""
    assert "도움말" in result.stdout and "기본값: 0" in result.stdout and "outputs" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == [f"{name}.py"]


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


def test_readme_commands_are_the_real_ones():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "python -m pytest" in readme and "pip install -r requirements.txt" in readme
    scripts = set(re.findall(r"python (\w+)\.py", readme))
    assert "quick_start" in scripts and scripts <= set(CHAPTERS)
    for script, options in re.findall(r"python (\w+)\.py((?: --[\w-]+[^\n`&|]*)?)", readme):
        for option in re.findall(r"--[\w-]+", options):
            assert option in source(script), f"{script}: {option}"


def test_ci_runs_the_readme_test_command():
    assert "python -m pytest" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
