"""모든 장에서 실행이 도중에 끝나는 경우: Ctrl+C, 닫힌 파이프, 저장할 수 없는 폴더, 가득 찬 디스크, 동시에 실행하기."""

import errno
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import torch
from tools import CHAPTERS, READS_DATA, assert_picture, early, load_chapter, run_main, source, user_environment

DISK_FULL = OSError(errno.ENOSPC, "No space left on device")


def assert_one_korean_line(text):
    assert isinstance(text, str) and len(text.strip().splitlines()) == 1 and re.search("[가-힣]", text), text


def options(name, data, folder):
    return [*(("--data-dir", data) if name in READS_DATA else ()), "--output-dir", folder]


def stop_while_saving(name, error, tiny_data, folder, monkeypatch):
    """첫 번째 그림을 절반만 저장했을 때 error가 발생합니다."""

    def savefig(figure, path, **options):
        Path(path).write_bytes(b"half")
        raise error

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", savefig)
    run_main(name, monkeypatch, *options(name, tiny_data, folder), pictures=True)


@pytest.mark.parametrize("name", CHAPTERS)
def test_interrupt_leaves_the_old_pictures(name, tiny_data, tmp_path, monkeypatch, capsys):
    old = {path: path.write_bytes(b"old") for path in map(tmp_path.joinpath, pictures(name))}
    with pytest.raises(KeyboardInterrupt):
        stop_while_saving(name, KeyboardInterrupt(), tiny_data, tmp_path, monkeypatch)
    assert set(tmp_path.glob("*.png")) == set(old) and all(path.read_bytes() == b"old" for path in old)


@pytest.mark.parametrize("name", CHAPTERS)
def test_full_disk_is_told_and_the_old_picture_stays(name, tiny_data, tmp_path, monkeypatch, capsys):
    old = {path: path.write_bytes(b"old") for path in map(tmp_path.joinpath, pictures(name))}
    with pytest.raises(SystemExit) as stop:
        stop_while_saving(name, DISK_FULL, tiny_data, tmp_path, monkeypatch)
    assert_one_korean_line(stop.value.code)
    assert set(tmp_path.glob("*.png")) == set(old) and all(path.read_bytes() == b"old" for path in old)


def pictures(name):
    return re.findall(rf'"({name}_\w+\.png)"', source(name))


@pytest.mark.parametrize("name", [name for name in CHAPTERS if "torch.save(" in source(name)])
def test_full_disk_is_told_when_a_model_is_saved(name, tiny_data, tmp_path, monkeypatch, capsys):
    """torch.save는 디스크가 가득 차면 OSError가 아니라 RuntimeError를 발생시킵니다."""

    def save(value, path):
        Path(path).write_bytes(b"half")
        raise RuntimeError("PytorchStreamWriter failed writing file")

    quick = {"run_lessons": lambda *args: None} if name == "optimization" else {}
    monkeypatch.setattr("torch.save", save)
    with pytest.raises(SystemExit) as stop:
        run_main(name, monkeypatch, "--epochs", 1, *options(name, tiny_data, tmp_path), **quick)
    assert_one_korean_line(stop.value.code)
    assert [path for path in tmp_path.iterdir() if path.suffix != ".png"] == []


INTERRUPTED = ValueError("C++ code turned Ctrl+C into this")
INTERRUPTED.__cause__ = KeyboardInterrupt()
ENDS = [KeyboardInterrupt(), BrokenPipeError(errno.EPIPE, "Broken pipe"), INTERRUPTED]


