"""7장: 손으로 한 걸음, 비교 실험, 체크포인트와 이어서 학습하기, Ctrl+C, torchrun."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from conftest import DEAD_PROXY, ROOT, assert_picture, load_chapter, save_empty_pictures, written_files
from torch import nn

PICTURES = ["learning_rates", "batch_sizes", "optimizers", "overfitting", "training"]
FILES = {f"optimization_{name}.png" for name in PICTURES} | {"optimization_checkpoint.pth", "optimization_model.pth"}
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
ENVIRONMENT = {**os.environ, **DEAD_PROXY, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"}


@pytest.fixture
def chapter():
    return load_chapter("optimization")


@pytest.fixture
def whole_run(run_once):
    """사용자처럼 처음부터 끝까지 한 번 실행한 (폴더, 결과)입니다."""
    return run_once("optimization")


def final_training_only(monkeypatch, data_dir, output_dir, *args):
    """수업을 건너뛰고 main을 이 프로세스 안에서 실행합니다. 모듈을 돌려줍니다."""
    save_empty_pictures(monkeypatch)
    chapter = load_chapter("optimization")
    monkeypatch.setattr(chapter, "teach", lambda *args: [])
    words = ["--data-dir", data_dir, "--output-dir", output_dir, "--device", "cpu", *args]
    monkeypatch.setattr(sys, "argv", ["optimization.py", *map(str, words)])
    chapter.main()
    return chapter


def load(path):
    return torch.load(path, map_location="cpu", weights_only=True)


def largest_difference(path, other):
    first, second = load(path), load(other)
    assert first.keys() == second.keys()
    return max((first[name] - second[name]).abs().max().item() for name in first)


def start_checkpoint(chapter, path, samples=300, **changes):
    """아직 한 에폭도 학습하지 않은 체크포인트를 만듭니다. 여기에서 이어서 하면 수업을 건너뜁니다."""
    args = {"epochs": 3, "batch_size": 64, "learning_rate": 0.003, "seed": 0} | changes
    settings = {**args, "pytorch": torch.__version__.split("+")[0], "samples": samples, "practice": False}
    learner = chapter.make_learner(args["epochs"], args["learning_rate"], args["seed"], "cpu")
    chapter.save_checkpoint(path, learner, 0, [], settings)
    return path


# ---- 사용자처럼 실행 ----


def test_runs_alone(whole_run):
    folder, result = whole_run
    assert result.returncode == 0 and result.stderr == ""
    assert "연습용 데이터]" not in result.stdout and "마지막 장입니다" in result.stdout
    assert [f"== {n}. " in result.stdout for n in range(1, 18)] == [True] * 16 + [False]
    assert [f"에폭 {e} 끝" in result.stdout for e in range(1, 7)] == [True] * 5 + [False]
    assert written_files(folder) == {f"outputs/{name}" for name in FILES}
    for name in PICTURES:
        assert_picture(folder / "outputs" / f"optimization_{name}.png")


def test_numbers_on_screen_are_right(whole_run):
    """화면에 나온 값을 NumPy로 다시 계산합니다."""
    text = whole_run[1].stdout
    logits = np.array([[2.0, 1.0, 0.0], [0.0, 3.0, 0.0]])
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    losses = -np.log([p[0, 0], p[1, 2]])
    for value in (*losses, losses.mean(), np.mean(np.square([-0.5, 1.0, 0.0]))):
        assert f"{value:.4f}" in text
    assert "[8.0, 16.0, 24.0]" in text
    w, total, wrong = 4.0, 0.0, []
    for _ in range(12):  # 지우지 않으면 변화도가 더해집니다
        total += 2 * w
        w -= 0.1 * total
        wrong.append(f"{w:.2f}")
    assert f"지우지 않으면: {', '.join(wrong)}" in text
    assert "매개변수의 가장 큰 차이: 0.0" in text
    model_only = re.search(r"모델만 되살리면, 가장 큰 차이: ([\d.]+)", text)
    assert float(model_only[1]) > 1e-4


def test_one_process_result_is_reproducible(whole_run, tiny_data, tmp_path, monkeypatch):
    first, again = whole_run[0] / "outputs" / "optimization_model.pth", tmp_path / "optimization_model.pth"
    final_training_only(monkeypatch, tiny_data, tmp_path)
    assert largest_difference(first, again) == 0
    final_training_only(monkeypatch, tiny_data, tmp_path, "--seed", 1)
    assert largest_difference(first, again) > 0


def test_final_training_is_the_plain_loop(whole_run, chapter, tiny_data):
    """DistributedSampler, DataLoader, 스케줄러 없이 다시 써도 매개변수가 같습니다."""
    data = chapter.datasets.FashionMNIST(tiny_data)
    X, y = data.data[:, None] / 255, data.targets
    torch.manual_seed(0)
    model = chapter.NeuralNetwork()
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    for epoch, rate in enumerate((0.003, 0.0024, 0.0018, 0.0012, 0.0006), start=1):
        optimizer.param_groups[0]["lr"] = rate
        for rows in torch.randperm(300, generator=torch.Generator().manual_seed(epoch)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(X[rows]), y[rows]).backward()
            optimizer.step()
    saved = load(whole_run[0] / "outputs" / "optimization_model.pth")
    assert all(torch.allclose(saved[name], p, atol=1e-5) for name, p in model.state_dict().items())


def test_too_large_a_rate_is_still_a_clean_run(tiny_data, tmp_path, monkeypatch, recwarn):
    final_training_only(monkeypatch, tiny_data, tmp_path, "--epochs", 2, "--learning-rate", 1000)
    assert not recwarn.list


def test_practice_data_is_announced_twice(tmp_path, monkeypatch, capsys):
    chapter = load_chapter("optimization")
    monkeypatch.setattr(chapter, "teach", lambda *args: [])

    def fail(*args):
        raise OSError("network is unreachable")

    monkeypatch.setattr(chapter, "download_fashion_mnist", fail)
    words = ["--data-dir", tmp_path / "data", "--output-dir", tmp_path / "outputs", "--epochs", 1]
    monkeypatch.setattr(sys, "argv", ["optimization.py", *map(str, words)])
    chapter.main()
    output = capsys.readouterr().out
    first, last = (m.start() for m in re.finditer(r"\[연습용 데이터\]", output))
    assert first < output.index("에폭 1 끝") and last > output.index("마지막 정확도")


def test_reaches_85_percent_on_real_data(tmp_path, real_data, monkeypatch, capsys):
    final_training_only(monkeypatch, real_data, tmp_path)
    assert float(re.search(r"마지막 정확도: .* ([\d.]+)%", capsys.readouterr().out)[1]) >= 85.0


# ---- 수업의 내용 ----


def test_steps_by_hand_against_numpy(chapter):
    """옵티마이저의 걸음을 NumPy의 식과 견줍니다."""
    start = np.array([3.0, -2.0, 0.5])

    def gradient(w):
        return 2 * np.array([1.0, 4.0, 0.5]) * (w - 1)

    assert np.allclose(chapter.slope_at(torch.tensor(start)).numpy(), gradient(start))
    w, v = start, np.zeros(3)
    for _ in range(2):
        v = 0.9 * v + gradient(w)
        w = w - 0.1 * v
    parameter = torch.tensor(start, dtype=torch.float32, requires_grad=True)
    path = chapter.steps_of(torch.optim.SGD([parameter], lr=0.1, momentum=0.9), parameter, 2)
    assert np.allclose(path[-1].numpy(), w, atol=1e-5) and len(path) == 2
    with pytest.raises(AssertionError):
        chapter.print_steps([path[0] + 0.001], [path[0]])


def test_lessons_by_hand_use_the_real_optimizer(chapter, monkeypatch):
    """옵티마이저가 다르게 걸으면 수업의 assert가 알아챕니다."""
    for name, lesson in (("SGD", chapter.step_sgd_by_hand), ("Adam", chapter.step_adam_by_hand)):
        lesson()
        real = getattr(torch.optim, name)
        monkeypatch.setattr(torch.optim, name, lambda p, lr, real=real, **options: real(p, lr=1.01 * lr, **options))
        with pytest.raises(AssertionError):
            lesson()
        monkeypatch.undo()


def test_valley_paths(chapter):
    paths = chapter.walk_down_the_valley()
    bottom, heights = np.array([4.0, 1.0]), {}
    for name, path in paths.items():
        assert path.shape == (61, 2) and path[0].tolist() == [-4.0, 3.0]
        heights[name] = 0.5 * ((path.numpy() - bottom) ** 2 * [1, 20]).sum(1)
        assert heights[name][-1] < 0.5 < heights[name][0]
    w, v = np.array([-4.0, 3.0]), np.zeros(2)
    for _ in range(60):
        v = 0.9 * v + (w - bottom) * [1, 20]
        w = w - 0.02 * v
    assert np.allclose(paths["SGD + momentum"][-1].numpy(), w, atol=1e-3)


def make_part(n, seed=0):
    """줄 하나가 밝은 쉬운 이미지 n장과 정답입니다."""
    y = torch.arange(n) % 10
    X = 0.2 * torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(seed))
    X[torch.arange(n), 0, 2 * y + 4] = 1
    return X, y


def test_learn_once_takes_one_step_a_batch(chapter):
    part = make_part(20)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    weight = model[1].weight.detach().clone().double().numpy()
    bias = model[1].bias.detach().clone().double().numpy()
    losses = chapter.learn_once(model, torch.optim.SGD(model.parameters(), lr=0.1), part, 8, seed=5, epoch=2)
    order = torch.randperm(20, generator=torch.Generator().manual_seed(7)).numpy()
    X, y = part[0].flatten(1).double().numpy(), part[1].numpy()
    for number, rows in enumerate((order[:8], order[8:16], order[16:])):
        p = np.exp(X[rows] @ weight.T + bias)
        p /= p.sum(1, keepdims=True)
        assert losses[number].item() == pytest.approx(-np.log(p[range(len(rows)), y[rows]]).mean(), rel=1e-4)
        p[range(len(rows)), y[rows]] -= 1
        weight, bias = weight - 0.1 * p.T @ X[rows] / len(rows), bias - 0.1 * p.mean(0)
    assert len(losses) == 3 and np.allclose(model[1].weight.detach().numpy(), weight, atol=1e-5)


def test_rates_batches_and_optimizers_are_compared(chapter, capsys):
    part, held_out = make_part(200), make_part(50, seed=1)
    rates = chapter.compare_learning_rates(part, held_out, 0)
    assert all(len(losses) == 3 * 4 for losses in rates.values())
    first = torch.stack([losses[0] for losses in rates.values()])
    assert torch.equal(first, first[:1].expand_as(first))  # 같은 곳에서 떠납니다
    assert rates[0.3][-1] < rates[0.03][-1] < rates[0.001][-1]
    sizes = chapter.compare_batch_sizes(part, held_out, 0)
    assert list(sizes) == [16, 64, 200]  # 데이터보다 큰 배치는 하나로 모읍니다
    assert sizes[16][0][-1] < sizes[200][0][-1] and all(seconds > 0 for _, seconds in sizes.values())
    assert all(losses[-1] < losses[0] for losses in chapter.compare_optimizers(part, held_out, 0).values())
    assert capsys.readouterr().out.count("검증 손실") == 5 + 3 + 4


def test_divergence_is_reported_and_drawn(chapter, monkeypatch, capsys):
    def explode(name, make_optimizer, *args):
        return torch.tensor([2.0, 50.0, float("inf"), float("nan")]), 0.1

    monkeypatch.setattr(chapter, "try_out", explode)
    curves = chapter.compare_learning_rates(make_part(20), make_part(20), 0)
    assert capsys.readouterr().out.count("3번째 걸음") == len(curves)
    (axis,) = chapter.draw_learning_rates(curves).axes
    assert all("diverged" in line.get_label() for line in axis.lines[::2])
    chapter.plt.close("all")


def test_early_stopping_waits_and_goes_back(chapter, monkeypatch):
    losses, seen = iter([3.0, 2.0, 2.5, 1.0, 1.5, 1.2, 1.1, 1.0, 0.1]), {}

    def learn(model, optimizer, part, batch_size, seed, epoch):
        seen["model"] = model
        nn.init.constant_(model.linear_relu_stack[4].bias, epoch)

    def measure(model, part):
        epoch = model.linear_relu_stack[4].bias[0].item()
        seen.setdefault("values", {}).setdefault(epoch, next(losses) if epoch not in seen.get("values", {}) else None)
        return seen["values"][epoch], 50.0

    monkeypatch.setattr(chapter, "learn_once", learn)
    monkeypatch.setattr(chapter, "measure_part", measure)
    assert chapter.stop_early(make_part(20), make_part(20), 0, patience=4) == (8, 4, [3, 2, 2.5, 1, 1.5, 1.2, 1.1, 1])
    assert seen["model"].linear_relu_stack[4].bias[0] == 4  # 가장 좋았던 에폭의 매개변수입니다


def test_validation_is_part_of_the_training_data_only(chapter, tiny_data):
    training_data = chapter.datasets.FashionMNIST(tiny_data, transform=chapter.ToTensor())
    (X, y), (held_out_X, held_out_y) = chapter.set_aside_validation(training_data, 0, torch.device("cpu"))
    assert len(X) == len(y) == 240 and len(held_out_X) == len(held_out_y) == 60
    rows = {tuple(row) for row in training_data.data.flatten(1).tolist()}
    taken = [tuple(row) for row in (torch.cat([X, held_out_X]).flatten(1) * 255).round().int().tolist()]
    assert len(set(taken)) == 300 and set(taken) == rows
    again = chapter.set_aside_validation(training_data, 0, torch.device("cpu"))
    assert torch.equal(again[1][0], held_out_X)


def test_pictures_show_the_numbers(chapter):
    def drawn(axis):
        return {line.get_label(): list(line.get_ydata()) for line in axis.lines}

    losses, accuracies, rates = chapter.draw_training([(0.5, 0.6, 70.0, 0.03), (0.3, 0.4, 80.0, 0.01)]).axes
    assert drawn(losses) == {"train": [0.5, 0.3], "test": [0.6, 0.4]}
    assert list(accuracies.lines[0].get_ydata()) == [70.0, 80.0] and list(rates.lines[0].get_ydata()) == [0.03, 0.01]

    curves = {"weight decay 0": ([3.0, 1.0], [2.0, 4.0]), "weight decay 4": ([3.5, 1.5], [2.5, 2.2])}
    figure = chapter.draw_overfitting(curves, (2, 1, [2.0, 4.0]))
    for axis, (train_losses, held_out_losses) in zip(figure.axes, curves.values()):
        assert drawn(axis)["training (small part)"] == train_losses and drawn(axis)["validation"] == held_out_losses

    losses, seconds = chapter.draw_batch_sizes({16: ([1.0, 0.5, 0.2], 0.7), 64: ([2.0, 1.5, 1.2], 0.3)}).axes
    assert drawn(losses) == {"batch size 16": [1.0, 0.5, 0.2], "batch size 64": [2.0, 1.5, 1.2]}
    assert [bar.get_height() for bar in seconds.patches] == [0.7, 0.3]

    paths = {name: torch.rand(61, 2) for name in ("a", "b", "c", "d")}
    axes = chapter.draw_optimizers(paths, {name: torch.ones(5) for name in paths}).axes
    for axis, (name, path) in zip([axis for axis in axes if "60 steps" in axis.get_title()], paths.items()):
        assert axis.get_title().startswith(name) and np.array_equal(axis.lines[0].get_xydata(), path.numpy())
    plt.close("all")


# ---- 체크포인트와 이어서 학습하기 ----


def accept_ctrl_c():
    """시험을 뒤에서(&) 돌리면 SIGINT를 무시하는 설정이 물려 내려옵니다. 그것을 되돌립니다."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.skipif(os.name == "nt", reason="Windows에서는 SIGINT를 이렇게 보낼 수 없습니다")
