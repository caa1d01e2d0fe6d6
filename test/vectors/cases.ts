// All cases, in the order of the manifest.
import "./cases-file.ts";
import "./cases-seal.ts";
import "./cases-log.ts";
import "./cases-time.ts";
import "./cases-qr.ts";

export { vectorCases } from "./case.ts";
export type { VectorCase } from "./case.ts";
