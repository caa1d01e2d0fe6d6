// A centre's service as it always is, but that it dies of kill -9 at one named step. CRASH_PLAN names a file; while that file
// holds the name of a step, the process that comes there first takes the file away and is gone: once, whatever runs next.
import fs from "node:fs";
import process from "node:process";
import { readConfig } from "../../service/src/config.ts";
import { createLogger } from "../../service/src/logging.ts";
import { startService } from "../../service/src/server.ts";

const plan = process.env.CRASH_PLAN!;

function onStep(step: string): void {
  if (!fs.existsSync(plan) || fs.readFileSync(plan, "utf8") !== step) return;
  fs.renameSync(plan, `${plan}.done`);
  process.kill(process.pid, "SIGKILL");
}

const config = readConfig(process.env);
const log = createLogger({ level: config.logLevel, centreCode: config.centre.code });
const service = await startService(config, log, { onStep });
const stop = () => void service.close().then(() => process.exit(0));
process.on("SIGTERM", stop);
process.on("disconnect", stop);
