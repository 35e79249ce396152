"""The numbers in logs: lines in the form that popular trainers print, and such as only look like it."""

from __future__ import annotations

import io

import pytest

from rcli.services.work.curves import Curves, Reading, read

LINES: list[tuple[str, Reading]] = [
    # rcli's own, and plain words
    (
        "step 120/600 train_loss=2.0512 val_loss=2.1100",
        Reading({"train_loss": 2.0512, "val_loss": 2.11}, 120),
    ),
    ("loss=0.5", Reading({"loss": 0.5})),
    ("val_loss: 0.731", Reading({"val_loss": 0.731})),
    ("Training Loss: 1.234", Reading({"Training_Loss": 1.234})),
    ("Step 40: loss is down, loss = 3", Reading({"loss": 3.0}, 40)),
    # JSON lines
    ('{"step": 30, "loss": 1.25, "lr": 0.0002}', Reading({"loss": 1.25, "lr": 0.0002}, 30)),
    ('{"epoch": 2, "val_accuracy": 0.91}', Reading({"val_accuracy": 0.91}, None, 2)),
    ('{"iter": 7, "metrics": {"loss": 0.25}}', Reading({"metrics/loss": 0.25}, 7)),
    (
        '[12:30:01] {"epoch": 1, "train_loss": "5.609", "num_updates": "800"}',
        Reading({"train_loss": 5.609}, 800, 1),
    ),
    # Hugging Face's Trainer, old and new
    (
        "{'loss': 0.5123, 'grad_norm': 1.25, 'learning_rate': 4.5e-05, 'epoch': 0.32}",
        Reading({"loss": 0.5123, "grad_norm": 1.25, "learning_rate": 4.5e-05}, None, 0.32),
    ),
    (
        "{'loss': '1.041', 'learning_rate': '2e-04', 'epoch': '1.5'}",
        Reading({"loss": 1.041, "learning_rate": 2e-4}, None, 1.5),
    ),
    ("{'eval_loss': 0.402, 'eval_runtime': 12.3, 'epoch': 3.0}", Reading({"eval_loss": 0.402}, None, 3)),
    # diffusers and kohya behind a bar
    (
        "Steps:  12%|█▏        | 60/500 [00:45<05:30,  1.33it/s, loss=0.0821, lr=1e-5]",
        Reading({"loss": 0.0821, "lr": 1e-5}, 60),
    ),
    (
        "steps:  10%|█         | 100/1000 [01:23<12:34,  1.19it/s, avr_loss=0.0912]",
        Reading({"avr_loss": 0.0912}, 100),
    ),
    (
        "steps:   2%|▏         | 20/1000 [00:20<16:20, 1.00s/it, Average key norm=0.02, loss=0.12]",
        Reading({"norm": 0.02, "loss": 0.12}, 20),
    ),
    # PyTorch Lightning
    (
        "Epoch 3:  45%|████▌     | 45/100 [00:10<00:12, 4.50it/s, loss=0.512, v_num=3, train_acc=0.81]",
        Reading({"loss": 0.512, "train_acc": 0.81}, 45, 3),
    ),
    # Keras
    (
        " 7/20 [=========>....] - ETA: 3s - loss: 0.6931 - accuracy: 0.5000",
        Reading({"loss": 0.6931, "accuracy": 0.5}, 7),
    ),
    (
        "20/20 - 2s - loss: 0.3012 - accuracy: 0.8750 - val_loss: 0.2800 - val_accuracy: 0.9000",
        Reading({"loss": 0.3012, "accuracy": 0.875, "val_loss": 0.28, "val_accuracy": 0.9}, 20),
    ),
    # nanoGPT
    (
        "step 250: train loss 2.1034, val loss 2.2211",
        Reading({"train_loss": 2.1034, "val_loss": 2.2211}, 250),
    ),
    ("iter 1010: loss 1.9876, time 23.40ms, mfu 3.12%", Reading({"loss": 1.9876}, 1010)),
    # PyTorch's own examples
    ("Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.268130", Reading({"Loss": 2.26813}, None, 1)),
    ("Test set: Average loss: 0.0482, Accuracy: 9843/10000 (98%)", Reading({"loss": 0.0482})),
    ("Epoch [2/10], Step [100/600], Loss: 0.1432", Reading({"Loss": 0.1432}, 100, 2)),
    # Megatron
    (
        " iteration      100/  500000 | consumed samples:     12800 | elapsed time per iteration (ms): 5.1 |"
        " learning rate: 1.500E-05 | lm loss: 9.512340E+00 | loss scale: 1.0 | grad norm: 1.217 |",
        Reading({"learning_rate": 1.5e-5, "lm_loss": 9.51234, "grad_norm": 1.217}, 100),
    ),
    # fairseq
    (
        "| epoch 001:    100 / 1100 loss=12.512, nll_loss=11.9, ppl=3821.1, wps=25104",
        Reading({"loss": 12.512, "nll_loss": 11.9, "ppl": 3821.1}, None, 1),
    ),
    (
        "| valid | loss 3.204 | nll_loss 2.9 | ppl 7.46",
        Reading({"loss": 3.204, "nll_loss": 2.9, "ppl": 7.46}),
    ),
    # Detectron2 and MMDetection
    (
        "eta: 0:10:11  iter: 19  total_loss: 1.212  loss_cls: 0.31  time: 0.51  lr: 0.0002  max_mem: 3000M",
        Reading({"total_loss": 1.212, "loss_cls": 0.31, "lr": 0.0002}, 19),
    ),
    (
        "Epoch [1][50/1000]\tlr: 1.000e-02, time: 0.5, memory: 4000, loss_bbox: 0.51, loss: 1.2",
        Reading({"lr": 0.01, "loss_bbox": 0.51, "loss": 1.2}, None, 1),
    ),
    # gradient boosting
    (
        "[10]\ttrain-rmse:0.12345\teval-rmse:0.23456",
        Reading({"train-rmse": 0.12345, "eval-rmse": 0.23456}, 10),
    ),
    ("[20]\tvalid_0's binary_logloss: 0.2145", Reading({"binary_logloss": 0.2145}, 20)),
    # reinforcement learning, speech, recommendations
    ("update 12 | reward: 15 | kl: 0.012", Reading({"reward": 15.0, "kl": 0.012}, 12)),
    ("INFO eval: wer=0.123 cer=0.045", Reading({"wer": 0.123, "cer": 0.045})),
    ("2026-01-02 03:04:05,678 INFO step=1,200 loss=0.25", Reading({"loss": 0.25}, 1200)),
]

