"""모든 장의 공통 규칙: 독립 실행, 같은 사본, 구조, 옵션, 인코딩, 그림."""

import ast
import importlib.machinery
import importlib.util
import io
import re
import sys

import matplotlib.pyplot as plt
import pytest
import torch
from tools import CHAPTERS, READS_DATA, ROOT, load_chapter, run_main, source

TRAINS = [name for name in CHAPTERS if "--epochs" in source(name)]
HELPERS = "# ---- 여기부터는 여러 장에서 공통으로 사용하는 도우미 함수입니다. 건너뛰어도 괜찮습니다. ----\n"


def load_copy_helpers():
    loader = importlib.machinery.SourceFileLoader("copy_helpers", str(ROOT / ".ci" / "copy_helpers"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("copy_helpers", loader))
    loader.exec_module(module)
    return module


COPIES = load_copy_helpers()


# ---- 소스 코드 ----


def imports(name):
    """장에서 불러오는 최상위 모듈의 이름입니다."""
    for node in ast.walk(ast.parse(source(name))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or ".").split(".")[0]


@pytest.mark.parametrize("name", CHAPTERS)
def test_imports_no_other_chapter(name):
    assert not set(imports(name)) & set(CHAPTERS)


def test_one_name_has_one_text():
    seen = {}
    for chapter in CHAPTERS:
        for name, (_, _, text) in COPIES.named_texts(source(chapter)).items():
            if name not in COPIES.OWN:
                assert seen.setdefault(name, (chapter, text))[1] == text, f"{name}: {seen[name][0]}와 {chapter}"
    assert {"teach", "expect", "prepare_fashion_mnist", "GARMENTS", "NeuralNetwork", "train"} <= set(seen)


def test_copy_helpers_repairs_what_differs(tmp_path):
    for name in CHAPTERS:
        (tmp_path / f"{name}.py").write_text(source(name), encoding="utf-8")
    broken = (
        source("model")
        .replace("def teach(", "def teach(  ", 1)
        .replace("REMINDERS = [], [], []", "REMINDERS = [], [], [0]", 1)
    )
    (tmp_path / "model.py").write_text(broken, encoding="utf-8")
    assert ("model", "teach") in COPIES.copy_helpers("tensor", tmp_path)
    assert (tmp_path / "model.py").read_text(encoding="utf-8") == source("model")
    assert COPIES.copy_helpers("quick_start", tmp_path) == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_anatomy(name):
    """docstring, 메타데이터, 절, main, 직접 해 보기, 연습 문제, 도우미 함수의 순서입니다."""
    lessons, helpers = source(name).split(HELPERS)
    order = ['"""', "\n# /// script\n", "\nimport ", "\ndef main():", "\ndef parse_args", "\n# 직접 해 보기"]
    order += ["\n#   1. ", "\n#   2. ", "\n#   3. ", "\n# ---- 연습 문제", "\ndef check_practice()"]
    assert [lessons.index(part) for part in order] == sorted(lessons.index(part) for part in order)
    assert f"python {name}.py --help" in lessons and helpers.endswith('\nif __name__ == "__main__":\n    main()\n')
    others = {other for chapter in CHAPTERS if chapter != name for other in COPIES.named_texts(source(chapter))}
    assert [helper for helper in COPIES.named_texts(helpers) if helper not in others] == []


@pytest.mark.parametrize("name", CHAPTERS)
def test_copied_helpers_stay_small(name):
    """practice는 연습 문제의 몫이므로 제외합니다."""
    texts = COPIES.named_texts(source(name).split(HELPERS)[1])
    lines = [line for helper, (*_, text) in texts.items() for line in text.splitlines() if helper != "practice"]
    assert sum(bool(line.strip()) for line in lines) <= (150 if name in READS_DATA else 90)


@pytest.mark.parametrize("name", CHAPTERS)
def test_functions_are_documented_and_short(name):
    for node in ast.walk(ast.parse(source(name))):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 34 and len(node.args.args) <= 6, node.name
    for node in ast.parse(source(name)).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            assert ast.get_docstring(node), node.name


@pytest.mark.parametrize("name", CHAPTERS)
def test_inline_metadata_fits_requirements_and_imports(name):
    (block,) = re.findall(r"^# /// script\n((?:# .*\n)+)# ///$", source(name), re.MULTILINE)
    (line,) = re.findall(r"^# dependencies = (.+)$", block, re.MULTILINE)
    required = (ROOT / "requirements.txt").read_text(encoding="utf-8").split()
    dependencies = ast.literal_eval(line)
    assert '# requires-python = ">=3.10"\n' in block and set(dependencies) <= set(required)
    assert {entry.split(">=")[0] for entry in dependencies} == set(imports(name)) & {
        "torch",
        "torchvision",
        "matplotlib",
    }


def test_import_is_silent(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    before, hook = torch.get_rng_state(), sys.excepthook
    for name in CHAPTERS:
        load_chapter(name)
    assert torch.equal(before, torch.get_rng_state()) and sys.excepthook is hook
    assert capfd.readouterr() == ("", "") and not list(tmp_path.iterdir())


# ---- 옵션과 인코딩 ----


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
    for option in set(re.findall(r'add_argument\("(--[\w-]+)"', source(name))):
        assert ":" in text.rsplit(f"  {option} ", 1)[1].split("\n  --")[0].split("(")[-1], option
    assert len(re.findall("[가-힣]", text)) > 50 and "outputs" in text


@pytest.mark.parametrize("name", CHAPTERS)
def test_notebook_output_has_no_reconfigure(name, monkeypatch):
    notebook = io.StringIO()
    monkeypatch.setattr(sys, "stdout", notebook)
    monkeypatch.setattr(sys, "stderr", notebook)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    load_chapter(name).prepare_terminal()
    print("한글")
    assert notebook.getvalue() == "한글\n"


BAD_VALUES = ["--no-such-option", "--seed -1", "--seed 99999999999999999999", "--seed x", "--device tpu"]
BAD_TRAINING = ["--epochs 0", "--epochs 1.5", "--batch-size 0", "--batch-size -3", "--learning-rate 0"]
BAD_TRAINING += ["--learning-rate -0.1", "--learning-rate nan", "--learning-rate inf"]
CASES = [(name, text) for name in CHAPTERS for text in BAD_VALUES + (BAD_TRAINING if name in TRAINS else [])]


@pytest.mark.parametrize("name, text", CASES)
def test_bad_option_gets_one_korean_line(name, text, tmp_path, monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        run_main(name, monkeypatch, *text.split(), "--output-dir", tmp_path / "outputs")
    output, error = capsys.readouterr()
    assert stop.value.code == 2 and output == "" and not (tmp_path / "outputs").exists()
    assert len(error.splitlines()) == 1 and re.search("[가-힣]", error)


def assert_one_korean_error(message):
    assert isinstance(message, str) and len(message.splitlines()) == 1 and re.search("[가-힣]", message)


@pytest.mark.parametrize("name", READS_DATA)
def test_data_folder_that_is_a_file(name, tmp_path, monkeypatch):
    (tmp_path / "taken").write_text("중요한 내용", encoding="utf-8")
    folders = {"--output-dir": tmp_path / "outputs", "--data-dir": tmp_path / "taken"}
    with pytest.raises(SystemExit) as stop:
        run_main(name, monkeypatch, *[word for pair in folders.items() for word in pair])
    assert_one_korean_error(stop.value.code)
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "중요한 내용"


@pytest.mark.parametrize("name", [name for name in CHAPTERS if "--device" in source(name)])
def test_cuda_that_is_not_there(name, tmp_path, monkeypatch, capsys):
    def no_driver(*args, **kwargs):
        raise RuntimeError("Found no NVIDIA driver")

    monkeypatch.setattr("torch.ones", no_driver)
    with pytest.raises(SystemExit) as stop:
        run_main(name, monkeypatch, "--device", "cuda", "--output-dir", tmp_path / "outputs")
    assert_one_korean_error(stop.value.code)
    assert capsys.readouterr().out == ""


# ---- 그림: 도우미 함수는 모든 장에서 같으므로 1장으로 확인합니다 ----


def test_show_opens_every_figure_in_a_window(display, tmp_path, tiny_data, monkeypatch):
    """창이 모두 열릴 때까지 기다렸다가 닫습니다. 사람이 닫는 것과 같습니다."""
    monkeypatch.setenv("DISPLAY", display)
    plt.switch_backend("TkAgg")
    windows, show = [], plt.show

    def close_soon():
        timer = plt.gcf().canvas.new_timer(interval=200)
        timer.add_callback(lambda: (windows.extend(plt.get_fignums()), plt.close("all")))
        timer.start()
        show()

    monkeypatch.setattr(plt, "show", close_soon)
    try:
        run_main("quick_start", monkeypatch, "--show", "--epochs", 1, "--output-dir", tmp_path, "--data-dir", tiny_data)
    finally:
        plt.switch_backend("agg")
    assert len(windows) == len(list(tmp_path.glob("*.png"))) == 3


def test_claim_that_fails_is_told_and_the_run_goes_on(tmp_path, tiny_data, monkeypatch, capsys):
    edits = {"bincount(minlength=n) for": "bincount(minlength=n) * 2 for"}
    options = ("--epochs", 1, "--data-dir", tiny_data, "--output-dir", tmp_path)
    with pytest.raises(SystemExit) as stop:
        run_main("quick_start", monkeypatch, *options, edits=edits)
    output = capsys.readouterr().out
    assert output.count("✗") == stop.value.code.count("✗") == 1 and "tensor.py" in output.splitlines()[-1]
    assert len(list(tmp_path.glob("*.png"))) == 3