def test_ctrl_c_then_resume_in_a_new_process_is_bit_identical(chapter, tiny_data, tmp_path, monkeypatch, capsys):
    """진짜 SIGINT를 보내고, 알려 준 명령을 그대로 실행합니다."""
    start = start_checkpoint(chapter, tmp_path / "start.pth", epochs=30)
    options = ["--epochs", "30", "--data-dir", str(tiny_data), "--output-dir", "out put", "--device", "cpu"]
    shutil.copy(ROOT / "optimization.py", tmp_path)
    command = [sys.executable, "optimization.py", *options, "--resume", str(start)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "encoding": "utf-8", "preexec_fn": accept_ctrl_c}
    with subprocess.Popen(command, cwd=tmp_path, env=ENVIRONMENT, **pipes) as process:
        lines = []
        while not (lines and lines[-1].startswith("에폭 2 끝")):
            lines.append(process.stdout.readline())
            assert lines[-1], process.stderr.read()
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert process.returncode == 130 and len(error.splitlines()) == 1 and "Traceback" not in error
    checkpoint = tmp_path / "out put" / "optimization_checkpoint.pth"
    done = load(checkpoint)["epoch"]
    assert 2 <= done < 30 and not (tmp_path / "out put" / "optimization_model.pth").exists()

    words = shlex.split(error.split("이어서 학습하려면: ")[1])
    assert words[0] == "python"
    monkeypatch.chdir(tmp_path)  # 이 프로세스에서 이어서 합니다. 멈춘 프로세스와는 다른 프로세스입니다
    monkeypatch.setattr(sys, "argv", words[1:])
    chapter.main()
    output = capsys.readouterr().out
    assert f"에폭 {done} 끝" not in output and f"에폭 {done + 1} 끝" in output
    final_training_only(monkeypatch, tiny_data, tmp_path / "straight", "--epochs", 30)
    straight, resumed = tmp_path / "straight", tmp_path / "out put"
    assert largest_difference(straight / "optimization_model.pth", resumed / "optimization_model.pth") == 0
    whole, parts = (load(folder / "optimization_checkpoint.pth") for folder in (straight, resumed))
    assert whole["history"] == parts["history"] and whole["scheduler"] == parts["scheduler"]
    for key, state in whole["optimizer"]["state"].items():
        assert all(torch.equal(state[name], parts["optimizer"]["state"][key][name]) for name in state)


