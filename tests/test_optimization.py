"""7장: 직접 계산한 단계, 비교 실험, 체크포인트와 이어서 학습하기, torchrun."""

import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from tools import (
    assert_clean,
    assert_picture,
    broken_claims,
    early,
    edited,
    load_chapter,
    own_warnings,
    run_main,
    user_environment,
    write_tiny_fashion_mnist,
    written_files,
)
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

CPU = torch.device("cpu")
PICTURES = [f"optimization_{name}.png" for name in ("hyperparameters", "optimizers", "overfitting", "training")]
FILES = {*PICTURES, "optimization_checkpoint.pth", "optimization_model.pth"}


@pytest.fixture
def chapter():
    return load_chapter("optimization")


def train_only(monkeypatch, data, folder, *args, **options):
    """절을 건너뛰고 main의 마지막 학습만 실행합니다."""
    options.setdefault("run_lessons", lambda *args: None)
    arguments = ("--data-dir", data, "--output-dir", folder, "--device", "cpu", *args)
    return run_main("optimization", monkeypatch, *arguments, **options)


def load(path):
    return torch.load(path, map_location="cpu", weights_only=True)


def largest_difference(folder, other):
    first, second = (load(path / "optimization_model.pth") for path in (folder, other))
    assert first.keys() == second.keys()
    return max((first[name] - second[name]).abs().max().item() for name in first)


# ---- 사용자처럼 실행하기 ----


def test_runs_alone(run_once):
    folder, result = run_once("optimization")
    assert_clean(result)
    assert written_files(folder) == {f"outputs/{name}" for name in FILES}
    headings = re.findall(r"^== (\d+)\. ", result.stdout, re.MULTILINE)
    assert headings == [str(number) for number in range(1, 14)]
    for name in PICTURES:
        assert_picture(folder / "outputs" / name)
        assert name in result.stdout


def test_numbers_on_screen_are_right(run_once):
    text = run_once("optimization")[1].stdout
    for logits, digits in (([9.0, 0.0, 0.0], "0.0002"), (np.exp([9.0, 0, 0]) / np.exp([9.0, 0, 0]).sum(), "0.5516")):
        assert f"{-np.log(np.exp(logits[0]) / np.exp(logits).sum()):.4f}" == digits and f"tensor({digits})" in text
    assert f"tensor({(0.5**2 + 1) / 3:.4f})" in text
    w, total, path = 4.0, 0.0, []
    for _ in range(8):  # 재설정하지 않으면 변화도가 누적됩니다
        path.append(f"{w:.3f}")
        total += 2 * w
        w -= 0.1 * total
    assert " ".join(path) in text and " ".join(f"{4 * 0.8**k:.3f}" for k in range(8)) in text
    differences = re.findall(r"abs\(\)\.max\(\)\.item\(\) = ([\d.]+)", text)
    assert float(differences[0]) == 0 < float(differences[1])


def test_final_training_is_the_plain_loop(run_once, chapter):
    """Learner와 스케줄러 없이 다시 작성해도 매개변수가 같습니다."""
    folder, _ = run_once("optimization")
    data = chapter.datasets.FashionMNIST(folder / "data")
    torch.manual_seed(0)
    model, step = chapter.NeuralNetwork(), 0
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    shuffled = TensorDataset(data.data[:, None] / 255, data.targets)
    loader = DataLoader(shuffled, 256, shuffle=True, generator=torch.Generator().manual_seed(0))
    for _ in range(5):
        for X, y in loader:
            optimizer.param_groups[0]["lr"] = 4e-3 * (1 - step / 10)
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(X), y, label_smoothing=0.05).backward()
            optimizer.step()
            step += 1
    saved = load(folder / "outputs" / "optimization_model.pth")
    assert step == 10 and all(torch.allclose(saved[name], p, atol=1e-5) for name, p in model.state_dict().items())
    history = load(folder / "outputs" / "optimization_checkpoint.pth")["history"]
    assert [row[3] for row in history] == pytest.approx([4e-3 * k / 5 for k in (4, 3, 2, 1, 0)], abs=1e-9)


