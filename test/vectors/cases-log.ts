// Receipts, logs, and what the other centres and the chain say.
import { p256 } from "../verify/keys.ts";
import { ecSigner, makeCertificate, sha256 } from "../verify/maker.ts";
import * as w from "../verify/world.ts";
import { add, eachChain, setReceipt, bad, unsure, away } from "./case.ts";

// Receipt and log
add(
  "file",
  "no-receipt",
  bad("receipt", "receipt-none"),
  "Sealed with the centre's true key, and the centre has never issued it.",
  "Genuine without the log: a stolen seal key would be enough.",
  {},
  (world) => {
    world.recorded.receipts = { [w.urlOf(w.issuer)]: {} };
  },
);
add(
  "file",
  "receipt-of-another",
  bad("receipt", "receipt-of-another"),
  "The receipt of another certificate of the same centre.",
  "Checking the proof and not what it is about.",
  {},
  (world) => {
    const other = w.makeWorld({ pdf: { text: "another certificate" } });
    setReceipt(world, other.receipt);
  },
);
add(
  "file",
  "proof-for-another-index",
  bad("inclusion", "proof-wrong"),
  "The proof is good, the index is not its own.",
  "Not binding the index.",
  {},
  (world) => setReceipt(world, { ...world.receipt, index: 4 }),
);
add(
  "file",
  "proof-cut",
  bad("inclusion", "proof-wrong"),
  "The last hash of the proof is missing.",
  "Accepting an inner node as a root.",
  {},
  (world) => setReceipt(world, { ...world.receipt, proof: world.receipt.proof.slice(0, -1) }),
);
add(
  "file",
  "checkpoint-without-log-signature",
  bad("inclusion", "log-signature-missing"),
  "Witnesses signed, the log did not.",
  "Taking any good signature.",
  { note: { log: undefined } },
);
add(
  "file",
  "checkpoint-unsigned",
  bad("inclusion", "checkpoint-malformed"),
  "A checkpoint without any signature line.",
  "Reading three lines and looking no further.",
  {},
  (world) => setReceipt(world, { ...world.receipt, checkpoint: world.receipt.checkpoint!.split("\n\n")[0]! + "\n" }),
);
add(
  "file",
  "checkpoint-signed-by-another-log",
  bad("inclusion", "log-signature-missing"),
  "Another centre's log key under the issuer's name.",
  "Taking any listed log key.",
  { note: { log: "C14010" } },
);
add(
  "file",
  "checkpoint-of-another-log",
  bad("inclusion", "checkpoint-of-another-log"),
  "The proof leads into another centre's log.",
  "Not reading the origin.",
  { note: { code: "C14010", witnesses: ["C63010", "C37170"] } },
);
add(
  "file",
  "checkpoint-of-a-fork",
  bad("anchor", "root-not-on-chain"),
  "The log signs two roots of the same size; the chain holds the other one. Witnesses were deceived too.",
  "Being content with cosignatures while the chain says otherwise.",
  {},
  (world) => {
    eachChain(world, (state) => {
      state.anchors[0]!.root = "cd".repeat(32);
    });
  },
);
add(
  "file",
  "not-in-log-yet",
  ["not-anchored", "anchor", "not-in-log-yet"],
  "Issued seconds ago; the log has not closed over it.",
  "Calling a new certificate forged.",
  {},
  (world) => setReceipt(world, { ...world.receipt, index: null, proof: [], checkpoint: null, anchor: null }),
);
add(
  "file",
  "not-anchored",
  ["not-anchored", "anchor", "not-anchored-yet"],
  "In the log, not on the chain, one witness.",
  "Calling a new certificate genuine, or forged.",
  { note: { witnesses: ["C14010"] } },
  (world) => {
    eachChain(world, (state) => {
      state.anchors = [];
    });
    setReceipt(world, { ...world.receipt, anchor: null });
  },
);
add(
  "file",
  "witness-is-the-issuer",
  ["not-anchored", "anchor", "not-anchored-yet"],
  "The issuer's own witness key does not count.",
  "Counting lines.",
  { note: { witnesses: ["C46010", "C14010"] } },
  (world) =>
    eachChain(world, (state) => {
      state.anchors = [];
    }),
);
add(
  "file",
  "witness-twice",
  ["not-anchored", "anchor", "not-anchored-yet"],
  "One witness with two lines is one witness.",
  "Counting lines.",
  { note: { witnesses: ["C14010", "C14010"] } },
  (world) =>
    eachChain(world, (state) => {
      state.anchors = [];
    }),
);

// The chain and the other centres
add(
  "file",
  "chain-away",
  unsure("standing", "standing-unreadable"),
  "No centre lets us read the chain: cosignatures anchor it, standing is unknown.",
  "Treating an outage as valid, or as forged.",
  {},
  away,
);
add(
  "file",
  "chain-away-few-cosignatures",
  unsure("anchor", "chain-unreachable"),
  "As before with one witness: nothing anchors it.",
  "Counting one witness as a quorum.",
  { note: { witnesses: ["C14010"] } },
  away,
);
add(
  "file",
  "one-centre-alone",
  unsure("receipt", "not-reached"),
  "Only the issuer answers.",
  "Believing the issuer alone.",
  {},
  (world) => {
    const only = w.urlOf(w.issuer);
    world.recorded.trustLists = { [only]: world.recorded.trustLists[only]! };
  },
);
add(
  "file",
  "proxies-disagree",
  unsure("standing", "standing-disputed"),
  "Two centres answer; one says revoked.",
  "Taking the answer one likes.",
  {},
  (world) => {
    for (const code of ["C63010", "C37170"]) delete world.recorded.chain[w.urlOf(code)];
    world.recorded.chain[w.urlOf("C14010")]!.revocations.push({
      centre: w.issuer,
      index: w.statusIndex,
      reason: 1,
      at: w.anchoredAt + 60,
      block: 4800,
    });
  },
);
add(
  "file",
  "trust-lists-disagree",
  unsure("trust", "trust-list-disputed"),
  "Two lists, one names the signer.",
  "Trusting a seal that one centre alone lists.",
  { signer: ecSigner(p256("a stranger")) },
  (world) => {
    delete world.recorded.trustLists[w.urlOf("C63010")];
    const der = makeCertificate(ecSigner(p256("a stranger")));
    world.recorded.trustLists[w.urlOf("C46010")]!.centres[0]!.keys.push(w.dated("seal", sha256(der)));
  },
);
add(
  "file",
  "chain-stale",
  unsure("standing", "chain-stale"),
  "What the centres know of the chain is two days old.",
  "Missing a revocation because a node sleeps.",
  {},
  (world) =>
    eachChain(world, (state) => {
      state.headTime -= 2 * 86_400;
    }),
);
add(
  "file",
  "issuer-away",
  unsure("receipt", "issuer-unreachable"),
  "The issuer does not answer.",
  "Calling it forged.",
  {},
  (world) => {
    world.recorded.receipts = {};
  },
);