def test_ctrl_c_before_the_final_training(chapter, tiny_data, tmp_path, monkeypatch, capsys):
    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(chapter, "compare_batch_sizes", interrupt)
    words = ["--data-dir", str(tiny_data), "--output-dir", str(tmp_path), "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["optimization.py", *words])
    with pytest.raises(SystemExit) as stop:
        chapter.main()
    error = capsys.readouterr().err
    assert stop.value.code == 130 and len(error.splitlines()) == 1 and "시작하기 전" in error
    assert not list(tmp_path.iterdir())


def test_checkpoint_is_written_after_every_epoch(chapter, tiny_data, tmp_path, monkeypatch):
    epochs, save = [], chapter.save_state_dict
    monkeypatch.setattr(chapter, "teach", lambda *args: [])
    record = lambda state, path: (epochs.append(state.get("epoch")), save(state, path))  # noqa: E731
    monkeypatch.setattr(chapter, "save_state_dict", record)
    words = ["--data-dir", str(tiny_data), "--output-dir", str(tmp_path), "--device", "cpu", "--epochs", "3"]
    monkeypatch.setattr(sys, "argv", ["optimization.py", *words])
    chapter.main()
    assert epochs == [0, 1, 2, 3, None]  # 마지막은 모델 파일입니다
    checkpoint = load(tmp_path / "optimization_checkpoint.pth")
    assert list(checkpoint) == ["model", "optimizer", "scheduler", "epoch", "history", "settings"]
    assert [row[3] for row in checkpoint["history"]] == pytest.approx([0.003, 0.002, 0.001])


def test_finished_checkpoint_says_so(whole_run, tiny_data, tmp_path, monkeypatch, capsys):
    finished = whole_run[0] / "outputs" / "optimization_checkpoint.pth"
    final_training_only(monkeypatch, tiny_data, tmp_path, "--resume", finished)
    output = capsys.readouterr().out
    assert "이미 다 마친" in output and "끝:" not in output
    model = finished.with_name("optimization_model.pth")
    assert largest_difference(tmp_path / "optimization_model.pth", model) == 0


def damage(path, kind):
    """체크포인트 path를 kind에 따라 망가뜨립니다."""
    content = path.read_bytes()
    if kind == "missing":
        path.unlink()
    elif kind == "folder":
        path.unlink()
        path.mkdir()
    elif kind == "text":
        path.write_text("안녕하십니까", encoding="utf-8")
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif kind == "flipped":
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :])
    elif kind == "function":
        torch.save({"settings": os.getcwd}, path)
    elif kind == "tensor":
        torch.save(torch.zeros(3), path)
    else:
        checkpoint = load(path)
        first = checkpoint["optimizer"]["state"][0]
        if kind == "model.pth":
            checkpoint = checkpoint["model"]
        elif kind == "shape":
            checkpoint["model"]["linear_relu_stack.0.weight"] = torch.zeros(512, 783)
        elif kind == "optimizer shape":
            first["exp_avg"] = first["exp_avg"][:-1]
        elif kind == "no scheduler":
            del checkpoint["scheduler"]
        elif kind == "epoch":
            checkpoint["epoch"] = 7
        elif kind == "history":
            checkpoint["history"] = checkpoint["history"][:-1]
        torch.save(checkpoint, path)


