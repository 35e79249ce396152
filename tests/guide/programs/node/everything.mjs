import { writeFile } from "node:fs/promises";

import Replicate from "replicate";

const replicate = new Replicate({ baseUrl: process.env.REPLICATE_BASE_URL });

const found = await replicate.models.search("llama");
console.log(found.results.map((model) => `${model.owner}/${model.name}`).join(" "));

const file = await replicate.files.create(new Blob(["bytes"], { type: "text/plain" }), { note: "kept" });
console.log((await replicate.files.get(file.id)).size);
console.log(await replicate.files.delete(file.id));

let prediction = await replicate.predictions.create({
  model: "meta/llama-2-70b-chat",
  input: { prompt: "Hello there" },
});
prediction = await replicate.wait(prediction, { interval: 100 });
console.log(prediction.status);

for await (const page of replicate.paginate(replicate.predictions.list)) {
  console.log(page.some((each) => each.id === prediction.id));
  break;
}
await writeFile(process.env.SAVED, prediction.output.join(""));
