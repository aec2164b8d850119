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
    only,
    run_main,
    user_environment,
    write_edited,
    write_tiny_fashion_mnist,
)
from tools import load as load_file
from torch import nn
from torch.utils.data import DistributedSampler, TensorDataset

NAMES = "learning_rates batch_sizes overfitting training valley optimizers weight_decay comparison"
PICTURES = {f"optimization_{name}.png" for name in NAMES.split()}
CHECKPOINT = "optimization_checkpoint.pth"
DROPOUT = {"nn.ReLU(),\n": "nn.ReLU(),\n            nn.Dropout(0.2),\n"}
SETTINGS = {"epochs": 6, "batch_size": 32, "learning_rate": 1e-3, "seed": 5, "samples": 300}
CPU = torch.device("cpu")


def load(path):
    return torch.load(path, map_location="cpu", weights_only=True)


def swings_between_4_and_minus_4(run):
    assert re.findall(r"조정한 w (-?\d\S+)", run.out) == ["-4.000", "4.000"] * 3
    assert len(broken_claims(run.out)) == 1


def more_images_help(run):
    few = run_main(run.module.OUTPUT_DIR, "optimization", edits=only("optimization", "stop_early"))
    losses = [re.search(r"되돌린 뒤  검증 손실 (\S+)", text)[1] for text in (few.out, run.out)]
    assert float(losses[1]) < float(losses[0]) and run.code == 0  # 마지막 학습이 없어도 끝납니다


def only_lesson_9_is_wrong(run):
    assert len(broken_claims(run.out)) == 1 and "✗ 9. " in run.code


def experiment(lesson, old, new, check):
    return {**only("optimization", lesson), old: new}, [], check


LR, RANDOM = (
    "lr=0.1)\n    for c",
    '    torch.set_rng_state(checkpoint["random_state"])\n    resumed',
)
FEW = "few_images = Subset(train_dataloader.dataset, range("
EXPERIMENTS = [
    experiment("take_three_steps", LR, LR.replace("0.1", "1.0"), swings_between_4_and_minus_4),
    experiment("stop_early", FEW + "200", FEW + "1000", more_images_help),
    experiment("resume_exactly", RANDOM, "    resumed", only_lesson_9_is_wrong),
]


@pytest.fixture
def chapter(tmp_path):
    module = load_chapter("optimization")
    module.prepare_outputs(tmp_path)
    return module


def test_runs_alone(chapter_run):
    folder, result = chapter_run("optimization")
    assert_clean(result)
    outputs = folder / "outputs"
    for name in PICTURES:
        assert_picture(outputs / name)
    files = {*PICTURES, "optimization.html", CHECKPOINT, "optimization_model.pth"}
    assert {path.name for path in outputs.iterdir()} == files


