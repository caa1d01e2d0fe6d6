// Gas for one certificate when a checkpoint takes in a thousand: a steady anchoring, measured on a chain in this process. Gas is
// the same on every machine, so it needs neither probe nor scaling.
import type { Figure } from "./figure.ts";

const leaves = 1000;
/**
 * OpenAttestation's DocumentStore, `issue(root)`, measured at its head b57a8be (findings on peers). A thousand documents may share
 * a root there too, so its fair figure is the whole call over a thousand.
 */
const openAttestationIssue = 48_156;
/** The same contract's multicall for separate documents, a hundred in one transaction, each. */
const openAttestationEach = 27_506;

export const gasCertificate: Figure = {
  name: "gas.certificate",
  what: ["每份证明的上链 gas（每检查点一千份）", "gas for a certificate, 1,000 to a checkpoint"],
  unit: "gas",
  better: "lower",
  baseline: ["OpenAttestation issue(root)，同样一千份", "OpenAttestation issue(root) for the same 1,000"],
  budget: { value: 70, asked: "a steady anchoring at 70,000 gas or less" },
  probes: [],
  async open() {
    // Builds the contracts when they have changed; loaded here, because it takes a second that --list need not wait for.
    const { createWorld, digest } = await import("../contracts/world.ts");
    const { anchor, hainan } = await createWorld();
    const anchorer = anchor.connect(hainan.anchorer);
    let size = 0;
    const anchorNext = async () => {
      size += leaves;
      const receipt = await (await anchorer.anchor(1, size, digest(`root ${size}`))).wait();
      return Number(receipt!.gasUsed);
    };
    const first = await anchorNext();
    return {
      value: async () => (await anchorNext()) / leaves,
      baseline: async () => openAttestationIssue / leaves,
      notes: () => [
        `the first anchoring of a centre: ${first / leaves} a certificate`,
        `OpenAttestation with a root for each document: ${openAttestationIssue}; in multicalls of a hundred: ${openAttestationEach}`,
      ],
    };
  },
};