KINDS = "missing folder text empty cut flipped function tensor model.pth shape epoch history".split()


@pytest.mark.parametrize("kind", [*KINDS, "optimizer shape", "no scheduler"])
def test_bad_checkpoint_is_one_line_and_kept(kind, whole_run, tmp_path, monkeypatch, capsys):
    path = tmp_path / "some.pth"
    shutil.copy(whole_run[0] / "outputs" / "optimization_checkpoint.pth", path)
    damage(path, kind)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(SystemExit) as stop:
        final_training_only(monkeypatch, tmp_path / "no data", tmp_path / "out", "--resume", path)
    message = stop.value.code
    assert isinstance(message, str) and message.startswith("오류:") and len(message.splitlines()) == 1
    assert str(path) in message and "체크포인트" in message
    assert (path.read_bytes() if path.is_file() else None) == before
    assert not (tmp_path / "out").exists() and not (tmp_path / "no data").exists() and capsys.readouterr().out == ""


MISMATCHES = [("--epochs", 3), ("--batch-size", 32), ("--learning-rate", 0.1), ("--seed", 9)]


@pytest.mark.parametrize("option, value", MISMATCHES)
def test_other_options_than_the_checkpoint_are_named(option, value, chapter, tmp_path, monkeypatch):
    path = start_checkpoint(chapter, tmp_path / "start.pth", epochs=2)
    words = {"--epochs": 2, option: value}
    with pytest.raises(SystemExit) as stop:
        arguments = [word for pair in words.items() for word in pair]
        final_training_only(monkeypatch, tmp_path / "no data", tmp_path / "out", *arguments, "--resume", path)
    message = stop.value.code
    others = {name for name, _ in MISMATCHES} - {option}
    assert option in message and str(value) in message and not any(other in message for other in others)
    assert len(message.splitlines()) == 1 and not (tmp_path / "no data").exists()


