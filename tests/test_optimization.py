"""7장: 직접 계산한 단계, 비교 실험, 체크포인트와 이어서 학습하기, torchrun."""

import argparse
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from tools import (
    ROOT,
    assert_clean,
    assert_one_korean_line,
    assert_picture,
    broken_claims,
    load_chapter,
    run_main,
    user_environment,
    write_edited,
    write_tiny_fashion_mnist,
)
from tools import load as load_file
from torch import nn
from torch.utils.data import DataLoader, DistributedSampler, RandomSampler

NAMES = "learning_rates batch_sizes overfitting training valley optimizers weight_decay comparison"
PICTURES = [f"optimization_{name}.png" for name in NAMES.split()]
RELU = "            nn.ReLU(),\n"
DROPOUT = {RELU: f"{RELU}            nn.Dropout(0.2),\n"}
SETTINGS = {"epochs": 6, "batch_size": 32, "learning_rate": 1e-3, "seed": 5, "samples": 300}


@pytest.fixture
def chapter():
    return load_chapter("optimization")


def load(path):
    return torch.load(path, map_location="cpu", weights_only=True)


def has_broken_claim_in(lesson):
    """그 절의 설명만 틀렸는지 확인하는 함수를 반환합니다."""

    def check(run):
        wrong = str(run.code).splitlines()[1:]
        assert wrong and all(line.startswith(f"✗ {lesson}. ") for line in wrong), run.code

    return check


def keeps_the_learning_rate(run):
    assert run.code == 0 and not broken_claims(run.out)
    checkpoint = load(run.module.OUTPUT_DIR / "optimization_checkpoint.pth")
    assert checkpoint["optimizer"]["param_groups"][0]["lr"] == pytest.approx(4e-3)


EXPERIMENTS = [
    (
        {'        self.random_state = checkpoint["random_state"]\n': ""},
        ["--epochs", 1],
        has_broken_claim_in(9),
    ),
    ({"m_hat = m / (1 - beta1**t)": "m_hat = m"}, ["--epochs", 1], has_broken_claim_in(13)),
    (
        {"self.optimizer, 1.0, 0.0": "self.optimizer, 1.0, 1.0"},
        ["--epochs", 2],
        keeps_the_learning_rate,
    ),
]


# ---- 사용자처럼 실행하기 ----


def test_runs_alone(chapter_run):
    folder, result = chapter_run("optimization")
    assert_clean(result)
    outputs = folder / "outputs"
    for name in PICTURES:
        assert_picture(outputs / name)
    files = {*PICTURES, "optimization.html", "optimization_checkpoint.pth"}
    assert {path.name for path in outputs.iterdir()} == {*files, "optimization_model.pth"}
    state = load(outputs / "optimization_model.pth")
    load_chapter("quick_start").NeuralNetwork().load_state_dict(state)


@pytest.mark.parametrize(
    "options", [("--epochs", 0), ("--batch-size", 0), ("--learning-rate", "nan")]
)
def test_bad_option(options, tmp_path, capsys):
    run = run_main(tmp_path, "optimization", *options)
    assert run.code == 2
    assert_one_korean_line(capsys.readouterr().err)


@pytest.mark.full
def test_without_the_last_training(tmp_path, tiny_data):
    """오래 걸리는 마지막 학습을 빼도 끝까지 실행됩니다."""
    line = "    teach(train_to_the_end, training, training_data, test_data, path)\n\n    begin"
    options = ("--data-dir", tiny_data, "--output-dir", tmp_path / "out")
    run = run_main(tmp_path, "optimization", *options, edits={line: "    begin"})
    assert "optimization.html" in run.out.splitlines()[-1]
    assert not (tmp_path / "out" / "optimization_training.png").exists()


@pytest.mark.full
def test_another_seed_without_broken_claims(tmp_path, no_network):
    run = run_main(tmp_path, "optimization", "--seed", 2**32 - 1, "--epochs", 1)
    assert run.code == 0 and not broken_claims(run.out)


# ---- 절의 내용 ----


@pytest.mark.full
def test_reset_after_step_equals_before(chapter):
    w, total, path = 4.0, 0.0, [4.0]
    for _ in range(7):  # 재설정하지 않으면 변화도가 누적됩니다
        total += 2 * w
        w -= 0.1 * total
        path.append(w)
    assert chapter.minimize_square("없음") == pytest.approx(path, abs=1e-5)
    right = [4 * 0.8**step for step in range(8)]
    assert chapter.minimize_square("backward 앞") == pytest.approx(right)