GARBAGE = [
    "",
    "Downloading: 45%|████▌     | 450M/1.00G [00:12<00:14, 38.2MB/s]",
    "learning_rate=0.0001",
    "{'max_train_steps': 1000, 'learning_rate': 0.0001, 'prior_loss_weight': 1.0}",
    '{"mixed_precision": 16, "seed": 42}',
    "loss_type: l2, loss_scale=1.0",
    "lossless: 3.5",
    "the loss of 3 points was no loss",
    "loss: nan",
    "kept the model whose validation loss was 0.4121",
    "accuracy: 12:30:05",
    "best_val_loss=0.25",
    "Loading weights from loss=best.ckpt",
    "train_loss=1.2.3",
    "GET /losses?loss=3abc HTTP/1.1",
    "{" * 5000,
    "{'loss': [1, 2]}",
    "loss" + " " * 5000 + "1",
    "1e999 loss=1e999",
    "\x1b[31mERROR\x1b[0m: 3 files",
]


@pytest.mark.parametrize(("line", "reading"), LINES, ids=range(len(LINES)))
def test_a_trainer_s_line_gives_its_numbers(line: str, reading: Reading) -> None:
    assert read(line) == reading


@pytest.mark.parametrize("line", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_gives_none(line: str) -> None:
    assert read(line).values == {}


def test_a_line_may_come_in_pieces() -> None:
    curves = Curves()

    told = [curves.feed(piece) for piece in ("step 1/2 lo", "ss=0.5\nstep 2/2 loss=", "0.25")]

    assert (told, curves.end()) == ([False, True, False], True)
    assert curves.points == {"loss": [(1, 0.5), (2, 0.25)]}


def test_a_bar_that_is_drawn_over_itself_is_a_curve() -> None:
    curves = Curves()

    curves.feed(
        "Steps: 1/3 [, loss=3.0]\rSteps: 2/3 [, loss=2.5]\rSteps: 2/3 [, loss=2.0]\rSteps: 3/3 [, loss=1.0]\n"
    )

    assert curves.points == {"loss": [(1, 3.0), (2, 2.0), (3, 1.0)]}


def test_steps_that_begin_anew_with_each_epoch_go_on() -> None:
    curves = Curves()

    for epoch in (1, 2):
        curves.feed(f"Epoch {epoch}/2\n")
        for step in (1, 2):
            curves.feed(f"{step}/2 [=>] - loss: {epoch}.{step}\n")

    assert curves.points == {"loss": [(1, 1.1), (2, 1.2), (3, 2.1), (4, 2.2)]}


def test_without_steps_points_are_counted() -> None:
    curves = Curves()

    curves.feed("loss: 3\nloss: 2\nloss: 1\n")

    assert curves.points == {"loss": [(0, 3), (1, 2), (2, 1)]}


def test_what_is_told_between_steps_lies_at_the_last_one() -> None:
    curves = Curves()

    curves.feed("step 10 loss=2.0\nval_loss=2.5\nstep 20 loss=1.0\nval_loss=1.5\n")

    assert curves.points == {"loss": [(10, 2), (20, 1)], "val_loss": [(10, 2.5), (20, 1.5)]}


def test_losses_with_a_course_are_drawn() -> None:
    curves = Curves()

    curves.feed("step 1 acc=0.1 val_loss=2.0 lr=0.1\nstep 2 acc=0.2 val_loss=1.0 lr=0.05 loss=3.0\n")

    assert list(curves.drawn) == ["val_loss"]


def test_where_nothing_is_lost_the_first_measure_is_drawn() -> None:
    curves = Curves()

    curves.feed("step 1 lr=0.1 acc=0.1 bleu=2.0\nstep 2 lr=0.1 acc=0.2 bleu=3.0\n")

    assert list(curves.drawn) == ["acc"]


def test_a_long_training_keeps_its_whole_course_in_bounded_memory() -> None:
    curves = Curves()

    curves.feed("".join(f"step {step} loss=1.0\n" for step in range(1, 30_001)))

    points = curves.points["loss"]
    assert (points[0][0], points[-1][0]) == (1, 30_000)
    assert len(points) <= 20_000


def test_metrics_are_saved_as_a_table() -> None:
    curves, file = Curves(), io.StringIO()
    curves.feed("step 10 loss=2.0\nval_loss=2.5\nstep 20 loss=1.0\n")

    curves.write(file)

    assert file.getvalue() == "step,loss,val_loss\n10,2.0,\n10,,2.5\n20,1.0,\n"