def test_other_data_than_the_checkpoint_is_named(chapter, tiny_data, tmp_path, monkeypatch, capsys):
    path = start_checkpoint(chapter, tmp_path / "start.pth", samples=60000)
    with pytest.raises(SystemExit) as stop:
        final_training_only(monkeypatch, tiny_data, tmp_path / "out", "--epochs", 3, "--resume", path)
    assert "샘플 수" in stop.value.code and "60000" in stop.value.code and "300" in stop.value.code
    assert "에폭 1" not in capsys.readouterr().out


# ---- 여러 프로세스 ----


def run_torchrun(folder, script, *args):
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "OMP_NUM_THREADS"}
    return subprocess.run(
        [*TORCHRUN, script, *map(str, args)], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, encoding="utf-8", timeout=120,
    )  # fmt: skip


needs_torchrun = pytest.mark.skipif(os.name == "nt", reason="Windows의 PyTorch에서는 torchrun이 실행되지 않을 수 있습니다")


@needs_torchrun
def test_two_processes_learn_what_one_learns(whole_run, tiny_data, tmp_path):
    shutil.copy(ROOT / "optimization.py", tmp_path)
    result = run_torchrun(tmp_path, "optimization.py", "--data-dir", tiny_data, "--device", "cpu")
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr and "프로세스 2개가 32개씩" in result.stdout
    assert [result.stdout.count(f"에폭 {e} 끝") for e in (1, 5, 6)] == [1, 1, 0]  # rank 0만 말합니다
    assert "== 8" not in result.stdout and result.stdout.count("7장. 최적화") == 1
    written = {path.name for path in (tmp_path / "outputs").iterdir()}
    assert written == {"optimization_training.png", "optimization_checkpoint.pth", "optimization_model.pth"}

    one, two = whole_run[0] / "outputs", tmp_path / "outputs"
    # 매개변수는 0.01쯤 움직입니다
    assert largest_difference(one / "optimization_model.pth", two / "optimization_model.pth") < 1e-4
    histories = [load(folder / "optimization_checkpoint.pth")["history"] for folder in (one, two)]
    assert np.allclose(*histories, rtol=1e-3, atol=1e-5)


