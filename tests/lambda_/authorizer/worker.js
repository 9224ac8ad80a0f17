// Answers a JSON line with an event by one with what the function returns or throws, as Lambda does.
"use strict";
const { createInterface } = require("node:readline");
const { handle } = require(process.argv[2]);
const lines = createInterface({ input: process.stdin });
console.warn = () => {};
lines.on("line", async (line) => {
  const answer = await handle(JSON.parse(line)).catch((error) => ({ thrown: error.message }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
