"""Small Cog projects under the real coglet: what they give, how they fail, how they end."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from rcli.engine.runtime import leftovers, scratch
from rcli.engine.runtime.replicas import Event, Log, Metric, Outcome, Output, SetupFailed, Started


def predict(start: Any, name: str, **given: Any) -> tuple[Outcome, Any]:
    """One prediction of a project: its outcome, and the stopped replica with its events."""

    async def run() -> tuple[Outcome, Any]:
        async with start(name) as running:
            return await running.predict(**given), running

    return asyncio.run(run())


async def gone(*pids: int) -> bool:
    """Wait until none of the processes lives; a zombie does not."""
    for _ in range(500):
        if all(leftovers.start_time(pid) is None for pid in pids):
            return True
        await asyncio.sleep(0.01)
    return False


def test_a_prediction_brings_output_logs_and_time(start: Any) -> None:
    outcome, running = predict(start, "echo", text="bob")

    assert running.events == [Started(), Log("greeting bob\n"), Output("hello bob", append=False)]
    assert (outcome.status, outcome.output, outcome.error) == ("succeeded", "hello bob", None)
    assert 0 < outcome.predict_time < 5
    assert not outcome.crashed


def test_prints_in_setup_are_told_while_it_runs(start: Any) -> None:
    _, running = predict(start, "echo", text="bob")

    assert running.setup_logs == ["getting ready\n"]
    assert "getting ready" in (running.base / "logs" / "replica.log").read_text()


def test_an_iterator_is_streamed_item_by_item(start: Any) -> None:
    outcome, running = predict(start, "tokens", n=3, delay=0.01)

    assert running.events == [Started(), *(Output(f"token{n} ", append=True) for n in range(3))]
    assert outcome.output == ["token0 ", "token1 ", "token2 "]


def test_an_async_iterator_is_streamed_while_it_runs(start: Any) -> None:
    async def run() -> list[float]:
        times = []
        async with start("async_tokens") as running:

            def emit(event: Event) -> None:
                if isinstance(event, Output):
                    times.append(asyncio.get_running_loop().time())

            await running.replica.predict("p1", {"n": 4, "delay": 0.1}, emit)
        return times

    times = asyncio.run(run())

    assert len(times) == 4
    assert times[-1] - times[0] > 0.2


def test_thousands_of_quick_tokens_all_arrive_once_and_in_order(start: Any) -> None:
    outcome, running = predict(start, "tokens", n=6_000)

    expected = [f"token{n} " for n in range(6_000)]
    assert [event.value for event in running.events if isinstance(event, Output)] == expected
    assert outcome.output == expected


def test_metrics_are_told_with_their_value_so_far(start: Any) -> None:
    outcome, running = predict(start, "metrics", n=2)

    assert outcome.metrics == {"tokens": 2, "seen": [0, 1]}
    told = [event for event in running.events if isinstance(event, Metric)]
    assert {event.name: event.value for event in told} == outcome.metrics


def test_an_input_that_is_none_is_left_out(start: Any) -> None:
    outcome, _ = predict(start, "old_predict", text="a", tail=None)

    assert outcome.output == ["a", "a"]


def test_a_function_is_a_model_too_and_gets_its_defaults(start: Any) -> None:
    outcome, _ = predict(start, "function", text="hey")

    assert outcome.output == "HEY!"


def test_a_file_goes_in_and_a_file_comes_out(start: Any) -> None:
    async def run() -> tuple[bytes, bytes]:
        async with start("picture") as running:
            first = await running.predict("p1", image=running.give("in.png", "one"))
            again = await running.predict("p2", image=running.give("in.png", "two", "p2"))
            return running.sent(first.output), running.sent(again.output, "p2")

    assert asyncio.run(run()) == (b"one", b"two")


def test_lists_of_files_downloads_and_open_files_reach_the_model(start: Any) -> None:
    async def run() -> Outcome:
        async with start("files") as running:
            given = running.give("one.txt", "one")
            many = [given, "data:text/plain;base64,dHdv"]
            outcome: Outcome = await running.predict(one=given, many=many, handle=given)
            return outcome

    assert asyncio.run(run()).output == ["one", "one", "two", "one"]


def test_files_in_nested_outputs_keep_their_places(start: Any) -> None:
    outcome, running = predict(start, "nested", title="T")

    book = outcome.output
    assert [running.sent(page["text"]) for page in book["pages"]] == [
        b"this is page-1.txt",
        b"this is page-2.txt",
    ]
    assert running.sent(book["extras"]["cover"]) == b"cover"
    assert book["extras"]["cover"].endswith("/cover.bin")
    assert running.sent(book["extras"]["notes"][0]) == b"this is notes.txt"
    assert book["extras"]["notes"][1] is None


@pytest.mark.parametrize("address", ["file:///etc/passwd", "/etc/passwd", "file://{base}/inbox/p2/x.txt"])
def test_an_input_file_outside_its_own_folder_is_refused(start: Any, address: str) -> None:
    async def run() -> Outcome:
        async with start("files") as running:
            running.give("x.txt", "of another prediction", "p2")
            outcome: Outcome = await running.predict(one=address.format(base=running.base))
            return outcome

    outcome = asyncio.run(run())

    assert outcome.status == "failed"
    assert outcome.error == "an input file lies outside this prediction's own input folder"


def test_a_link_that_leads_out_of_the_input_folder_is_refused(start: Any) -> None:
    async def run() -> Outcome:
        async with start("files") as running:
            running.give("real.txt", "x")
            link = running.base / "inbox" / "p1" / "link.txt"
            link.symlink_to("/etc/passwd")
            outcome: Outcome = await running.predict(one=link.as_uri())
            return outcome

    assert asyncio.run(run()).status == "failed"


def test_a_missing_output_file_fails_the_prediction(start: Any) -> None:
    outcome, _ = predict(start, "missing_file")

    assert outcome.status == "failed"
    assert outcome.error == "the model returned a file that does not exist: nowhere.png"


def test_a_failure_has_a_short_error_and_its_traceback_in_the_logs(start: Any) -> None:
    outcome, running = predict(start, "fails", text="no such luck")

    assert (outcome.status, outcome.error, outcome.crashed) == ("failed", "no such luck", False)
    assert running.logs.startswith("about to fail\nTraceback (most recent call last):\n")
    assert running.logs.endswith("RuntimeError: no such luck\n")
    assert "shim.py" not in running.logs


def test_a_flood_of_logs_before_a_failure_is_kept_whole(start: Any) -> None:
    outcome, running = predict(start, "chatty", lines=5000, fail=True)

    assert outcome.error == "after all that"
    lines = running.logs.splitlines()
    assert lines[:5000] == [f"line {n}" for n in range(5000)]
    assert lines[-1] == "RuntimeError: after all that"


def test_an_unfinished_line_does_not_run_into_the_next_prediction(start: Any) -> None:
    async def run() -> Any:
        async with start("chatty") as running:
            await running.predict("p1", lines=1)
            running.events.clear()
            await running.predict("p2", lines=1)
            return running

    assert asyncio.run(run()).logs == "line 0\nno end of line"


def test_what_a_child_process_prints_belongs_to_the_logs(start: Any) -> None:
    async def run() -> Any:
        async with start("subprocesses") as running:
            await running.predict()
            return running

    running = asyncio.run(run())

    assert running.setup_logs == ["a child in setup\n"]
    assert running.logs == "a child in run\n"


def test_stopping_ends_the_children_that_the_model_started(start: Any) -> None:
    async def run() -> tuple[bool, bool]:
        async with start("subprocesses") as running:
            child = (await running.predict()).output
            lived = leftovers.start_time(child) is not None
            server = running.replica.pid
        return lived, await gone(child, server)

    assert asyncio.run(run()) == (True, True)


def test_stopping_removes_the_working_copy_and_the_record(start: Any, tmp_path: Path) -> None:
    predict(start, "echo", text="x")

    assert not (tmp_path / "copy").exists()
    assert list((tmp_path / "records").iterdir()) == []


def test_coglets_own_folder_of_a_prediction_is_removed(start: Any) -> None:
    async def run() -> None:
        async with start("echo") as running:
            await running.predict("tidy-me", text="x")

    asyncio.run(run())

    assert not (scratch.SCRATCH / "tidy-me").exists()


def test_a_failing_setup_shows_its_traceback(start: Any) -> None:
    with pytest.raises(SetupFailed) as caught:
        predict(start, "setup_fails", text="x")

    assert caught.value.message == "the model's setup failed: weights.bin is missing"
    assert caught.value.logs.startswith("looking for the weights\nTraceback (most recent call last):\n")
    assert caught.value.logs.endswith("FileNotFoundError: weights.bin is missing\n")


def test_a_missing_package_is_named_with_a_hint(start: Any) -> None:
    with pytest.raises(SetupFailed, match="No module named 'a_package_that_nobody_has'") as caught:
        predict(start, "import_fails", text="x")

    assert caught.value.hint == "name the package in cog.yaml under build: python_requirements"


def test_sys_exit_in_setup_is_a_failed_setup(start: Any) -> None:
    with pytest.raises(SetupFailed, match=r"the model called sys.exit\('no licence'\)"):
        predict(start, "setup_exits", text="x")


def test_an_interpreter_that_is_not_there_is_a_failed_setup(start: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with start("echo", python=tmp_path / "no" / "python"):
            pass

    with pytest.raises(SetupFailed, match=r"the model's process cannot be started: .*No such file"):
        asyncio.run(run())


def test_a_setup_that_takes_too_long_is_ended(start: Any, tmp_path: Path) -> None:
    async def run() -> None:
        async with start("setup_slow", setup_timeout=0.5):
            pass

    with pytest.raises(SetupFailed, match=r"took longer than 0.5 s"):
        asyncio.run(run())

    assert list((tmp_path / "records").iterdir()) == []


def test_a_model_that_says_it_is_unhealthy_does_not_start(start: Any) -> None:
    with pytest.raises(SetupFailed, match=r"the model is not healthy: .* returned False"):
        predict(start, "unhealthy", text="x")


def test_a_segmentation_fault_fails_the_prediction_and_says_where(start: Any) -> None:
    outcome, running = predict(start, "segfault")

    assert (outcome.status, outcome.crashed) == ("failed", True)
    assert outcome.error == "the model's process crashed (signal SIGSEGV)"
    assert "run.py" in running.logs


def test_leaving_by_os_exit_is_a_crash_with_its_status(start: Any) -> None:
    outcome, _ = predict(start, "hard_exit", code=7)

    assert (outcome.status, outcome.crashed) == ("failed", True)
    assert outcome.error == "the model's process crashed (exit status 7)"


def test_sys_exit_fails_one_prediction_and_the_next_succeeds(start: Any) -> None:
    async def run() -> tuple[Outcome, Outcome]:
        async with start("exits") as running:
            return await running.predict("p1", code=3), await running.predict("p2", code=0)

    first, second = asyncio.run(run())

    assert (first.status, first.error, first.crashed) == ("failed", "the model called sys.exit(3)", False)
    assert second.status == "succeeded"


def test_a_killed_server_fails_the_prediction_and_takes_its_blocked_worker_along(start: Any) -> None:
    async def run() -> tuple[Outcome, bool, bool]:
        async with start("blocked") as running:
            prediction = asyncio.create_task(running.predict())
            await running.hear("blocking")
            family = leftovers.session_members(running.replica.pid)
            os.kill(running.replica.pid, signal.SIGKILL)
            outcome = await prediction
            return outcome, running.replica.alive, await gone(*family)

    outcome, alive, ended = asyncio.run(run())

    assert (outcome.status, outcome.crashed, alive, ended) == ("failed", True, False, True)
    assert outcome.error == "the model's process crashed (its server was killed)"


def test_a_killed_worker_is_a_crash_that_names_the_signal(start: Any) -> None:
    async def run() -> Outcome:
        async with start("sleeper") as running:
            prediction = asyncio.create_task(running.predict(seconds=60))
            await running.hear("falling asleep")
            (worker,) = set(leftovers.session_members(running.replica.pid)) - {running.replica.pid}
            os.kill(worker, signal.SIGKILL)
            outcome: Outcome = await prediction
            return outcome

    outcome = asyncio.run(run())

    assert outcome.error == "the model's process crashed (signal SIGKILL: killed, or out of memory)"
    assert outcome.crashed


def test_canceling_stops_running_code(start: Any) -> None:
    async def run() -> tuple[Outcome, Outcome]:
        async with start("sleeper") as running:
            prediction = asyncio.create_task(running.predict("p1", seconds=60))
            await running.hear("falling asleep")
            await running.replica.cancel("p1")
            return await prediction, await running.predict("p2", seconds=0)

    canceled, after = asyncio.run(run())

    assert (canceled.status, canceled.crashed) == ("canceled", False)
    assert after.output == "slept 0 s"


def test_canceling_an_async_iterator_lets_it_clean_up(start: Any) -> None:
    async def run() -> tuple[Outcome, str]:
        async with start("async_tokens") as running:
            prediction = asyncio.create_task(running.predict(n=1000, delay=0.05))
            await running.hear("line 1")
            await running.replica.cancel("p1")
            return await prediction, running.logs

    outcome, logs = asyncio.run(run())

    assert outcome.status == "canceled"
    assert logs.endswith("cleaned up\n")


def test_canceling_code_that_cannot_be_interrupted_kills_it_after_a_grace_period(start: Any) -> None:
    async def run() -> Outcome:
        async with start("blocked") as running:
            prediction = asyncio.create_task(running.predict())
            await running.hear("blocking")
            await running.replica.cancel("p1", grace=0.3)
            outcome: Outcome = await prediction
            return outcome

    outcome = asyncio.run(run())

    assert (outcome.status, outcome.crashed) == ("canceled", True)


def test_a_worker_that_died_between_predictions_fails_the_next_at_once(start: Any) -> None:
    async def run() -> tuple[bool, Outcome]:
        async with start("echo") as running:
            (worker,) = set(leftovers.session_members(running.replica.pid)) - {running.replica.pid}
            os.kill(worker, signal.SIGKILL)
            await gone(worker)
            outcome = await asyncio.wait_for(running.predict(text="x"), 5)
            return running.replica.alive, outcome

    alive, outcome = asyncio.run(run())

    assert not alive
    assert (outcome.status, outcome.crashed) == ("failed", True)


def test_a_prediction_that_breaks_coglets_connection_to_the_worker_is_a_crash(start: Any) -> None:
    async def run() -> Outcome:
        async with start("deep_metric") as running:
            outcome: Outcome = await running.predict()
            return outcome

    outcome = asyncio.run(run())

    assert (outcome.status, outcome.crashed) == ("failed", True)
    assert outcome.error == "the model's process crashed (its server lost the connection to it)"


def test_concurrency_of_a_model_that_is_not_async_is_refused(start: Any) -> None:
    async def run() -> None:
        async with start("echo", concurrency=2):
            pass

    with pytest.raises(SetupFailed, match="COG_MAX_CONCURRENCY > 1 requires an async run"):
        asyncio.run(run())


def test_an_async_iterator_of_a_concurrent_model_gives_everything_too(start: Any) -> None:
    async def run() -> Any:
        async with start("async_tokens", concurrency=2) as running:
            return (await running.predict(n=2)).output

    assert asyncio.run(run()) == ["token0 ", "token1 "]


def test_async_predictions_run_at_the_same_time(start: Any) -> None:
    async def run() -> list[Any]:
        async with start("concurrent", concurrency=3) as running:
            outcomes = await asyncio.gather(*(running.predict(f"p{n}", party=3) for n in range(3)))
            return [outcome.output for outcome in outcomes]

    assert asyncio.run(run()) == [3, 3, 3]


def test_an_async_failure_that_speaks_of_cancelling_is_still_a_failure(start: Any) -> None:
    async def run() -> Outcome:
        async with start("concurrent", concurrency=3) as running:
            outcome: Outcome = await running.predict(party=-1)
            return outcome

    outcome = asyncio.run(run())

    assert (outcome.status, outcome.error) == ("failed", "the party was cancelled")


def test_two_hundred_predictions_back_to_back_all_succeed(start: Any) -> None:
    async def run() -> set[Any]:
        async with start("echo") as running:
            return {(await running.predict(f"p{n}", text=str(n))).output for n in range(200)}

    assert asyncio.run(run()) == {f"hello {n}" for n in range(200)}


def test_the_next_may_begin_before_the_end_of_the_last_is_told(start: Any) -> None:
    async def run() -> tuple[bool, list[Any], str]:
        async with start("echo") as running:
            following: list[asyncio.Task[Outcome]] = []

            def go_on() -> None:
                following.append(asyncio.create_task(running.predict("p2", text="two")))

            first = await running.replica.predict("p1", {"text": "one"}, lambda event: None, go_on)
            early = not following[0].done()
            return early, [first.output, (await following[0]).output], running.logs

    assert asyncio.run(run()) == (True, ["hello one", "hello two"], "greeting two\n")


def test_one_that_fails_does_not_let_the_next_begin_before_its_end(start: Any) -> None:
    async def run() -> tuple[str, list[str]]:
        async with start("fails") as running:
            told: list[str] = []
            outcome = await running.replica.predict("p1", {}, lambda event: None, lambda: told.append("free"))
            return outcome.status, told

    assert asyncio.run(run()) == ("failed", [])


def test_a_cancel_that_comes_after_the_answer_leaves_the_next_alone(start: Any) -> None:
    async def run() -> list[str]:
        async with start("echo") as running:
            tasks: list[asyncio.Task[Any]] = []

            def go_on() -> None:
                tasks.append(asyncio.create_task(running.predict("p2", text="two")))
                tasks.append(asyncio.create_task(running.replica.cancel("p1", grace=0)))

            first = await running.replica.predict("p1", {"text": "one"}, lambda event: None, go_on)
            second, _ = await asyncio.gather(*tasks)
            return [first.status, second.status]

    assert asyncio.run(run()) == ["succeeded", "succeeded"]


def test_a_training_runs_train_and_its_weights_make_another_model(start: Any, tmp_path: Path) -> None:
    async def train() -> tuple[str, bytes]:
        async with start("trainer", mode="train") as running:
            outcome = await running.predict(words=running.give("words.txt", "dino"), steps=2)
            return running.logs, running.sent(outcome.output["weights"])

    async def use(weights: str) -> Outcome:
        async with start("trainer", weights=weights) as running:
            outcome: Outcome = await running.predict()
            return outcome

    logs, weights = asyncio.run(train())
    kept = tmp_path / "kept.txt"
    kept.write_bytes(weights)
    outcome = asyncio.run(use(kept.as_uri()))

    assert logs == "step 1/2 loss=1.00\nstep 2/2 loss=0.50\n"
    assert outcome.output == "DINO"


def test_a_model_sees_no_token_and_no_installer_setting(start: Any) -> None:
    environ = os.environ | {
        "REPLICATE_API_TOKEN": "r8_secret",
        "UV_INDEX_URL": "https://user:password@host",
        "PIP_INDEX_URL": "https://user:password@host",
        "HF_TOKEN": "hf_secret",
    }

    async def run() -> dict[str, str]:
        async with start("environ", environ=environ) as running:
            seen: dict[str, str] = (await running.predict()).output
            return seen

    seen = asyncio.run(run())

    assert not {name for name in seen if name.startswith(("UV_", "PIP_", "RCLI_")) or "TOKEN" in name}
    assert "secret" not in str(seen)
    assert "password" not in str(seen)
    assert (seen["GREETING"], seen["PLACE"]) == ("hello", "hello world")


def test_an_id_that_is_a_path_is_refused(start: Any) -> None:
    async def run() -> None:
        async with start("echo") as running:
            await running.predict("../../x", text="x")

    with pytest.raises(ValueError, match="not a prediction id"):
        asyncio.run(run())


def test_a_traceback_begins_on_a_line_of_its_own(start: Any) -> None:
    _, running = predict(start, "chatty", lines=1, fail=True)

    assert "no end of line\nTraceback (most recent call last):\n" in running.logs


def project(folder: Path, *lines: str) -> str:
    """Write a project whose run() has these lines; returns the name to start it by."""
    folder.mkdir()
    (folder / "cog.yaml").write_text('run: "run.py:Runner"\n')
    body = "".join(f"        {line}\n" for line in lines)
    (folder / "run.py").write_text(
        "import os, sys\nfrom cog import BaseRunner\n\n\nclass Runner(BaseRunner):\n"
        f"    def run(self) -> str:\n{body}"
    )
    return str(folder)


def test_half_a_surrogate_pair_in_an_error_is_made_storable(start: Any, tmp_path: Path) -> None:
    outcome, running = predict(start, project(tmp_path / "odd", r'raise ValueError("odd \ud83d")'))

    assert outcome.error == r"odd \ud83d"
    assert running.logs.encode().endswith(b"ValueError: odd \\ud83d\n")


def test_logs_lost_before_a_failure_are_said_to_be_lost(start: Any, tmp_path: Path) -> None:
    """The engine is busy while the model floods it and fails, so coglet cuts it off."""
    done = tmp_path / "done"
    name = project(
        tmp_path / "flood",
        "print('begin', flush=True)",
        "for n in range(20_000): print('x' * 1000)",
        f"open({str(done)!r}, 'w').close()",
        "raise RuntimeError('after all that')",
    )

    async def run() -> tuple[Outcome, str]:
        async with start(name) as running:

            def emit(event: Event) -> None:
                running.emit(event)
                while not done.exists():
                    time.sleep(0.01)
                if len(running.events) == 2:
                    time.sleep(0.5)

            return await running.replica.predict("p1", {}, emit), running.logs

    outcome, logs = asyncio.run(run())

    assert outcome.error == "after all that"
    assert logs.count("x" * 1000) < 20_000
    assert "… some log lines before the end were lost\n" in logs


def test_a_cancel_that_comes_with_the_end_of_the_prediction_is_not_swallowed(start: Any) -> None:
    async def run() -> bool:
        async with start("async_tokens") as running:
            prediction = asyncio.create_task(running.predict(n=1000, delay=0.05))
            await running.hear("line 1")

            async def cancel_and_wait() -> None:
                await running.replica.cancel("p1")
                await asyncio.Event().wait()

            canceler = asyncio.create_task(cancel_and_wait())
            prediction.add_done_callback(lambda _: canceler.cancel())
            await asyncio.wait({canceler}, timeout=5)
            swallowed = not canceler.done()
            canceler.cancel()
            await prediction
            return swallowed

    assert not asyncio.run(run())
