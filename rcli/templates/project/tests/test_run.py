"""Run with: rcli exec python -m unittest"""

import unittest

from run import Runner


class RunnerTest(unittest.TestCase):
    def setUp(self) -> None:
        self.runner = Runner()
        self.runner.setup()

    def test_it_greets(self) -> None:
        self.assertEqual(self.runner.run(prompt="world", times=1), "hello world")

    def test_it_greets_as_often_as_it_is_told(self) -> None:
        self.assertEqual(self.runner.run(prompt="you", times=2), "hello you\nhello you")


if __name__ == "__main__":
    unittest.main()
