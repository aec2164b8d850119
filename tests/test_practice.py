"""연습 문제: 정답은 ✓, 흔한 오답은 ✗, 배포한 파일은 모두 □입니다. 정답은 이 파일에만 있습니다."""

import copy
import re
import textwrap

import pytest
from tools import CHAPTERS, load_chapter

QUICK_START = {
    "top2_accuracy": [
        """
        return (logits.topk(2, dim=1).indices == y[:, None]).any(dim=1).double().mean()
        """,
        """
        return (logits.argmax(dim=1) == y).double().mean()
        """,
        """
        return (logits.topk(2, dim=1).indices == y[:, None]).double().mean()
        """,
    ],
    "accuracy_of_class": [
        """
        chosen = predictions[y == k]
        return (chosen == k).double().mean().item() if len(chosen) else 0.0
        """,
        """
        return (predictions[y == k] == k).double().mean()
        """,
        """
        return (y[predictions == k] == k).double().mean().nan_to_num()
        """,
    ],
    "most_confident_mistake": [
        """
        confidence, prediction = probabilities.max(dim=1)
        confidence[prediction == y] = 0
        return confidence.argmax() if confidence.any() else -1
        """,
        """
        confidence, prediction = probabilities.max(dim=1)
        return confidence.argmax()
        """,
        """
        confidence, prediction = probabilities.max(dim=1)
        confidence[prediction == y] = 0
        return confidence.argmax()
        """,
    ],
    "train_one_step": [
        """
        optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(X), y).backward()
        optimizer.step()
        return model.weight
        """,
        """
        optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
        nn.functional.cross_entropy(model(X), y).backward()
        return model.weight
        """,
        """
        optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
        nn.functional.cross_entropy(model(X).softmax(dim=1), y).backward()
        optimizer.step()
        return model.weight
        """,
    ],
}
TENSOR = {
    "outer_product": [
        """
        return a[:, None] * b
        """,
        """
        return a * b
        """,
        """
        return b[:, None] * a
        """,
    ],
    "one_hot": [
        """
        return (labels[:, None] == torch.arange(num_classes)).float()
        """,
        """
        return labels == torch.arange(num_classes)
        """,
        """
        return (labels[:, None] == torch.arange(1, num_classes + 1)).float()
        """,
    ],
    "cumulative_sum": [
        """
        return torch.ones(len(x), len(x)).tril() @ x
        """,
        """
        return torch.ones(len(x), len(x)).triu() @ x
        """,
        """
        return torch.ones(len(x), len(x)).tril(-1) @ x
        """,
    ],
    "pairwise_distances": [
        """
        return ((a[:, None, :] - b) ** 2).sum(dim=2).sqrt()
        """,
        """
        return ((a - b) ** 2).sum(dim=1).sqrt()
        """,
        """
        return ((a[:, None, :] - b) ** 2).sum(dim=2)
        """,
    ],
}
DATA_TUTORIAL = {
    "balanced_weights": [
        """
        weights = 1 / labels.bincount()[labels]
        return weights / weights.sum()
        """,
        """
        weights = 1 / labels.bincount()[labels]
        return weights
        """,
        """
        return torch.ones(len(labels)) / len(labels)
        """,
        """
        return 1 / labels.bincount()
        """,
    ],
    "pair_dataset": [
        """
        class Pairs(Dataset):
            def __init__(self, a, b):
                self.a, self.b = a, b
            def __len__(self):
                return min(len(self.a), len(self.b))
            def __getitem__(self, i):
                return self.a[i], self.b[i]
        return Pairs(a, b)
        """,
        """
        class Pairs(Dataset):
            def __len__(self):
                return len(a)
            def __getitem__(self, i):
                return a[i], b[i]
        return Pairs()
        """,
        """
        return list(zip(a, b))
        """,
        """
        return TensorDataset(a, b)
        """,
    ],
    "pad_left": [
        """
        longest = max(len(x) for x in samples)
        return torch.stack([nn.functional.pad(x, (longest - len(x), 0)) for x in samples])
        """,
        """
        return pad_sequence(samples, batch_first=True)
        """,
        """
        return torch.stack(samples)
        """,
        """
        longest = len(samples[0])
        return torch.stack([nn.functional.pad(x, (longest - len(x), 0)) for x in samples])
        """,
    ],
    "validation_indices": [
        """
        chosen = [(labels == k).nonzero()[:n, 0] for k in labels.unique()]
        return torch.cat(chosen).sort().values
        """,
        """
        chosen = [(labels == k).nonzero()[:n, 0] for k in labels.unique()]
        return torch.cat(chosen)
        """,
        """
        return torch.arange(n * len(labels.unique()))
        """,
        """
        return [0, 1, 4]
        """,
    ],
}
TRANSFORM = {
    "scatter_one_hot": [
        """
        return torch.zeros(len(y), num_classes).scatter_(1, y[:, None], value=1)
        """,
        """
        return torch.zeros(len(y), num_classes).scatter_(0, y[:, None], value=1)
        """,
        """
        return torch.zeros(len(y), 10).scatter_(1, y[:, None], value=1)
        """,
    ],
    "normalize_channels": [
        """
        mean, std = x.mean(dim=(0, 2, 3), keepdim=True), x.std(dim=(0, 2, 3), keepdim=True)
        return (x - mean) / std
        """,
        """
        return (x - x.mean()) / x.std()
        """,
        """
        return (x - x.mean(dim=(2, 3), keepdim=True)) / x.std(dim=(2, 3), keepdim=True)
        """,
    ],
    "shift_images": [
        """
        return torch.stack([F.pad(image, (shift, -shift)) for image, shift in zip(x, shifts.tolist())])
        """,
        """
        return torch.stack([image.roll(shift, dims=-1) for image, shift in zip(x, shifts.tolist())])
        """,
        """
        return torch.stack([F.pad(image, (-shift, shift)) for image, shift in zip(x, shifts.tolist())])
        """,
    ],
    "make_center_eraser": [
        """
        class CenterEraser:
            def __init__(self, size):
                self.size = size

            def __call__(self, image):
                image = image.clone()
                top, left = (image.shape[-2] - self.size) // 2, (image.shape[-1] - self.size) // 2
                image[..., top : top + self.size, left : left + self.size] = 0
                return image

        return CenterEraser(size)
        """,
        """
        class CenterEraser:
            def __call__(self, image):
                top, left = (image.shape[-2] - size) // 2, (image.shape[-1] - size) // 2
                image[..., top : top + size, left : left + size] = 0
                return image

        return CenterEraser()
        """,
        """
        class CenterEraser:
            def __call__(self, image):
                image = image.clone()
                top, left = (image.shape[-2] - size) // 2, (image.shape[-1] - size) // 2
                image[:, top : top + size, left : left + size] = 0
                return image

        return CenterEraser()
        """,
    ],
}
MODEL = {
    "count_trainable": [
        """
        return sum(p.numel() for p in model.parameters() if p.requires_grad)
        """,
        """
        return sum(p.numel() for p in model.parameters())
        """,
        """
        return len([p for p in model.parameters() if p.requires_grad])
        """,
    ],
    "conv_output_size": [
        """
        return (size + 2 * padding - kernel_size) // stride + 1
        """,
        """
        return (size + padding - kernel_size) // stride + 1
        """,
        """
        return (size + 2 * padding - kernel_size) / stride + 1
        """,
    ],
    "freeze_all_but_last": [
        """
        model.requires_grad_(False)
        model[-1].requires_grad_(True)
        return model
        """,
        """
        for layer in model[:-1]:
            layer.requires_grad_(False)
        return model
        """,
        """
        model.requires_grad_(False)
        model[-1].requires_grad = True
        return model
        """,
    ],
    "residual_block": [
        """
        class Residual(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = layer

            def forward(self, x):
                return torch.relu(x + self.layer(x))

        return Residual()
        """,
        """
        class Residual(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = layer

            def forward(self, x):
                return x + torch.relu(self.layer(x))

        return Residual()
        """,
        """
        class Residual(nn.Module):
            def __init__(self):
                self.layer = layer

            def forward(self, x):
                return torch.relu(x + self.layer(x))

        return Residual()
        """,
    ],
}
AUTOGRAD = {
    "numerical_derivative": [
        """
        h = 1e-5
        return (f(x + h) - f(x - h)) / (2 * h)
        """,
        """
        return (f(x + 0.1) - f(x)) / 0.1
        """,
        """
        return torch.cos(x)
        """,
    ],
    "fresh_gradient": [
        """
        return torch.autograd.grad(f(w), w)[0]
        """,
        """
        f(w).backward()
        return w.grad
        """,
        """
        return torch.autograd.grad(f(w), w)
        """,
        """
        w.grad.zero_()
        f(w).backward()
        return w.grad
        """,
    ],
    "cross_entropy_gradient": [
        """
        return (logits.softmax(dim=1) - F.one_hot(y, logits.shape[1])) / len(y)
        """,
        """
        return logits.softmax(dim=1) - F.one_hot(y, logits.shape[1])
        """,
        """
        return logits.softmax(dim=0) / len(y)
        """,
    ],
    "make_leaky_relu": [
        """
        class LeakyReLU(torch.autograd.Function):
            @staticmethod
            def forward(x):
                return torch.where(x > 0, x, slope * x)
            @staticmethod
            def setup_context(ctx, inputs, output):
                ctx.save_for_backward(*inputs)
            @staticmethod
            def backward(ctx, grad_output):
                (x,) = ctx.saved_tensors
                return grad_output * torch.where(x > 0, 1.0, slope)
        return LeakyReLU
        """,
        """
        class LeakyReLU(torch.autograd.Function):
            @staticmethod
            def forward(x):
                return torch.where(x > 0, x, slope * x)
            @staticmethod
            def setup_context(ctx, inputs, output):
                ctx.save_for_backward(*inputs)
            @staticmethod
            def backward(ctx, grad_output):
                (x,) = ctx.saved_tensors
                return torch.where(x > 0, 1.0, slope)
        return LeakyReLU
        """,
        """
        class LeakyReLU(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.save_for_backward(x)
                return torch.where(x > 0, x, 0.1 * x)
            @staticmethod
            def backward(ctx, grad_output):
                (x,) = ctx.saved_tensors
                return grad_output * torch.where(x > 0, 1.0, 0.1)
        return LeakyReLU
        """,
        """
        return F.leaky_relu
        """,
    ],
}
OPTIMIZATION = {
    "momentum_step": [
        """
        v = momentum * v + g
        return w - learning_rate * v
        """,
        """
        return w - learning_rate * g
        """,
        """
        v = momentum * v + (1 - momentum) * g
        return w - learning_rate * v
        """,
    ],
    "cosine_rate": [
        """
        return learning_rate * (1 + math.cos(math.pi * step / steps)) / 2
        """,
        """
        return learning_rate * (1 - step / steps)
        """,
        """
        return learning_rate * math.cos(math.pi * step / steps)
        """,
    ],
    "clip_by_norm": [
        """
        norm = g.norm()
        return g * max_norm / norm if norm > max_norm else g
        """,
        """
        return g * max_norm / g.norm()
        """,
        """
        return g.clamp(-max_norm, max_norm)
        """,
    ],
    "last_epoch": [
        """
        best, waited = float("inf"), 0
        for epoch, loss in enumerate(losses, 1):
            best, waited = (loss, 0) if loss < best else (best, waited + 1)
            if waited == patience:
                return epoch
        return len(losses)
        """,
        """
        return min(range(len(losses)), key=losses.__getitem__) + 1 + patience
        """,
        """
        best, waited = float("inf"), 0
        for epoch, loss in enumerate(losses, 1):
            best, waited = (loss, 0) if loss <= best else (best, waited + 1)
            if waited == patience:
                return epoch
        return len(losses)
        """,
    ],
}
SOLUTIONS = {
    "quick_start": QUICK_START,
    "tensor": TENSOR,
    "data_tutorial": DATA_TUTORIAL,
    "transform": TRANSFORM,
    "model": MODEL,
    "autograd": AUTOGRAD,
    "optimization": OPTIMIZATION,
}
EXERCISES = [(chapter, exercise) for chapter, exercises in SOLUTIONS.items() for exercise in exercises]
WRONG = [(*pair, number) for pair in EXERCISES for number in range(1, len(SOLUTIONS[pair[0]][pair[1]]))]