def test_same_seed_same_parameters(run_once, tiny_data, tmp_path, monkeypatch):
    """마지막 학습의 결과는 앞에서 실행한 절과 관계없이 시드로 정해집니다."""
    train_only(monkeypatch, tiny_data, tmp_path / "again")
    assert largest_difference(run_once("optimization")[0] / "outputs", tmp_path / "again") == 0
    train_only(monkeypatch, tiny_data, tmp_path / "other", "--seed", 1)
    assert largest_difference(tmp_path / "again", tmp_path / "other") > 0


def test_practice_data_is_told_at_the_start_and_the_end(tmp_path, no_network, monkeypatch, capsys):
    train_only(monkeypatch, tmp_path / "data", tmp_path / "outputs", "--epochs", 1, STALL_SECONDS=0.5)
    output = capsys.readouterr().out
    told = [match.start() for match in re.finditer("github.com/zalandoresearch", output)]
    assert told[0] < output.index("== 13.") < told[-1] and "'samples'" not in output


def test_reaches_88_percent_on_real_data(tmp_path, real_data, monkeypatch, capsys):
    train_only(monkeypatch, real_data, tmp_path)
    assert load(tmp_path / "optimization_checkpoint.pth")["history"][-1][2] > 88.5
    assert not broken_claims(capsys.readouterr().out)


# ---- 절의 내용 ----


def test_three_steps_by_hand_against_numpy(chapter):
    """기울기가 (x - 4, 100 (y - 1))인 골짜기를 NumPy로 다시 계산합니다."""
    start, bottom, steepness = np.array([-4.0, 3.0]), np.array([4.0, 1.0]), np.array([1.0, 100.0])
    w, v = start, np.zeros(2)
    for _ in range(60):
        v = 0.9 * v + steepness * (w - bottom)
        w = w - 0.004 * v
    paths = chapter.descend_valley()
    assert np.allclose(paths["SGD + momentum"][-1].numpy(), w, atol=1e-3)
    factors = (1 - 0.019 * steepness) ** np.arange(61)[:, None]
    assert np.allclose(paths["SGD"].numpy(), bottom + (start - bottom) * factors, atol=1e-3)
    heights = {name: (steepness * (path[-1].numpy() - bottom) ** 2).sum() / 2 for name, path in paths.items()}
    assert heights["SGD"] > 3 and max(heights["SGD + momentum"], heights["Adam"]) < 0.2
    assert all(path.shape == (61, 2) and np.array_equal(path[0], start) for path in paths.values())


@pytest.mark.parametrize("name, lesson", [("SGD", "step_sgd_by_hand"), ("AdamW", "step_adam_by_hand")])
def test_lessons_by_hand_notice_another_rule(chapter, name, lesson, monkeypatch, capsys):
    getattr(chapter, lesson)()
    assert not broken_claims(capsys.readouterr().out)
    real = getattr(torch.optim, name)
    monkeypatch.setattr(torch.optim, name, lambda p, lr, **options: real(p, lr=1.01 * lr, **options))
    getattr(chapter, lesson)()
    assert len(broken_claims(capsys.readouterr().out)) == 2


def easy_data(n, seed=0):
    """한 줄이 밝은 쉬운 이미지 n개와 정답입니다."""
    y = torch.arange(n) % 10
    X = 0.2 * torch.rand(n, 1, 28, 28, generator=torch.Generator().manual_seed(seed))
    X[torch.arange(n), 0, 2 * y + 4] = 1
    return TensorDataset(X, y)


def easy_dataloaders(n=200):
    return DataLoader(easy_data(n), 64, shuffle=True), DataLoader(easy_data(50, seed=1), 1000)