@pytest.mark.full
def test_valley_methods_with_numpy(chapter):
    """골짜기의 변화도 (x - 4, 100 (y - 1))을 NumPy로 다시 계산합니다."""
    start, bottom = np.array([-4.0, 3.0]), np.array([4.0, 1.0])
    steepness = np.array([1.0, 100.0])
    assert chapter.valley(torch.tensor([5.0, 3.0])).item() == 200.5
    path = chapter.minimize(chapter.valley, chapter.VALLEY_START, torch.optim.SGD, 60, lr=0.019)
    factors = (1 - 0.019 * steepness) ** np.arange(61)[:, None]
    assert np.allclose(path, bottom + (start - bottom) * factors, atol=1e-3)

    by_hand = chapter.momentum_by_hand(torch.tensor(start), 0.004, 0.9, steps=20)
    w, v = start, np.zeros(2)
    for step in range(1, 21):
        v = 0.9 * v + steepness * (w - bottom)
        w = w - 0.004 * v
        assert np.allclose(by_hand[step], w, rtol=1e-9)

    by_hand = chapter.adam_by_hand(torch.tensor(start), 0.1, 0.9, 0.99, 1e-3, steps=20)
    w, m, v = start, np.zeros(2), np.zeros(2)
    for step in range(1, 21):
        g = steepness * (w - bottom)
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g**2
        w = w - 0.1 * m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.99**step)) + 1e-3)
        assert np.allclose(by_hand[step], w, rtol=1e-9)


@pytest.mark.full
@pytest.mark.parametrize(
    ("lesson", "old", "new"),
    [
        ("add_momentum", "momentum=0.9, steps=5", "momentum=0.89, steps=5"),
        ("adapt_steps", "eps=1e-8", "eps=1e-3"),
        ("adapt_steps", "beta2=0.999", "beta2=0.99"),
        ("descend_valley", "0.021", "0.0199"),
        ("share_the_work", "rank=rank, shuffle", "rank=0, shuffle"),
    ],
)
def test_claim_notices_another_number(lesson, old, new, tmp_path):
    module = load_file(write_edited(tmp_path, "optimization", {old: new}))
    getattr(module, lesson)()
    assert not all(holds for _, _, holds in module.CLAIMS)


@pytest.mark.full
def test_split(chapter, tiny_data):
    training_data, _ = chapter.load_image_tensors(tiny_data)
    loaders = [chapter.split_datasets(training_data, seed) for seed in (0, 0, 1)]
    train, validation = loaders[0]
    both = [*train.dataset.indices, *validation.dataset.indices]
    assert len(validation.dataset) == 60 and sorted(both) == list(range(300))
    assert isinstance(train.sampler, RandomSampler)
    assert list(train.dataset.indices) == list(loaders[1][0].dataset.indices)
    assert list(train.dataset.indices) != list(loaders[2][0].dataset.indices)


@pytest.mark.full
def test_schedule_of_run_epochs(chapter, tiny_data):
    data = chapter.load_image_tensors(tiny_data)[1]
    loader = DataLoader(data, 30)
    for end_factor in (1.0, 0.0):
        model = chapter.NeuralNetwork()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        history = chapter.run_epochs(model, optimizer, loader, loader, 3, end_factor)
        assert optimizer.param_groups[0]["lr"] == pytest.approx(0.1 * end_factor, abs=1e-9)
        loss, accuracy = chapter.test(loader, model, nn.CrossEntropyLoss())
        assert history[-1]["validation"] == loss and history[-1]["accuracy"] == accuracy
        assert len(history) == 3 and history[2]["train"] < history[0]["train"]


@pytest.mark.full
@pytest.mark.parametrize(("patience", "stop", "best"), [(5, 9, 4), (20, 10, 10), (1, 3, 2)])
def test_patience(chapter, patience, stop, best):
    """검증 손실을 미리 정하고, 멈춘 에폭과 되돌린 에폭을 확인합니다."""
    losses = iter([3.0, 2.0, 2.5, 1.0, 1.5, 1.2, 1.1, 1.0, 1.3, 0.1])
    model = nn.Linear(1, 1)
    epochs = iter(range(1, 11))

    def run_epochs(*args, **options):
        nn.init.constant_(model.bias, next(epochs))
        return [{"train": 0.5, "validation": next(losses)}]

    chapter.run_epochs = run_epochs
    history, epoch = chapter.train_with_patience(model, None, None, None, 10, patience)
    assert (len(history), epoch, model.bias.item()) == (stop, best, best)


