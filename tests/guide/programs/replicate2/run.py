import os

from replicate import Replicate

client = Replicate(bearer_token=os.environ["REPLICATE_API_TOKEN"])
output = client.run(
    f"stability-ai/sdxl:{os.environ['SDXL_VERSION']}",
    input={
        "prompt": "an astronaut riding a horse",
        "negative_prompt": "blurry",
        "width": 96,
        "height": 64,
        "num_outputs": 2,
    },
)
for item in output:
    print(item.url if hasattr(item, "url") else item)
