from base import Greeter


class Runner(Greeter):
    greeting = "hi"