@pytest.mark.full
def test_pictures_show_the_numbers(chapter):
    def drawn(axis):
        return {line.get_label(): list(line.get_ydata()) for line in axis.lines}

    rows = [{"train": 3.0, "validation": 2.0, "accuracy": 20.0}]
    rows.append({"train": 1.0, "validation": 4.0, "accuracy": 30.0})
    (axis,) = chapter.draw_results({"lr 1": rows}, "title").axes
    assert drawn(axis) == {"lr 1: 30.0%": [2.0, 3]}

    results = {"a": {"history": rows, "best_epoch": 1}, "b": {"history": rows, "best_epoch": 2}}
    for axis, star in zip(chapter.draw_overfitting(results).axes, ([1, 2.0], [2, 4.0])):
        assert drawn(axis)["train"] == [3.0, 1.0] and drawn(axis)["validation"] == [2.0, 4.0]
        assert axis.lines[2].get_xydata()[0].tolist() == star

    rows = [{"train": 0.5, "test": 0.6, "accuracy": 70.0}]
    losses, accuracies = chapter.draw_training(rows).axes
    assert drawn(losses) == {"train": [0.5], "test": [0.6]}
    assert list(accuracies.lines[0].get_ydata()) == [70.0]

    paths = {name: torch.rand(5, 2) for name in "abcd"}
    axes = chapter.draw_paths(paths).axes
    for axis, (name, path) in zip(axes, paths.items(), strict=True):
        assert axis.get_title().startswith(f"{name}\n")
        assert np.array_equal(axis.lines[0].get_xydata(), path.numpy())

    (axis,) = chapter.draw_accuracies({"a": [1.0, 2.0, 6.0]}).axes
    assert [list(line.get_xdata()) for line in axis.lines] == [[1.0, 2.0, 6.0], [3.0]]


# ---- 마지막 학습 ----


@pytest.mark.full
def test_last_training_is_the_plain_loop(chapter, tiny_data):
    """Training과 스케줄러 없이 다시 작성해도 매개변수가 같습니다."""
    training_data, test_data = chapter.load_image_tensors(tiny_data)
    training = chapter.Training(SETTINGS | {"epochs": 1}, "cpu")
    training.train_epoch(training_data, test_data)

    torch.manual_seed(5)
    model = chapter.NeuralNetwork()
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    for step, (X, y) in enumerate(DataLoader(training_data, 32, shuffle=True)):
        optimizer.param_groups[0]["lr"] = 1e-3 * (1 - step / 10)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(X), y, label_smoothing=0.05).backward()
        optimizer.step()
    for p, q in zip(model.parameters(), training.model.parameters()):
        assert torch.allclose(p, q, atol=1e-6)
    assert training.optimizer.param_groups[0]["lr"] == pytest.approx(0, abs=1e-9)


@pytest.mark.full
def test_reaches_88_5_percent_on_real_data(chapter, real_data):
    training_data, test_data = chapter.load_image_tensors(real_data)
    settings = {"epochs": 8, "batch_size": 512, "learning_rate": 4e-3, "seed": 0}
    training = chapter.Training(settings | {"samples": 60000}, "cpu")
    for _ in range(8):
        training.train_epoch(training_data, test_data)
    assert training.history[-1]["accuracy"] >= 88.5


@pytest.fixture
def checkpoint(tmp_path, tiny_data):
    """6에폭 중 1에폭을 마친 체크포인트입니다. 모델에는 드롭아웃이 있습니다."""
    return start(tmp_path, tiny_data, DROPOUT)


def start(folder, data, edits, settings=SETTINGS):
    run = run_main(folder / "start", "optimization", "--practice", edits=edits)
    training = run.module.Training(settings, "cpu")
    training.train_epoch(*run.module.load_image_tensors(data))
    run.module.save_checkpoint(training, folder / "start.pth")
    return folder / "start.pth"


def resume(folder, data, path, *options, edits=()):
    options = ("--data-dir", data, "--output-dir", folder, "--resume", path, *options)
    return run_main(folder, "optimization", *options, edits=edits)


def assert_same(path, other):
    first, second = load(path), load(other)
    assert first["history"] == second["history"]
    for name, tensor in first["model"].items():
        assert tensor.equal(second["model"][name])
    assert first["random_state"].equal(second["random_state"])


