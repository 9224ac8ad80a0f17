// Runs in the process of a Node.js function, before MiniStack's worker script.
//
// What an invocation has logged ends with a mark, so that nobody waits in case there is more. And
// what a handler has thrown is an answer: MiniStack ends the process of what it takes for a failure.
{
  const END_OF_LOG = "@END_OF_LOG@"; // local.patches.lambda_runtime has it replaced
  const answered = process.stdout.write.bind(process.stdout);
  process.stdout.write = (line, ...rest) => {
    let answer;
    try { answer = JSON.parse(line); } catch { return answered(line, ...rest); }
    if (answer.status !== "ready") process.stderr.write(END_OF_LOG + "\n");
    if ("trace" in answer) line = JSON.stringify({ status: "ok", raised: answer }) + "\n";
    return answered(line, ...rest);
  };
}
