import os

import replicate

output = replicate.run(
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
    print(item)
