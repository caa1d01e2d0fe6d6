// Writes what the service and the deployment need of the compiled contracts: the ABIs to service/src/chain/abi, and the
// creation bytecode to scripts/stack/bytecode.json, so that neither needs the compiler. Run it after
// `hardhat build` whenever a contract changes; a test compares the files with the artifacts.
import fs from "node:fs";
import { format } from "prettier";

export const contractNames = ["CentreRegistry", "CheckpointAnchor", "CertificateStatus", "Blacklist"] as const;
export type ContractName = (typeof contractNames)[number];

const root = new URL("../", import.meta.url);
const bytecodeFile = new URL("scripts/stack/bytecode.json", root);

/** The text of every generated file, by its address. @throws when the artifacts are missing: run `hardhat build` */
export async function generatedFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const bytecode: Record<string, string> = {};
  for (const name of contractNames) {
    const artifact = JSON.parse(
      fs.readFileSync(new URL(`artifacts/contracts/${name}.sol/${name}.json`, root), "utf8"),
    ) as { abi: unknown; bytecode: string };
    const text = await format(JSON.stringify(artifact.abi), { parser: "json", printWidth: 120 });
    files.set(new URL(`service/src/chain/abi/${name}.json`, root).href, text);
    bytecode[name] = artifact.bytecode;
  }
  files.set(bytecodeFile.href, await format(JSON.stringify(bytecode), { parser: "json", printWidth: 120 }));
  return files;
}

if (import.meta.main) {
  for (const [file, text] of await generatedFiles()) fs.writeFileSync(new URL(file), text);
}
