// All cases, in the order of the manifest.
import "./cases-file.ts";
import "./cases-seal.ts";
import "./cases-log.ts";
import "./cases-time.ts";
import "./cases-qr.ts";
import "./cases-levels.ts";
import "./cases-additions.ts";
import "./cases-readings.ts";

export { vectorCases } from "./case.ts";
export type { VectorCase } from "./case.ts";
