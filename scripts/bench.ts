// npm run bench [-- NAME…]: measures what the design promises, beside a named baseline and probes of the same machine.
// `npm run bench -- --help` says more. The figures stand in test/bench/, one small file each; this file only starts them,
// because scripts import no tests.
//
// A Ctrl-C reaches the benchmark as well, which stops its own Postgres first; so we wait for its end whatever happens.
import { spawn } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

const child = spawn(process.execPath, [path.join(root, "test", "bench", "bench.ts"), ...process.argv.slice(2)], {
  stdio: "inherit",
});
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => child.kill(name));
child.once("error", (error) => {
  console.error(error.message);
  process.exitCode = 70;
});
child.once("exit", (code, signal) => {
  process.exitCode = code ?? 128 + (signal ? os.constants.signals[signal] : 0);
});