def test_experiments_start_from_the_same_model_and_order(chapter):
    """학습률이 0이면 모든 실험의 손실이 같습니다."""
    experiments = {str(i): (32, 1.0, torch.optim.SGD, {"lr": 0.0}) for i in range(2)}
    first, second = chapter.compare(experiments, easy_dataloaders(), CPU, 3).values()
    other, _ = chapter.compare(experiments, easy_dataloaders(), CPU, 4).values()
    assert first == second != other and len(first) == 3 and first[0][1:] == first[2][1:]


def test_hyperparameters_are_compared(chapter, capsys):
    rates, sizes = chapter.compare_hyperparameters(easy_dataloaders(), CPU, 0)
    losses = {name: history[-1][0] for name, history in rates.items()}
    assert losses["lr 0.1"] < losses["lr 0.01"] < losses["lr 0.001"] and not losses["lr 10.0"] < 2
    assert sizes["batch 16, lr 0.1"][-1][0] < sizes["batch 256, lr 0.1"][-1][0]
    updates = re.findall(r"lr [\d.]+ +(\d+)", capsys.readouterr().out)
    assert updates == ["4"] * 5 + ["13", "4", "1", "1"]


def test_linear_schedule_ends_at_zero(chapter):
    results = chapter.compare_optimizers(easy_dataloaders(), CPU, 0)
    rates = {name: [row[3] for row in history] for name, history in results.items()}
    assert rates["Adam, constant"] == pytest.approx([4e-3] * 3)
    assert rates["Adam, linear to 0"] == pytest.approx([4e-3 * 2 / 3, 4e-3 / 3, 0], abs=1e-9)
    assert rates["SGD"] == pytest.approx([0.3] * 3)


def test_early_stopping_waits_and_goes_back(chapter, capsys):
    """검증 손실을 미리 정하고, 중단한 에폭과 복원한 에폭을 확인합니다."""
    losses = [3.0, 2.0, 2.5, 1.0, 1.5, 1.2, 1.1, 1.0, 1.3, 0.1] + [4.0] * 15
    models = []

    def run_epochs(model, optimizer, dataloaders, epochs):
        if not any(model is other for other in models):
            models.append(model)
            model.epoch = 0
        model.epoch += 1
        nn.init.constant_(model.linear_relu_stack[4].bias, model.epoch)
        return [(0.5, losses[model.epoch - 1], 50.0, 0.1)]

    chapter.run_epochs = run_epochs
    results = list(chapter.overfit_small_data(easy_dataloaders(20), CPU, 0).values())
    assert [len(history) for history in results] == [20, 20, 9]
    assert [model.linear_relu_stack[4].bias[0].item() for model in models] == [10, 10, 4]
    assert re.findall(r"= \((\d+), ", capsys.readouterr().out) == ["10", "10", "4"]


def test_validation_is_a_part_of_the_training_data_only(chapter, tiny_data):
    training_data, test_data = chapter.load_data(tiny_data)
    train_dataloader, validation_dataloader = chapter.split_datasets(training_data, test_data, 0)
    experiment, validation = train_dataloader.dataset, validation_dataloader.dataset
    assert (len(experiment), len(validation)) == (240, 60)
    assert sorted([*experiment.indices, *validation.indices]) == list(range(300))
    assert torch.equal(validation[0][0], training_data[validation.indices[0]][0])
    again, other = (chapter.split_datasets(training_data, test_data, seed)[1].dataset for seed in (0, 1))
    assert again.indices == validation.indices != other.indices


