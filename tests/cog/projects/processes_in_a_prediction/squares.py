def square(number: int) -> int:
    return number**2
