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
SOLUTIONS = {"quick_start": QUICK_START}
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
    assert [line[6:] for line in lines[::2]] == list(SOLUTIONS[chapter])
    assert all(len(line) > 30 for line in lines[1::2])  # 힌트


@pytest.mark.parametrize("chapter, exercise", EXERCISES)
def test_solution_is_accepted(chapter, exercise, capsys):
    lines, module = practiced(chapter, exercise, SOLUTIONS[chapter][exercise][0], capsys)
    assert lines == [f"    ✓ {exercise}"] and sum(module.EXERCISES) == 1


@pytest.mark.parametrize("chapter, exercise, number", WRONG)
def test_typical_mistake_is_shown_with_input_and_values(chapter, exercise, number, capsys):
    lines, module = practiced(chapter, exercise, SOLUTIONS[chapter][exercise][number], capsys)
    assert lines[0] == f"    ✗ {exercise}" and len(lines) == 4 and not any(module.EXERCISES)
    assert all(": " in line and len(line) > 16 for line in lines[1:])


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
