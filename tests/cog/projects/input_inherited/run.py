from base import Greeter


class Runner(Greeter):
    greeting = "good morning"