def test_pictures_show_the_numbers(chapter):
    def drawn(axis):
        return {line.get_label(): list(line.get_ydata()) for line in axis.lines}

    losses, accuracies = chapter.draw_training([(0.5, 0.6, 70.0, 0.03), (0.3, 0.4, 80.0, 0.01)]).axes
    assert drawn(losses) == {"train": [0.5, 0.3], "test": [0.6, 0.4]}
    assert list(accuracies.lines[0].get_ydata()) == [70.0, 80.0]

    nan = float("nan")
    rates = {"lr 1": [(9.0, 2.0, 20.0, 1.0), (9.0, 5.0, 30.0, 1.0)], "lr 9": [(nan, nan, 10.0, 9.0)] * 2}
    left, right = chapter.draw_hyperparameters(rates, {"batch 1": [(9.0, 1.5, 40.0, 1.0)]}).axes
    assert drawn(left)["lr 1 (30.0%)"] == [2.0, 4] and "lr 9 (diverged: nan)" in drawn(left)
    assert drawn(right) == {"batch 1 (40.0%)": [1.5]}

    (axis,) = chapter.draw_overfitting({"a": [(3.0, 2.0, 0, 0), (1.0, 4.0, 0, 0)]}).axes
    assert list(drawn(axis).values()) == [[3.0, 1.0], [2.0, 4.0], [2.0]]

    paths = {name: torch.rand(61, 2) for name in ("a", "b", "c", "d")}
    axes = [axis for axis in chapter.draw_optimizers(paths, rates).axes if "60 steps" in axis.get_title()]
    for axis, (name, path) in zip(axes, paths.items()):
        assert axis.get_title().startswith(name) and np.array_equal(axis.lines[0].get_xydata(), path.numpy())


# ---- 학습자가 변경해 볼 만한 코드 ----

RELU = "            nn.ReLU(),\n"
TO_TENSOR = "transform=ToTensor()"
LEARNER_ADAM = 'torch.optim.Adam(self.model.parameters(), lr=settings["learning_rate"], fused=True)'
LEARNER_LOADER = 'DataLoader(dataset, self.settings["batch_size"], shuffle=True, generator=self.order'
SHORT = {"(0.0, 20), (0.1, 20), (0.0, 5)": "(0.0, 2), (0.1, 2)", "min(3000,": "min(60,"}  # 실험을 짧게 줄입니다
DROPOUT = {RELU: f"{RELU}            nn.Dropout(0.2),\n"}
EDITS = {
    "dropout": DROPOUT,
    "another layer": {
        "nn.Linear(512, 10),": "nn.Linear(512, 64),\n            nn.ReLU(),\n            nn.Linear(64, 10),"
    },
    "batch norm": {RELU: f"            nn.BatchNorm1d(512),\n{RELU}"},
    "Normalize": {
        "transforms import ToTensor\n": "transforms import ToTensor, v2\n",
        TO_TENSOR: "transform=v2.Compose([ToTensor(), v2.Normalize([0.286], [0.353])])",
    },
    "one-hot labels": {TO_TENSOR: "transform=ToTensor(), target_transform=lambda y: torch.eye(10)[y]"},
    "shuffled validation": {"batch_size=1000)\n\n\nclass": "batch_size=7, shuffle=True)\n\n\nclass"},
    "other numbers": {
        "dataloaders[1]), 3, end_factor)": "dataloaders[1]), 1, end_factor)",
        "0.001, 0.01, 0.1, 1.0, 10.0": "1e-9, 1e9",
        "lr=0.002": "lr=1e30",
        "range(min(500,": "range(min(10,",
    },
}
TRAINING_EDITS = {
    "SGD with momentum": {LEARNER_ADAM: "torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9)"},
    "drop_last": {LEARNER_LOADER: f"{LEARNER_LOADER}, drop_last=True"},
    "two workers": {LEARNER_LOADER: f"{LEARNER_LOADER}, num_workers=2"},
    "constant rate": {"self.optimizer, 1.0, 0.0": "self.optimizer, 1.0, 1.0"},
    "Softmax": {"nn.Linear(512, 10),": "nn.Linear(512, 10),\n            nn.Softmax(dim=1),"},
    "width 64": {"512": "64"},
}
LESSON_EDITS = {
    "another bowl": {
        "(0.01, 0.3, 0.95, 1.1)": "(0.5, 1.0, 2.0)",
        "lambda w: w**2, torch.tensor(1.0), 8": "lambda w: (w**2).sum(), torch.tensor(3.0), 12",
    },
    "another valley": {"[1.0, 100.0]": "[1.0, 150.0]", "lr=0.019": "lr=0.013", "lr=0.004": "lr=0.003"},
    "SGD diverges": {"lr=0.019": "lr=0.021"},
    "200 steps, large Adam": {", 60, ": ", 200, ", "Adam, lr=1.0": "Adam, lr=2.0"},
    "other hand values": {"steps = 0.004, 3": "steps = 0.01, 5", "0.1, 0.9, 0.999, 3": "0.3, 0.5, 0.9, 5"},
    "more steps": {
        "range(7)": "range(30)",
        "lr=0.1), [w.item()]": "lr=0.2), [w.item()]",
        "loss = w**2\n": "loss = (w - 1) ** 2\n",
    },
    "other losses": {"[2.5, 0.0, 2.0]": "[9.0, 9.0, 9.0]", "[[9.0, 0.0, 0.0]]": "[[1.0, 2.0, 3.0]]"},
}


