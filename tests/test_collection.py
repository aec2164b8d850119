"""모든 장의 공통 규칙: 독립 실행, 같은 사본, 구조, 옵션, 중단, 페이지."""

import ast
import importlib.machinery
import importlib.util
import os
import re
import signal
import subprocess
import sys
import unicodedata

import pytest
import torch
from tools import (
    CHAPTERS,
    ROOT,
    assert_clean,
    assert_one_korean_line,
    load_chapter,
    read_page,
    run_main,
    source,
    user_environment,
)

HELPERS = "# ---- 여기부터는 여러 장에서 공통으로 사용하는 도우미 함수입니다. 건너뛰어도 괜찮습니다. ----\n"
PAGES = ROOT / ".github" / "pages"


def load_script(name):
    """.ci에 있는 스크립트를 모듈로 읽습니다."""
    loader = importlib.machinery.SourceFileLoader(name, str(ROOT / ".ci" / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


COPIES = load_script("copy_helpers")


# ---- 소스 코드 ----


def imports(name):
    """장에서 불러오는 최상위 모듈의 이름입니다."""
    for node in ast.walk(ast.parse(source(name))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or ".").split(".")[0]


def test_no_chapter_imports_another():
    for name in CHAPTERS:
        assert not set(imports(name)) & set(CHAPTERS), name


def test_one_name_has_one_text():
    seen = {}
    for chapter in CHAPTERS:
        for name, (_, _, text) in COPIES.named_texts(source(chapter)).items():
            if name not in COPIES.OWN:
                first, same = seen.setdefault(name, (chapter, text))
                assert same == text, f"{name}: {first}와 {chapter}"
    assert {"teach", "Transcript", "expect", "prepare_fashion_mnist", "train"} <= set(seen)


def test_copy_helpers_repairs_what_differs(tmp_path):
    for name in CHAPTERS:
        (tmp_path / f"{name}.py").write_text(source(name), encoding="utf-8")
    broken = source("model").replace("def teach(", "def teach(  ", 1)
    broken = broken.replace("CLAIMS = []", "CLAIMS = [0]", 1)
    (tmp_path / "model.py").write_text(broken, encoding="utf-8")
    assert ("model", "teach") in COPIES.copy_helpers("tensor", tmp_path)
    assert (tmp_path / "model.py").read_text(encoding="utf-8") == source("model")
    assert COPIES.copy_helpers("quick_start", tmp_path) == []


def test_anatomy():
    """docstring, 메타데이터, import, main, 직접 해 보기, 연습 문제, 도우미 함수의 순서입니다."""
    order = ['"""', "\n# /// script\n", "\nimport ", "\ndef main():", "\ndef parse_args"]
    order += ["\ndef try_it_yourself", "\n# ---- 연습 문제", "\ndef check_practice()"]
    for name in CHAPTERS:
        lessons, helpers = source(name).split(HELPERS)
        places = [lessons.index(part) for part in order]
        assert places == sorted(places), name
        assert helpers.count("\ndef ") > 10 and '\nif __name__ == "__main__":\n' in helpers
        for node in ast.parse(source(name)).body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
                assert ast.get_docstring(node), (name, node.name)


def test_contents_name_the_lessons_in_order():
    """목차의 번호와 제목은 main이 실행하는 절의 docstring과 같습니다."""
    for name in CHAPTERS:
        tree = ast.parse(source(name))
        titles = {}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                titles[node.name] = (ast.get_docstring(node) or "").partition("\n")[0]
        told = re.findall(r"^ +(\d+\. .+?) {2,}\w+", ast.get_docstring(tree), re.MULTILINE)
        taught = dict.fromkeys(re.findall(r"teach\(\s*(\w+)", source(name)))
        lessons = [titles[lesson] for lesson in taught if titles.get(lesson, "")[:1].isdigit()]
        assert told == lessons, name
        numbers = [title.split(".")[0] for title in lessons]
        assert numbers == [str(n + 1) for n in range(len(lessons))], name


def test_inline_metadata_fits_requirements_and_imports():
    required = (ROOT / "requirements.txt").read_text(encoding="utf-8").split()
    for name in CHAPTERS:
        (block,) = re.findall(r"^# /// script\n((?:# .*\n)+)# ///$", source(name), re.MULTILINE)
        (line,) = re.findall(r"^# dependencies = (.+)$", block, re.MULTILINE)
        dependencies = ast.literal_eval(line)
        assert '# requires-python = ">=3.10"\n' in block and set(dependencies) <= set(required)
        packages = {"torch", "torchvision", "matplotlib"} & set(imports(name))
        assert {entry.split(">=")[0] for entry in dependencies} == packages, name


def test_import_is_silent(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    before = torch.get_rng_state()
    for name in CHAPTERS:
        load_chapter(name)
    assert torch.equal(before, torch.get_rng_state())
    assert capfd.readouterr() == ("", "") and not list(tmp_path.iterdir())


# ---- 실행 ----


def cells(line):
    """한글을 두 칸으로 계산한 너비입니다."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in line)


@pytest.mark.parametrize("name", CHAPTERS)
def test_screen_and_page(name, chapter_run):
    folder, result = chapter_run(name)
    assert_clean(result)
    lines = result.stdout.splitlines()
    assert lines[-1].endswith(f"{name}.html") and (folder / "outputs" / f"{name}.html").is_file()
    wide = [line for line in lines if cells(line) > 100 and "http" not in line and "/" not in line]
    assert wide == []
    for path in folder.glob("outputs/*.png"):
        assert path.name.startswith(name), path
    page = read_page(folder / "outputs" / f"{name}.html")
    pictures = re.findall(r"^ +저장: .+/(.+\.png)  (.+)$", result.stdout, re.MULTILINE)
    assert [(picture["src"], picture["alt"]) for picture in page.images] == pictures


def test_help_and_bad_seed(tmp_path, capsys):
    for name in CHAPTERS:
        assert run_main(tmp_path, name, "--help").code == 0
        run = run_main(tmp_path, name, "--seed", "-1")
        error = capsys.readouterr().err
        assert run.code == 2 and run.out == "", name
        assert_one_korean_line(error)


def test_practice_alone_writes_nothing(tmp_path):
    for name in CHAPTERS:
        run = run_main(tmp_path, name, "--practice", "--output-dir", tmp_path / "outputs")
        assert run.out.count("□") == 4 and not (tmp_path / "outputs").exists(), name


def start(name, folder, **environment):
    """장을 새 프로세스에서 시작합니다."""
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.py").write_text(source(name), encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, f"{name}.py"],
        cwd=folder,
        env=user_environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows에서는 SIGINT를 다르게 전달합니다")
def test_interrupt_is_told_in_one_line_and_leaves_the_page(tmp_path):
    with start("quick_start", tmp_path) as process:
        for line in process.stdout:
            if "에폭 1 " in line:
                break
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode != 0
    assert_one_korean_line(error)
    page = (tmp_path / "outputs" / "quick_start.html").read_text(encoding="utf-8")
    assert "KeyboardInterrupt" in page and "def train(" in page


@pytest.mark.skipif(os.name == "nt", reason="Windows에는 head와 SIGPIPE가 없습니다")
def test_closed_pipe_ends_quietly(tmp_path):
    with start("tensor", tmp_path) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""


@pytest.mark.full
def test_two_runs_at_once_with_the_backend_of_a_notebook(tmp_path):
    """Colab의 셀에서 !python으로 실행하면 노트북의 MPLBACKEND를 물려받습니다."""
    backend = "module://matplotlib_inline.backend_inline"
    runs = [start("tensor", tmp_path, MPLBACKEND=backend) for _ in range(2)]
    ends = [(run.communicate(timeout=120)[1], run.returncode) for run in runs]
    assert ends == [("", 0)] * 2


# ---- 저장소에 있는 페이지 ----


def test_published_pages_agree_with_the_scripts():
    """제목과 설명이 같고, 그림이 모두 있습니다. 다르면 .ci/make_pages를 실행하세요."""
    pages = load_script("make_pages")
    for name in CHAPTERS:
        page = (PAGES / f"{name}.md").read_text(encoding="utf-8")
        for node in ast.parse(source(name)).body:
            text = ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None
            if text and re.match(r"\d+\. ", text):
                title, _, explanation = text.partition("\n\n")
                told = f"### {pages.escape(title)}\n\n{pages.to_markdown(explanation)}\n"
                assert told in page, f"{name}: {title}"
        for picture in re.findall(r"!\[.*\]\((.+?)\)", page):
            assert (PAGES / picture).is_file(), picture