@pytest.mark.full
def test_killed_run_resumes_bit_identical(tmp_path, tiny_data):
    """드롭아웃이 있어도, kill -9로 끝난 학습을 다른 프로세스에서 이어서 한 결과가 같습니다."""
    path = start(tmp_path, tiny_data, DROPOUT, SETTINGS | {"epochs": 60})
    folder = write_edited(tmp_path / "killed", "optimization", DROPOUT).parent
    options = ["--resume", path, "--data-dir", tiny_data]
    command = [sys.executable, "optimization.py", *map(str, options)]
    streams = {"stdout": subprocess.PIPE, "encoding": "utf-8"}
    with subprocess.Popen(command, cwd=folder, env=user_environment(), **streams) as process:
        for line in process.stdout:
            if re.match(r"\s+에폭 5 ", line):
                process.kill()
                break
    half = folder / "outputs" / "optimization_checkpoint.pth"
    assert 4 <= len(load(half)["history"]) < 60
    assert not half.with_name("optimization_model.pth").exists()

    resumed = resume(tmp_path / "resumed", tiny_data, half, edits=DROPOUT)
    straight = resume(tmp_path / "straight", tiny_data, path, edits=DROPOUT)
    assert resumed.code == straight.code == 0
    name = "optimization_checkpoint.pth"
    assert len(load(tmp_path / "resumed" / name)["history"]) == 60
    assert_same(tmp_path / "resumed" / name, tmp_path / "straight" / name)


@pytest.mark.full
def test_finished_checkpoint_is_told(tmp_path, tiny_data, checkpoint):
    first = resume(tmp_path / "first", tiny_data, checkpoint, edits=DROPOUT)
    finished = tmp_path / "first" / "optimization_checkpoint.pth"
    again = resume(tmp_path / "again", tiny_data, finished, "--epochs", 9, edits=DROPOUT)
    assert "이미 끝났" in again.out and "이미 끝났" not in first.out
    for run in (first, again):
        assert run.code == 0 and "--learning-rate" in run.out  # 무시하는 옵션
    assert not (tmp_path / "again" / "optimization_checkpoint.pth").exists()
    models = [load(tmp_path / name / "optimization_model.pth") for name in ("first", "again")]
    assert all(tensor.equal(models[1][name]) for name, tensor in models[0].items())


@pytest.mark.full
def test_checkpoint_of_other_data_is_refused(tmp_path, checkpoint):
    data = write_tiny_fashion_mnist(tmp_path / "data", train=200)
    run = resume(tmp_path / "out", data, checkpoint, edits=DROPOUT)
    assert_one_korean_line(run.code)
    assert "300" in run.code and "200" in run.code


def change(*names_and_value):
    """체크포인트의 값 하나를 바꾸는 함수를 반환합니다. 이름을 차례로 따라 들어갑니다."""
    *parents, last, value = names_and_value

    def damage(path):
        checkpoint = load(path)
        target = checkpoint
        for key in parents:
            target = target[key]
        target[last] = value
        torch.save(checkpoint, path)

    return damage


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


def replace_by_folder(path):
    path.unlink()
    path.mkdir()


DAMAGES = {
    "missing": lambda path: path.unlink(),
    "folder": replace_by_folder,
    "text": lambda path: path.write_text("안녕하세요", encoding="utf-8"),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[:1000000]),
    "flipped byte": flip_a_byte,
    "function": lambda path: torch.save({"settings": os.getcwd}, path),
    "tensor": lambda path: torch.save(torch.zeros(3), path),
    "model only": lambda path: torch.save(load(path)["model"], path),
    "other shape": change("model", "linear_relu_stack.0.weight", torch.zeros(512, 783)),
    "Adam's m of another shape": change("optimizer", "state", 0, "exp_avg", torch.zeros(3)),
    "Adam's m is a list": change("optimizer", "state", 0, "exp_avg", [1.0]),
    "no state": change("optimizer", "state", {}),
    "negative rate": change("optimizer", "param_groups", 0, "lr", -1.0),
    "rate nan": change("optimizer", "param_groups", 0, "lr", float("nan")),
    "no scheduler": change("scheduler", None),
    "scheduler of no steps": change("scheduler", "total_iters", 0),
    "scheduler of another type": change("scheduler", "last_epoch", "3"),
    "history of None": change("history", [None]),
    "history of numbers": change("history", 0, [0.5, 0.5]),
    "no history": change("history", []),
    "history too long": change("history", [{"train": 1.0, "test": 1.0, "accuracy": 1.0}] * 7),
    "random state of zeros": change("random_state", torch.zeros(5056, dtype=torch.uint8)),
    "random state of another length": change("random_state", torch.zeros(3, dtype=torch.uint8)),
    "no settings": change("settings", {}),
    "batch size 0": change("settings", "batch_size", 0),
    "batch size True": change("settings", "batch_size", True),
    "batch size 64.0": change("settings", "batch_size", 64.0),
    "batch size 10**30": change("settings", "batch_size", 10**30),
    "batch size inf": change("settings", "batch_size", float("inf")),
    "epochs as text": change("settings", "epochs", "3"),
    "epochs 2.5": change("settings", "epochs", 2.5),
    "epochs nan": change("settings", "epochs", float("nan")),
    "epochs as list": change("settings", "epochs", [3]),
    "samples 0": change("settings", "samples", 0),
}


