// Checks in a thread of its own, so that a large receipt does not freeze the page.

import { check } from "./check.mjs";

addEventListener("message", async ({ data: { file, key } }) => {
  postMessage({ done: await check(file, key, (progress) => postMessage({ progress })) });
});
