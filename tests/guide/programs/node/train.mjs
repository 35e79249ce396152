import { readFile } from "node:fs/promises";

import Replicate from "replicate";

const replicate = new Replicate({ baseUrl: process.env.REPLICATE_BASE_URL });

const pictures = new Blob([await readFile(process.env.PICTURES)], { type: "application/zip" });
let training = await replicate.trainings.create("stability-ai", "sdxl", process.env.SDXL_VERSION, {
  destination: process.env.DESTINATION,
  input: {
    input_images: (await replicate.files.create(pictures)).urls.get,
    token_string: "TOK",
    caption_prefix: "a photo of TOK, ",
    max_train_steps: 1000,
    use_face_detection_instead: false,
  },
});
while (!["succeeded", "failed", "canceled"].includes(training.status)) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  training = await replicate.trainings.get(training.id);
}
console.log(training.status);
console.log(training.output.version);