def assert_right_end(folder, output):
    """모든 설명이 성립하고, 출력된 마지막 정확도가 기록과 같습니다."""
    accuracy = load(folder / "optimization_checkpoint.pth")["history"][-1][2]
    assert not broken_claims(output) and re.findall(r" ([\d.]+)%\n", output)[-1] == f"{accuracy:.1f}"


@pytest.mark.parametrize("edit", EDITS)
def test_edit_of_a_learner_holds(edit, tmp_path, tiny_data, monkeypatch, capsys, recwarn):
    options = ("--data-dir", tiny_data, "--output-dir", tmp_path, "--epochs", 2, "--batch-size", 90)
    run_main("optimization", monkeypatch, *options, edits=SHORT | EDITS[edit])
    output, error = capsys.readouterr()
    assert_right_end(tmp_path, output)
    assert error == "" and not own_warnings(recwarn) and {path.name for path in tmp_path.iterdir()} == FILES


@pytest.mark.parametrize("edit", TRAINING_EDITS)
def test_edit_of_the_last_training_holds(edit, tmp_path, tiny_data, monkeypatch, capsys, recwarn):
    """변경한 학습도 이어서 할 수 있습니다."""
    edits = TRAINING_EDITS[edit]
    train_only(monkeypatch, tiny_data, tmp_path, "--epochs", 2, "--batch-size", 90, edits=edits)
    train_only(monkeypatch, tiny_data, tmp_path, "--resume", tmp_path / "optimization_checkpoint.pth", edits=edits)
    assert_right_end(tmp_path, capsys.readouterr().out)
    assert not own_warnings(recwarn)


@pytest.mark.parametrize("edit", LESSON_EDITS)
def test_edit_of_a_lesson_holds(edit, capsys):
    chapter = load_chapter("optimization", LESSON_EDITS[edit])
    chapter.compare = lambda *args: {}
    chapter.compare_hyperparameters(None, CPU, 0)
    for lesson in ("measure_loss", "take_three_steps", "step_sgd_by_hand", "step_adam_by_hand", "descend_valley"):
        getattr(chapter, lesson)()
    assert not broken_claims(capsys.readouterr().out)


@pytest.mark.parametrize("options", [("--batch-size", 1000), ("--learning-rate", 1000), ("--batch-size", 7)])
def test_option_of_a_learner(options, tmp_path, tiny_data, monkeypatch, capsys, recwarn):
    train_only(monkeypatch, tiny_data, tmp_path, "--epochs", 3, *options)
    assert not broken_claims(capsys.readouterr().out) and not own_warnings(recwarn)