FAILING = """
import os, time
import optimization

def fail(*args):
    raise RuntimeError("rank 1 fails on purpose")

if __name__ == "__main__":
    if os.environ["RANK"] == "1":
        optimization.train = fail
    optimization.main()
"""


@needs_torchrun
def test_nothing_hangs_when_one_process_fails(tiny_data, tmp_path):
    shutil.copy(ROOT / "optimization.py", tmp_path)
    (tmp_path / "failing.py").write_text(FAILING, encoding="utf-8")
    started = time.monotonic()
    result = run_torchrun(tmp_path, "failing.py", "--data-dir", tiny_data, "--epochs", 2, "--device", "cpu")
    assert result.returncode != 0 and "fails on purpose" in result.stderr
    assert time.monotonic() - started < 60
    assert load(tmp_path / "outputs" / "optimization_checkpoint.pth")["epoch"] == 0  # 마친 에폭이 없습니다


def test_two_processes_share_every_batch(chapter, tiny_data):
    FashionMNIST, ToTensor = chapter.datasets.FashionMNIST, chapter.ToTensor
    data = [FashionMNIST(tiny_data, train=train, transform=ToTensor()) for train in (True, False)]

    def batches(rank, world_size):
        loader, test_loader = chapter.make_shared_dataloaders(*data, 64, 0, torch.device("cpu"), rank, world_size)
        loader.sampler.sampler.set_epoch(3)
        assert sum(len(y) for _, y in test_loader) == 60
        return [X for X, _ in loader]

    whole, first, second = batches(0, 1), batches(0, 2), batches(1, 2)
    assert [len(X) for X in whole] == [64, 64, 64, 64, 44] and [len(X) for X in first] == [32, 32, 32, 32, 22]
    order = torch.randperm(300, generator=torch.Generator().manual_seed(3))
    expected = data[0].data[order][:, None] / 255
    assert torch.equal(torch.cat(whole), expected)
    for both, *parts in zip(whole, first, second):
        assert torch.equal(both[0::2], parts[0]) and torch.equal(both[1::2], parts[1])


def test_batch_that_cannot_be_shared_is_refused(chapter, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    monkeypatch.setattr(sys, "argv", ["optimization.py", "--resume", "none.pth"])
    with pytest.raises(SystemExit) as stop:  # torchrun이 시작하지 않았으면 이 변수는 상관없습니다
        chapter.main()
    assert "none.pth" in stop.value.code
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "none")
    monkeypatch.setattr(sys, "argv", ["optimization.py"])
    with pytest.raises(SystemExit) as stop:
        chapter.main()
    assert stop.value.code.startswith("오류:") and "64" in stop.value.code and "3개" in stop.value.code