@pytest.mark.full
def test_unusable_checkpoint_gets_one_line(tmp_path, tiny_data, capfd):
    good = start(tmp_path, tiny_data, ())
    for name, damage in DAMAGES.items():
        path = tmp_path / "some.pth"
        if path.is_dir():
            path.rmdir()
        path.write_bytes(good.read_bytes())
        damage(path)
        run = resume(tmp_path / "out", tmp_path / "no data", path)
        assert isinstance(run.code, str), name
        assert_one_korean_line(run.code)
        assert str(path) in run.code and run.out == "", name
        assert capfd.readouterr() == ("", ""), name


@pytest.mark.full
@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="/dev/zero가 없습니다")
def test_device_file_is_refused(tmp_path):
    assert_one_korean_line(resume(tmp_path, tmp_path, "/dev/zero").code)


@pytest.mark.full
def test_interrupted_training_keeps_the_last_epoch(chapter, tmp_path, tiny_data):
    training_data, test_data = chapter.load_image_tensors(tiny_data)
    training = chapter.Training(SETTINGS, "cpu")
    path = tmp_path / "checkpoint.pth"
    train = chapter.train

    def interrupted(*args):
        if len(training.history) == 2:
            raise KeyboardInterrupt
        return train(*args)

    chapter.train = interrupted
    with pytest.raises(KeyboardInterrupt):
        chapter.train_to_the_end(training, training_data, test_data, path)
    assert len(load(path)["history"]) == 2
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pth"]


# ---- 여러 프로세스 ----


@pytest.mark.full
@pytest.mark.skipif(os.name == "nt", reason="Windows에서는 torchrun을 사용할 수 없습니다")
def test_torchrun_averages_the_gradients(chapter, tmp_path, tiny_data):
    """두 프로세스의 결과는 두 샘플러의 배치를 이어 붙여 프로세스 하나로 학습한 것과 같습니다."""
    options = ["--data-dir", tiny_data, "--epochs", 2, "--batch-size", 32, "--output-dir", tmp_path]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += [ROOT / "optimization.py", *options, "--learning-rate", 0.001, "--device", "cpu"]
    result = subprocess.run(
        list(map(str, command)),
        cwd=tmp_path,
        env=user_environment(),
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0 and "Traceback" not in result.stderr, result.stderr
    assert len(re.findall("에폭 [12] ", result.stdout)) == 2  # 0번 프로세스만 출력합니다

    training_data, _ = chapter.load_image_tensors(tiny_data)
    X, y = training_data.tensors
    torch.manual_seed(0)
    model = chapter.NeuralNetwork()
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    step = 0
    for epoch in range(2):
        parts = []
        for rank in (0, 1):
            sampler = DistributedSampler(training_data, 2, rank, seed=0)
            sampler.set_epoch(epoch)
            parts.append(list(sampler))
        for i in range(0, 150, 16):
            batch = parts[0][i : i + 16] + parts[1][i : i + 16]
            optimizer.param_groups[0]["lr"] = 1e-3 * (1 - step / 20)
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(X[batch]), y[batch], label_smoothing=0.05).backward()
            optimizer.step()
            step += 1
    state = load(tmp_path / "optimization_model.pth")
    for name, tensor in model.state_dict().items():
        assert torch.allclose(state[name], tensor, atol=2e-4), name


@pytest.mark.full
@pytest.mark.parametrize(("gpus", "backend"), [(1, "gloo"), (2, "nccl")])
def test_backend(gpus, backend, chapter, monkeypatch):
    joined = []

    def init_process_group(*args, **options):
        joined.append((args, options))
        raise InterruptedError

    for name, value in {"LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(chapter.distributed, "init_process_group", init_process_group)
    monkeypatch.setattr("torch.cuda.device_count", lambda: gpus)
    monkeypatch.setattr("torch.cuda.set_device", lambda device: None)
    with pytest.raises(InterruptedError):
        chapter.train_in_processes(argparse.Namespace(device="cuda"))
    options = {"device_id": torch.device("cuda", 1)} if backend == "nccl" else {}
    assert joined == [((backend,), options)]


@pytest.mark.full
def test_torchrun_and_resume_exclude_each_other(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "1")
    run = run_main(tmp_path, "optimization", "--resume", "some.pth")
    assert run.code == 2
    assert_one_korean_line(capsys.readouterr().err)
