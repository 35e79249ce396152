import replicate

for event in replicate.stream(
    "meta/llama-2-70b-chat",
    input={
        "prompt": "Tell me a story about a llama",
        "system_prompt": "You are a poet.",
        "max_new_tokens": 40,
        "temperature": 0.7,
    },
):
    print(str(event), end="", flush=True)