def practiced(chapter, exercise, body, capsys):
    """함수의 본문을 변경한 사본에서 연습 문제를 확인하고, 그 함수의 출력을 반환합니다."""
    module = load_chapter(chapter)
    names = re.search(rf"^def {exercise}\((.*?)\):", open(module.__file__, encoding="utf-8").read(), re.MULTILINE)[1]
    exec(f"def {exercise}({names}):\n" + textwrap.indent(textwrap.dedent(body), "    "), vars(module))
    module.check_practice()
    lines = capsys.readouterr().out.splitlines()
    (start,) = (i for i, line in enumerate(lines) if line[6:] == exercise)
    ends = [i for i in range(start + 1, len(lines)) if not lines[i].startswith("        ")]
    return lines[start : ends[0] if ends else len(lines)], module


@pytest.mark.parametrize("chapter", SOLUTIONS)
def test_shipped_file_is_open(chapter, capsys):
    module = load_chapter(chapter)
    module.check_practice()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert [line[:6] for line in lines[::2]] == ["    □ "] * 4 and module.EXERCISES == [False] * 4
    assert [line[6:].split(":")[0] for line in lines[::2]] == list(SOLUTIONS[chapter])
    assert all(len(line) > 20 for line in lines[1::2])  # 힌트


@pytest.mark.parametrize("chapter, exercise", EXERCISES)
def test_solution_is_accepted(chapter, exercise, capsys):
    lines, module = practiced(chapter, exercise, SOLUTIONS[chapter][exercise][0], capsys)
    assert lines == [f"    ✓ {exercise}"] and sum(module.EXERCISES) == 1