def test_many_seeds_hold(tmp_path, tiny_data, monkeypatch, capsys):
    for seed in (17, 2**32 - 1):
        options = ("--seed", seed, "--epochs", 1, "--data-dir", tiny_data, "--output-dir", tmp_path)
        run_main("optimization", monkeypatch, *options, edits=SHORT)
    assert not broken_claims(capsys.readouterr().out)


# ---- 체크포인트와 이어서 학습하기 ----


SKIP_LESSONS = """
import optimization

optimization.run_lessons = lambda *args: None
optimization.STALL_SECONDS = 0.5
if __name__ == "__main__":
    optimization.main()
"""


def write_scripts(folder, edits=()):
    (folder / "optimization.py").write_text(edited("optimization", edits), encoding="utf-8")
    (folder / "train_only.py").write_text(SKIP_LESSONS, encoding="utf-8")


TRAINING = ("--epochs", 40, "--batch-size", 32, "--learning-rate", 0.001, "--seed", 5)


@early("test_killed_run_resumes_bit_identical_with_no_other_option")
def kill_training(folder, tiny_data):
    write_scripts(folder, DROPOUT)
    command = [sys.executable, "train_only.py", *TRAINING, "--data-dir", tiny_data, "--output-dir", "out put"]
    with subprocess.Popen(
        list(map(str, command)), cwd=folder, env=user_environment(), stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        epochs = (line for line in process.stdout if re.search(r"\d\.\d{4}, .*%$", line))
        for _ in range(3):
            next(epochs)
        process.kill()


def test_killed_run_resumes_bit_identical_with_no_other_option(started_early, tiny_data, monkeypatch, capsys):
    """드롭아웃을 추가해도, 강제로 종료한 학습을 다른 프로세스에서 이어서 하면 결과가 같습니다."""
    tmp_path, _ = started_early(kill_training)
    checkpoint = tmp_path / "out put" / "optimization_checkpoint.pth"
    done = load(checkpoint)["epoch"]
    assert 3 <= done < 40 and not checkpoint.with_name("optimization_model.pth").exists()

    train_only(monkeypatch, tiny_data, tmp_path / "resumed", "--resume", checkpoint, edits=DROPOUT)
    output = capsys.readouterr().out
    assert re.findall(r"^\S+ (\d+)$", output, re.MULTILINE) == [str(epoch) for epoch in range(done + 1, 41)]
    train_only(monkeypatch, tiny_data, tmp_path / "straight", *TRAINING, edits=DROPOUT)
    assert largest_difference(tmp_path / "straight", tmp_path / "resumed") == 0
    whole, parts = (load(tmp_path / name / "optimization_checkpoint.pth") for name in ("straight", "resumed"))
    assert whole["history"] == parts["history"] and whole["settings"] == parts["settings"]
    assert torch.equal(whole["random_state"], parts["random_state"]) and torch.equal(whole["order"], parts["order"])


def test_printed_command_resumes(run_once):
    """화면에 출력된 명령에는 실행할 때 사용한 옵션과 --resume이 들어 있습니다."""
    _, result = run_once("optimization")
    command = re.findall(r"^    python (.+)$", result.stdout, re.MULTILINE)
    assert len(command) == 1 and re.fullmatch(
        r'optimization\.py --resume "?.*optimization_checkpoint\.pth"?', command[0]
    )


def test_checkpoint_is_written_before_and_after_every_epoch(tiny_data, tmp_path, monkeypatch):
    """학습 중에 중단해도 완료한 에폭까지 남습니다."""
    train, done = load_chapter("optimization").train, []

    def interrupted(*args):
        done.append(load(tmp_path / "optimization_checkpoint.pth")["epoch"])
        if len(done) == 3:
            raise KeyboardInterrupt
        return train(*args)

    with pytest.raises(KeyboardInterrupt):
        train_only(monkeypatch, tiny_data, tmp_path, train=interrupted)
    assert done == [0, 1, 2] and [path.name for path in tmp_path.iterdir()] == ["optimization_checkpoint.pth"]
    names = {"model", "optimizer", "scheduler", "epoch", "history", "settings", "order", "random_state"}
    assert load(tmp_path / "optimization_checkpoint.pth").keys() == names


def test_finished_checkpoint_trains_no_more(run_once, tiny_data, tmp_path, monkeypatch, capsys):
    finished = run_once("optimization")[0] / "outputs"
    other = ("--epochs", 9, "--seed", 9)  # 설정은 체크포인트의 것을 사용합니다
    train_only(monkeypatch, tiny_data, tmp_path, "--resume", finished / "optimization_checkpoint.pth", *other)
    assert not re.findall(r"^\S+ \d+$", capsys.readouterr().out, re.MULTILINE)
    assert largest_difference(tmp_path, finished) == 0


def change_state(change):
    def damage(path):
        checkpoint = load(path)
        torch.save(change(checkpoint) or checkpoint, path)

    return damage


def flip_a_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


def sgd_state(checkpoint):
    parameters = list(load_chapter("optimization").NeuralNetwork().parameters())
    checkpoint["optimizer"] = torch.optim.SGD(parameters, lr=0.1, momentum=0.9).state_dict()


def replace_by_folder(path):
    path.unlink()
    path.mkdir()


DAMAGES = {
    "missing": lambda path: path.unlink(),
    "folder": replace_by_folder,
    "text": lambda path: path.write_text("안녕하세요", encoding="utf-8"),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "flipped byte": flip_a_byte,
    "function": lambda path: torch.save({"settings": os.getcwd}, path),
    "tensor": lambda path: torch.save(torch.zeros(3), path),
    "model only": change_state(lambda c: c["model"]),
    "other shape": change_state(lambda c: c["model"].update({"linear_relu_stack.0.weight": torch.zeros(512, 783)})),
    "no scheduler": change_state(lambda c: {k: v for k, v in c.items() if k != "scheduler"}),
    "other epoch": change_state(lambda c: c.update(epoch=7)),
    "shorter history": change_state(lambda c: c.update(history=c["history"][:-1])),
    "settings": change_state(lambda c: c["settings"].update(batch_size=0)),
    "SGD state": change_state(sgd_state),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_unusable_checkpoint_gets_one_line_and_is_kept(damage, run_once, tmp_path, monkeypatch, capsys):
    path = tmp_path / "some.pth"
    shutil.copy(run_once("optimization")[0] / "outputs" / "optimization_checkpoint.pth", path)
    DAMAGES[damage](path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(SystemExit) as stop:
        train_only(monkeypatch, tmp_path / "no data", tmp_path / "out", "--resume", path)
    message = stop.value.code
    assert isinstance(message, str) and len(message.splitlines()) == 1 and re.search("[가-힣]", message)
    assert str(path) in message and capsys.readouterr() == ("", "")
    assert (path.read_bytes() if path.is_file() else None) == before
    assert not (tmp_path / "out").exists() and not (tmp_path / "no data").exists()


def test_checkpoint_of_other_data_is_refused(run_once, tmp_path, monkeypatch, capsys):
    data = write_tiny_fashion_mnist(tmp_path / "data", train=200)
    path = run_once("optimization")[0] / "outputs" / "optimization_checkpoint.pth"
    with pytest.raises(SystemExit) as stop:
        train_only(monkeypatch, data, tmp_path / "out", "--resume", path)
    assert "300" in stop.value.code and len(stop.value.code.splitlines()) == 1
    assert not list((tmp_path / "out").iterdir())


# ---- 여러 프로세스 ----


DOUBLE = {
    "NeuralNetwork().to(device)": "NeuralNetwork().to(device, torch.float64)",
    "transform=ToTensor()": "transform=lambda image: ToTensor()(image).double()",
}


@early("test_two_processes_learn_what_one_learns")
def train_in_two_processes(folder, tiny_data):
    write_scripts(folder, DOUBLE)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "train_only.py"]
    return subprocess.run(
        [*command, "--epochs", "1", "--device", "cpu", "--output-dir", "two"],
        cwd=folder,
        env=user_environment(TMPDIR=str(folder / "temporary")),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )


@pytest.mark.skipif(os.name == "nt", reason="Windows의 PyTorch에서는 torchrun을 사용할 수 없습니다")
def test_two_processes_learn_what_one_learns(started_early, no_network, monkeypatch):
    """rank 0이 만든 연습용 데이터를 함께 사용하고, 결과는 프로세스 하나로 학습한 것과 같습니다.

    float32에서는 Adam이 반올림 오차를 증폭하므로 float64로 비교합니다. 학습률과 배치 크기는 기본값입니다.
    """
    tmp_path, result = started_early(train_in_two_processes)
    assert result.returncode == 0 and "Traceback" not in result.stderr, result.stderr
    assert re.findall(r"^== (\d+)\.", result.stdout, re.MULTILINE) == ["13"]  # rank 0만 출력합니다
    assert re.findall(r"^\S+ (\d+)$", result.stdout, re.MULTILINE) == ["1"]
    assert "torchrun --standalone --nproc-per-node 2 train_only.py" in result.stdout
    assert {path.name for path in (tmp_path / "two").iterdir()} == FILES - set(PICTURES[:3])

    train_only(monkeypatch, tmp_path / "data", tmp_path / "one", "--epochs", 1, edits=DOUBLE, STALL_SECONDS=0.5)
    one, two = (load(tmp_path / name / "optimization_checkpoint.pth") for name in ("one", "two"))
    assert np.allclose(one["history"], two["history"], rtol=0, atol=1e-9) and two["settings"] == one["settings"]
    assert largest_difference(tmp_path / "one", tmp_path / "two") < 1e-9


def test_processes_share_every_batch(chapter, monkeypatch):
    """배치 크기가 프로세스 수로 나누어떨어지지 않아도 모든 샘플을 사용하고, 빈 배치는 없습니다."""
    data, seen = TensorDataset(torch.arange(9), torch.zeros(9)), {}
    monkeypatch.setattr(chapter.distributed, "all_gather_object", lambda values, value: values.__setitem__(1, value))
    for rank in (0, 1):
        chapter.rank_and_size = lambda rank=rank: (rank, 2)
        chapter.train = lambda dataloader, rank=rank: seen.update({rank: [X.tolist() for X, _ in dataloader]}) or 4.0
        assert chapter.train_together(DataLoader(data, 4)) == 4.0
    assert seen == {0: [[0, 2], [4, 6], [8]], 1: [[1, 3], [5, 7], [8]]}


@pytest.mark.parametrize("gpus, backend, device", [(1, "gloo", "cpu"), (2, "nccl", "cuda:1")])
def test_more_processes_than_gpus_is_told(gpus, backend, device, chapter, monkeypatch, capsys):
    joined = []
    for name, value in {"RANK": "0", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(chapter.distributed, "is_torchelastic_launched", lambda: True)
    monkeypatch.setattr(chapter.distributed, "is_nccl_available", lambda: True)
    monkeypatch.setattr(
        chapter.distributed, "init_process_group", lambda *args, **options: joined.append((args, options))
    )
    monkeypatch.setattr("torch.cuda.device_count", lambda: gpus)
    monkeypatch.setattr("torch.cuda.set_device", lambda device: None)
    assert chapter.join_processes(torch.device("cuda")) == torch.device(device)
    output = capsys.readouterr().out
    assert joined == [((backend,), {"device_id": torch.device(device)} if backend == "nccl" else {})]
    assert len(output.splitlines()) == (gpus == 1) and (gpus == 2 or ("1" in output and "2" in output))


def test_without_torchrun_nothing_is_joined(chapter, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert chapter.join_processes(CPU) == CPU and chapter.rank_and_size() == (0, 1)