def test_bad_options(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("torch.distributed.is_torchelastic_launched", lambda: True)  # torchrun
    for option in ("--epochs=0", "--batch-size=0", "--learning-rate=nan", "--resume=some.pth"):
        run = run_main(tmp_path, "optimization", option)
        assert run.code == 2 and run.out == ""
        assert_one_korean_line(capsys.readouterr().err)


@pytest.mark.full
def test_claims_can_fail(tmp_path, capsys):
    edits = {
        "probabilities[0, 2].log()": "probabilities[0, 1].log()",
        "lr=0.1)\n    for count": "lr=0.2)\n    for count",
        'if place == "step 뒤"': 'if place == "step"',
        "momentum=0.9, steps=5": "momentum=0.89, steps=5",
        "eps=1e-8": "eps=1e-3",
        "0.021": "0.0199",
        "rank=rank, shuffle": "rank=0, shuffle",
    }
    module = load_file(write_edited(tmp_path, "optimization", edits))
    module.prepare_outputs(tmp_path)
    lessons = "measure_loss take_three_steps move_zero_grad add_momentum adapt_steps "
    for lesson in (lessons + "descend_valley share_the_work").split():
        module.CLAIMS.clear()
        getattr(module, lesson)()
        assert not all(holds for _, _, holds in module.CLAIMS), lesson


@pytest.mark.full
def test_lessons_5_and_9_with_another_seed(chapter, capsys):
    """펼쳐 쓴 두 루프의 결과는 train과 test의 결과와 같고, 설명은 다른 시드에서도 맞습니다."""
    training_data, _ = chapter.load_image_tensors(chapter.write_practice_data())
    seed = 2**32 - 1
    train, validation = chapter.split_datasets(training_data, seed)
    images = torch.cat([train.dataset.tensors[0], validation.dataset.tensors[0]])
    assert len(images.flatten(1).unique(dim=0)) == 2000  # 두 데이터가 겹치지 않습니다
    capsys.readouterr()
    chapter.run_both_loops(train, validation, CPU, seed)
    losses = re.findall(r"검증 손실 ([\d.]+)", capsys.readouterr().out)
    torch.manual_seed(seed)
    model = chapter.NeuralNetwork()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    history = chapter.run_epochs(model, optimizer, train, validation, epochs=len(losses))
    assert losses == [f"{row['validation']:.3f}" for row in history]

    chapter.resume_exactly(train, chapter.OUTPUT_DIR / "example.pth", CPU, seed)
    assert len(chapter.CLAIMS) >= 3 and all(holds for _, _, holds in chapter.CLAIMS)


def test_last_training_shuffles_every_epoch(chapter, monkeypatch):
    orders = []

    def train(dataloader, *rest):
        orders.append(torch.cat([y for _, y in dataloader]).tolist())
        return 0.0

    monkeypatch.setattr(chapter, "train", train)
    settings = {"epochs": 2, "batch_size": 10, "learning_rate": 0.1, "seed": 0, "samples": 50}
    training = chapter.Training(settings, CPU)
    data = TensorDataset(torch.zeros(50, 1, 28, 28), torch.arange(50))
    few = TensorDataset(torch.zeros(2, 1, 28, 28), torch.zeros(2, dtype=torch.int64))
    for _ in range(2):
        training.train_epoch(data, few)
    assert [sorted(order) for order in orders] == [list(range(50))] * 2
    assert orders[0] != orders[1] and list(range(50)) not in orders


def test_patience(chapter):
    """검증 손실을 미리 정하고, 멈춘 에폭과 되돌린 에폭을 확인합니다."""
    losses = [3.0, 2.0, 2.5, 1.0, 1.5, 1.2, 1.1, 1.0, 1.3, 0.1]
    model = nn.Linear(1, 1)

    def run_epochs(*args, **options):
        epoch = model.bias.item() + 1
        nn.init.constant_(model.bias, epoch)
        return [{"train": 0.5, "validation": losses[int(epoch) - 1]}]

    chapter.run_epochs = run_epochs
    for patience, stop, best in ((5, 9, 4), (20, 10, 10), (1, 3, 2)):
        nn.init.zeros_(model.bias)
        history, epoch = chapter.train_with_patience(model, None, None, None, 10, patience)
        assert (len(history), epoch, model.bias.item()) == (stop, best, best)


@pytest.mark.full
def test_pictures_show_the_numbers(chapter):
    def drawn(axis):
        return {line.get_label(): list(line.get_ydata()) for line in axis.lines}

    rows = [{"train": 3.0, "validation": 2.0, "test": 5.0, "accuracy": 20.0}]
    rows.append({"train": 1.0, "validation": 4.0, "test": 6.0, "accuracy": 30.0})
    (axis,) = chapter.draw_results({"lr 1": rows}, "title").axes
    assert drawn(axis) == {"lr 1: 30.0%": [2.0, 4.0]} and axis.get_ylim() == (0, 3)
    (axis,) = chapter.draw_overfitting(rows, 1).axes
    assert drawn(axis) == {"train": [3.0, 1.0], "validation": [2.0, 4.0], "restored": [2.0]}
    _, bar = chapter.draw_accuracies({"a": [1.0, 2.0, 6.0]}).axes[0].lines
    assert list(bar.get_xdata()) == [3.0]  # 평균
    paths = {name: torch.rand(5, 2) for name in "abc"}
    for axis, path in zip(chapter.draw_paths(paths).axes, paths.values(), strict=True):
        assert np.array_equal(axis.lines[0].get_xydata(), path.numpy())


def start(folder, data, edits=(), settings=SETTINGS):
    """1에폭을 마친 체크포인트의 경로입니다."""
    module = load_file(write_edited(folder / "start", "optimization", edits))
    training = module.Training(settings, "cpu")
    training.train_epoch(*module.load_image_tensors(data))
    module.save_checkpoint(training, folder / "start.pth")
    return folder / "start.pth"


def resume(folder, data, path, *options, edits=()):
    options = ("--data-dir", data, "--output-dir", folder, "--resume", path, *options)
    return run_main(folder, "optimization", *options, edits=edits)


@pytest.mark.full
def test_killed_run_resumes_bit_identical(tmp_path, tiny_data):
    """드롭아웃이 있어도, kill -9로 끝난 학습을 다른 프로세스에서 이어서 한 결과가 같습니다."""
    path = start(tmp_path, tiny_data, DROPOUT, SETTINGS | {"epochs": 15})
    folder = write_edited(tmp_path / "killed", "optimization", DROPOUT).parent
    command = [sys.executable, "optimization.py", "--resume", path, "--data-dir", tiny_data]
    streams = {"stdout": subprocess.PIPE, "encoding": "utf-8"}
    with subprocess.Popen(command, cwd=folder, env=user_environment(), **streams) as process:
        while not re.match(r"\s+에폭 3 ", process.stdout.readline()):
            assert process.poll() is None
        process.kill()
    half = folder / "outputs" / CHECKPOINT
    assert 2 <= len(load(half)["history"]) < 15

    ends = []
    for name, begin in (("resumed", half), ("straight", path)):
        run = resume(tmp_path / name, tiny_data, begin, edits=DROPOUT)
        assert run.code == 0 and "--learning-rate" in run.out and "이미 끝났" not in run.out
        ends.append(load(tmp_path / name / CHECKPOINT))
    assert len(ends[0]["history"]) == 15 and ends[0]["history"] == ends[1]["history"]
    assert ends[0]["optimizer"]["param_groups"][0]["lr"] < 1e-9
    for name, tensor in ends[0]["model"].items():
        assert tensor.equal(ends[1]["model"][name])

    again = resume(tmp_path / "again", tiny_data, tmp_path / "resumed" / CHECKPOINT, edits=DROPOUT)
    assert again.code == 0 and "이미 끝났" in again.out
    assert not (tmp_path / "again" / CHECKPOINT).exists()


NAN = float("nan")
CHANGES = {
    ("model", "linear_relu_stack.0.weight"): [torch.zeros(512, 783)],
    ("optimizer", "state", 0, "exp_avg"): [torch.zeros(3), [1.0]],
    ("optimizer", "state"): [{}],
    ("optimizer", "param_groups", 0, "lr"): [-1.0, NAN],
    ("scheduler", "total_iters"): [0],
    ("scheduler", "last_epoch"): ["3"],
    ("history",): [[None], [], [{"train": 1.0, "test": 1.0, "accuracy": 1.0}] * 7],
    ("random_state",): [torch.zeros(n, dtype=torch.uint8) for n in (3, 5056)],
    ("settings", "batch_size"): [True, -1, 64.0, 10**30],
    ("settings", "epochs"): ["3", 2.5, NAN, [3]],
    ("settings", "samples"): [0],
}


@pytest.mark.full
def test_unusable_checkpoint_gets_one_line(tmp_path, tiny_data, capfd):
    def refused(path):
        run = resume(tmp_path / "out", tiny_data, path)
        assert_one_korean_line(run.code)
        assert str(path) in run.code and run.out == "" and capfd.readouterr() == ("", "")

    good = start(tmp_path, tiny_data)
    path = tmp_path / "bad.pth"
    for keys, values in CHANGES.items():
        for value in values:
            checkpoint = load(good)
            target = checkpoint
            for key in keys[:-1]:
                target = target[key]
            target[keys[-1]] = value
            torch.save(checkpoint, path)
            refused(path)
    whole = good.read_bytes()
    flipped = whole[:1000000] + bytes([whole[1000000] ^ 255]) + whole[1000001:]
    for content in (b"", "안녕하세요".encode(), whole[:1000000], flipped):
        path.write_bytes(content)
        refused(path)
    torch.save({"settings": os.getcwd}, path)
    for other in (path, tmp_path, tmp_path / "missing.pth", "/dev/zero"):
        refused(other)
    run = resume(tmp_path / "out", write_tiny_fashion_mnist(tmp_path / "data", train=200), good)
    assert_one_korean_line(run.code)
    assert "300" in run.code and "200" in run.code


@pytest.mark.full
@pytest.mark.skipif(os.name == "nt", reason="Windows에서는 torchrun을 사용할 수 없습니다")
def test_torchrun_averages_the_gradients(chapter, tmp_path, tiny_data):
    """두 프로세스의 결과는 두 샘플러의 배치를 이어 붙여 프로세스 하나로 학습한 것과 같습니다."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += [ROOT / "optimization.py", "--data-dir", tiny_data, "--output-dir", tmp_path]
    command += ["--epochs", "2", "--batch-size", "32", "--learning-rate", "0.001"]
    result = subprocess.run(
        [*command, "--device", "cpu"], env=user_environment(), capture_output=True, text=True
    )
    assert result.returncode == 0 and "Traceback" not in result.stderr, result.stderr
    assert len(re.findall("에폭 [12] ", result.stdout)) == 2  # 0번 프로세스만 출력합니다

    training_data, _ = chapter.load_image_tensors(tiny_data)
    X, y = training_data.tensors
    torch.manual_seed(0)
    model = chapter.NeuralNetwork()
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    for step in range(20):
        batch = []
        for rank in (0, 1):
            sampler = DistributedSampler(training_data, 2, rank, seed=0)
            sampler.set_epoch(step // 10)
            batch += list(sampler)[step % 10 * 16 :][:16]
        optimizer.param_groups[0]["lr"] = 1e-3 * (1 - step / 20)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(X[batch]), y[batch], label_smoothing=0.05).backward()
        optimizer.step()
    plain = model.state_dict()
    for name, tensor in load(tmp_path / "optimization_model.pth").items():
        assert torch.allclose(tensor, plain[name], atol=2e-4), name


def test_every_process_gets_a_gpu_of_its_own_or_all_use_the_cpu(chapter, monkeypatch):
    joined = []

    def init_process_group(*args, **options):
        joined.append((args, options))
        raise InterruptedError

    monkeypatch.setenv("LOCAL_RANK", "1")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.setattr(chapter.distributed, "init_process_group", init_process_group)
    monkeypatch.setattr("torch.cuda.set_device", lambda device: None)
    for gpus in (1, 2):
        monkeypatch.setattr("torch.cuda.device_count", lambda gpus=gpus: gpus)
        with pytest.raises(InterruptedError):
            chapter.join_processes(argparse.Namespace(device="cuda"))
    assert joined == [(("gloo",), {}), (("nccl",), {"device_id": torch.device("cuda", 1)})]
