import Replicate from "replicate";

const replicate = new Replicate({ baseUrl: process.env.REPLICATE_BASE_URL });

const output = await replicate.run(`stability-ai/sdxl:${process.env.SDXL_VERSION}`, {
  input: {
    prompt: "an astronaut riding a horse",
    negative_prompt: "blurry",
    width: 96,
    height: 64,
    num_outputs: 2,
  },
});
for (const item of output) {
  console.log(typeof item === "string" ? item : item.url().href);
}