@pytest.mark.parametrize("chapter, exercise, number", WRONG)
def test_typical_mistake_is_shown_with_input_and_values(chapter, exercise, number, capsys):
    lines, module = practiced(chapter, exercise, SOLUTIONS[chapter][exercise][number], capsys)
    assert lines[0] == f"    ✗ {exercise}" and len(lines) == 4 and not any(module.EXERCISES)
    assert all(": " in line and not line.endswith(":") for line in lines[1:])


@pytest.mark.parametrize("chapter, exercise", EXERCISES)
def test_exception_in_an_answer_is_one_mark(chapter, exercise, capsys):
    lines, module = practiced(chapter, exercise, "raise KeyError('my key')", capsys)
    assert lines[0] == f"    ✗ {exercise}" and "my key" in lines[3] and not any(module.EXERCISES)


@pytest.mark.parametrize("chapter", SOLUTIONS)
def test_constant_answer_fails(chapter, capsys):
    """각 입력의 정답을 상수로 반환해도 다른 입력에서 ✗가 됩니다."""
    module, calls = load_chapter(chapter), []
    practice = module.practice
    module.practice = lambda *args, **options: calls.append((args, options))
    module.check_practice()
    assert len(calls) == 4
    for (exercise, expected, *inputs), options in calls:
        assert len(inputs) >= 3
        for constant in [expected(*copy.deepcopy(args)) for args in inputs] + [0, 1.0, -1, True]:

            def answer(*args, constant=constant):
                return constant

            answer.__name__ = exercise.__name__
            answer.__doc__ = exercise.__doc__
            practice(answer, expected, *inputs, **options)
            assert module.EXERCISES.pop() is False, (exercise.__name__, constant)
    capsys.readouterr()


def test_every_chapter_has_four_exercises():
    assert set(SOLUTIONS) == set(CHAPTERS) and all(len(exercises) == 4 for exercises in SOLUTIONS.values())
    assert all(len(bodies) >= 3 for exercises in SOLUTIONS.values() for bodies in exercises.values())