@pytest.mark.parametrize("error", ENDS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("name", CHAPTERS)
def test_end_is_told_in_one_line(name, error, monkeypatch, capfd):
    """닫힌 파이프에 남아 있는 출력은 버립니다."""
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(sys, "stdout", sys.stdout)
    load_chapter(name).prepare_terminal()
    sys.excepthook(type(error), error, None)
    print("닫힌 파이프에 출력하는 내용")
    output, told = capfd.readouterr()
    assert output == ""
    assert_one_korean_line(told)


def test_other_errors_keep_their_traceback(monkeypatch, capfd):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    load_chapter("tensor").prepare_terminal()
    sys.excepthook(ValueError, ValueError("learner"), None)
    assert "ValueError: learner" in capfd.readouterr().err


@pytest.mark.parametrize("name", CHAPTERS)
def test_folder_that_cannot_be_written(name, tmp_path, monkeypatch, capsys):
    """데이터를 준비하거나 학습하기 전에 알립니다."""

    def refuse(*args, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(SystemExit) as stop:
        run_main(name, monkeypatch, "--output-dir", tmp_path / "outputs")
    assert_one_korean_line(stop.value.code)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", CHAPTERS)
def test_output_folder_that_is_a_file(name, tmp_path, monkeypatch, capsys):
    (tmp_path / "taken").write_text("중요한 내용", encoding="utf-8")
    with pytest.raises(SystemExit) as stop:
        run_main(name, monkeypatch, "--output-dir", tmp_path / "taken")
    assert_one_korean_line(stop.value.code)
    assert (tmp_path / "taken").read_text(encoding="utf-8") == "중요한 내용"


@pytest.mark.parametrize("name", CHAPTERS)
def test_notebook_keeps_its_backend(name, monkeypatch, tmp_path):
    chapter = load_chapter(name)
    switched = []
    monkeypatch.setattr(plt, "switch_backend", switched.append)
    chapter.prepare_outputs(tmp_path, False)
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    chapter.prepare_outputs(tmp_path, False)
    assert switched == ["agg"]


# ---- 실제 프로세스: 도우미 함수는 모든 장에서 같으므로 1장으로 확인합니다 ----


def start(name, folder, *args):
    """stdout이 파이프인 프로세스를 시작합니다."""
    (folder / f"{name}.py").write_text(source(name), encoding="utf-8")
    command = [sys.executable, f"{name}.py", *map(str, args)]
    return subprocess.Popen(
        command,
        cwd=folder,
        env=user_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


@early("test_interrupt_is_told_in_one_line")
def interrupt(folder, tiny_data):
    with start("quick_start", folder, "--epochs", 1000, "--data-dir", tiny_data) as process:
        for line in process.stdout:
            if "[" in line and "/300]" in line:  # 학습을 시작했습니다
                break
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        return process.communicate(timeout=60)[1], process.returncode


@pytest.mark.skipif(os.name == "nt", reason="Windows에서는 SIGINT를 다르게 전달합니다")
def test_interrupt_is_told_in_one_line(started_early):
    folder, (error, code) = started_early(interrupt)
    assert code in (-signal.SIGINT, 130)
    assert_one_korean_line(error)
    assert list((folder / "outputs").iterdir()) == []


@early("test_closed_pipe_is_told_in_one_line")
def close_pipe(folder, tiny_data):
    with start("quick_start", folder, "--epochs", 1000, "--data-dir", tiny_data) as process:
        process.stdout.readline()
        process.stdout.close()
        return process.stderr.read()


@pytest.mark.skipif(os.name == "nt", reason="Windows에는 head와 SIGPIPE가 없습니다")
def test_closed_pipe_is_told_in_one_line(started_early):
    _, error = started_early(close_pipe)
    assert_one_korean_line(error)


@early("test_two_runs_at_once")
def run_twice(folder, tiny_data):
    runs = [start("quick_start", folder, "--epochs", 1, "--data-dir", tiny_data) for _ in range(2)]
    return [(run.communicate(timeout=120)[1], run.returncode) for run in runs]


def test_two_runs_at_once(started_early):
    """같은 폴더에 동시에 저장해도 파일이 손상되지 않습니다."""
    folder, ends = started_early(run_twice)
    assert ends == [("", 0)] * 2
    written = sorted(path.name for path in (folder / "outputs").iterdir())
    assert written == sorted([*pictures("quick_start"), "model.pth"])
    for name in pictures("quick_start"):
        assert_picture(folder / "outputs" / name)
    assert torch.load(folder / "outputs" / "model.pth", weights_only=True)
