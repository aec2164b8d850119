"""직접 해 보기: 장마다 세 가지 실험을 설명대로 바꾸어 실행합니다."""

import importlib

import pytest
from tools import CHAPTERS, run_main

TABLE = []
for name in CHAPTERS:
    experiments = importlib.import_module(f"test_{name}").EXPERIMENTS
    TABLE += [pytest.param(name, *row, id=f"{name}-{n}") for n, row in enumerate(experiments, 1)]


def test_every_chapter_has_three():
    assert len(TABLE) == 3 * len(CHAPTERS)


@pytest.mark.full
@pytest.mark.parametrize(("name", "edits", "options", "check"), TABLE)
def test_experiment_does_what_the_text_says(name, edits, options, check, tmp_path, no_network):
    check(run_main(tmp_path, name, *options, edits=edits))
