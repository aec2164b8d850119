"""연습 문제의 모범 답안과 흔한 오답: 모범 답안은 ✓, 오답은 ✗, 처음 상태는 □입니다.

장마다 함수의 본문만 적었습니다. right가 모범 답안입니다.
"""

import inspect
import textwrap

import pytest
from tools import CHAPTERS, load_chapter

QUICK_START = {
    "top2_accuracy": {
        "right": [
            """
            chosen = logits.topk(2, dim=1).indices
            return (chosen == y[:, None]).any(dim=1).float().mean()
            """,
            """
            right = 0
            for row, answer in zip(logits, y):
                if answer in row.argsort(descending=True)[:2]:
                    right += 1
            return right / len(y)
            """,
        ],
        "wrong": [
            "return (logits.argmax(dim=1) == y).float().mean()",
            "return (logits.topk(2, dim=1).indices == y[:, None]).float().mean()",
            "return (logits.topk(2, dim=1).indices == y[:, None]).any(dim=1)",
        ],
    },
    "accuracy_of_class": {
        "right": [
            """
            chosen = predictions[y == k]
            return (chosen == k).float().mean() if len(chosen) else 0.0
            """,
            "return ((predictions == k) & (y == k)).sum() / max((y == k).sum(), 1)",
        ],
        "wrong": [
            "return (predictions[y == k] == k).float().mean()",
            "return (y[predictions == k] == k).float().mean().nan_to_num()",
            "return (predictions[y == 1] == 1).float().mean() if (y == k).any() else 0",
            "return (predictions == y).float().mean()",
        ],
    },
    "most_confident_mistake": {
        "right": [
            """
            confidence, prediction = probabilities.max(dim=1)
            confidence[prediction == y] = 0
            return confidence.argmax() if confidence.any() else -1
            """,
        ],
        "wrong": [
            "return probabilities.max(dim=1).values.argmax()",
            """
            confidence, prediction = probabilities.max(dim=1)
            confidence[prediction == y] = 0
            return confidence.argmax()
            """,
            """
            if (probabilities.argmax(dim=1) == y).all():
                return -1
            probabilities[range(len(y)), y] = 0
            return probabilities.max(dim=1).values.argmax()
            """,
            """
            confidence, prediction = probabilities.max(dim=1)
            confidence[prediction == y] = 0
            if confidence.any():
                return confidence.argmax()
            """,
        ],
    },
    "train_one_step": {
        "right": [
            """
            optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
            optimizer.zero_grad()
            loss = nn.CrossEntropyLoss()(model(X), y)
            loss.backward()
            optimizer.step()
            return model.weight
            """,
        ],
        "wrong": [
            """
            optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
            nn.CrossEntropyLoss()(model(X), y).backward()
            return model.weight
            """,
            """
            optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
            nn.CrossEntropyLoss()(model(X).softmax(dim=1), y).backward()
            optimizer.step()
            return model.weight
            """,
            """
            optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
            nn.CrossEntropyLoss()(model(X), y).backward()
            optimizer.step()
            return model.weight
            """,
            """
            optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
            nn.CrossEntropyLoss(reduction="sum")(model(X), y).backward()
            optimizer.step()
            return model.weight
            """,
            "return model",
        ],
    },
}
SOLUTIONS = {
    "quick_start": QUICK_START,
}

CASES = []
for chapter_name, exercises in SOLUTIONS.items():
    for exercise_name, answers in exercises.items():
        for kind in ("right", "wrong"):
            for n, body in enumerate(answers[kind], 1):
                name = f"{exercise_name}-{kind}-{n}"
                CASES.append(pytest.param(chapter_name, exercise_name, kind, body, id=name))


@pytest.fixture(scope="module")
def chapters():
    return {name: load_chapter(name) for name in CHAPTERS}


def solve(chapter, name, body):
    """본문을 채운 연습 문제를 확인하고, 그 결과(True나 False)를 반환합니다."""
    stub = getattr(chapter, name)
    code = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    space = dict(vars(chapter))
    exec(f"def {name}{inspect.signature(stub)}:\n{code}", space)
    space[name].__doc__ = stub.__doc__
    setattr(chapter, name, space[name])
    try:
        chapter.check_practice()
    finally:
        setattr(chapter, name, stub)
    return chapter.EXERCISES[name]


@pytest.mark.parametrize(("chapter_name", "name", "kind", "body"), CASES)
def test_answer_gets_its_mark(chapter_name, name, kind, body, chapters, capsys):
    solved = solve(chapters[chapter_name], name, body)
    out = capsys.readouterr().out
    assert solved == (kind == "right"), out
    assert out.count("□") == 3 and out.count("✓" if solved else "✗") == 1


def test_four_exercises_a_chapter():
    assert {name: len(exercises) for name, exercises in SOLUTIONS.items()} == dict.fromkeys(
        CHAPTERS, 4
    )
