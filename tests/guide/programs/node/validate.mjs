import { readFileSync } from "node:fs";

import Replicate, { validateWebhook } from "replicate";

const replicate = new Replicate({ baseUrl: process.env.REPLICATE_BASE_URL });
const { key } = await replicate.webhooks.default.secret.get();
const { headers, body } = JSON.parse(readFileSync(0, "utf8"));
const request = new Request("http://localhost/hook", { method: "POST", headers, body });
console.log(await validateWebhook(request, key));
