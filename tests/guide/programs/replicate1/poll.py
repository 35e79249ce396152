import time

import replicate

model = replicate.models.get("meta/llama-2-70b-chat")
prediction = replicate.predictions.create(model=model, input={"prompt": "Hello there"})
print(prediction.status)
while prediction.status not in ("succeeded", "failed", "canceled"):
    time.sleep(0.1)
    prediction.reload()
    print(prediction.status)
print("".join(prediction.output))
