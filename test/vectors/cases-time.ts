// Standing, and keys in time.
import * as w from "../verify/world.ts";
import { add, eachChain, eachList, keyOf, setReceipt, revoke, bad, unsure, away } from "./case.ts";

// Standing
add(
  "file",
  "revoked",
  ["no-longer-valid", "standing", "revoked-error"],
  "Revoked for an error in the record.",
  "Not asking the chain.",
  {},
  (world) => revoke(world, 1),
);
add(
  "file",
  "superseded",
  ["no-longer-valid", "standing", "superseded"],
  "A newer certificate replaced it.",
  "One word for all reasons.",
  {},
  (world) => revoke(world, 3),
);
add(
  "file",
  "expired",
  ["no-longer-valid", "standing", "expired"],
  "The day after the last day of validity begins in Beijing.",
  "Judging days in UTC.",
  {},
  (world) => {
    world.recorded.now = "2026-12-22T00:00:00+08:00";
    eachChain(world, (s) => {
      s.headTime = w.seconds("2026-12-21T23:59:00+08:00");
    });
  },
);
add(
  "file",
  "last-minute",
  ["genuine", "standing", "valid"],
  "The last minute of the last day.",
  "Expiring a day early.",
  {},
  (world) => {
    world.recorded.now = "2026-12-21T23:59:59+08:00";
    eachChain(world, (s) => {
      s.headTime = w.seconds("2026-12-21T23:59:00+08:00");
    });
  },
);

// Keys in time
add(
  "file",
  "key-distrusted-before",
  bad("trust", "key-distrusted"),
  "The seal's key was distrusted before the certificate existed.",
  "Accepting any key that was ever listed.",
  {},
  (world) =>
    eachList(world, (list) => {
      keyOf(list, "seal").distrustedSince = w.witnessedAt - 60;
    }),
);
add(
  "file",
  "one-witness-backdates",
  bad("trust", "key-distrusted"),
  "One of two witnesses writes a time before the theft.",
  "Taking the earliest witness for the time of existence.",
  { note: { witnesses: [] } },
  (world) => {
    const early = w.makeNote(world.size, world.root, { witnesses: ["C14010"], time: w.witnessedAt - 86_400 });
    const late = w.makeNote(world.size, world.root, { witnesses: ["C63010"], log: undefined });
    setReceipt(world, { ...world.receipt, checkpoint: early + late.split("\n\n")[1]! });
    eachList(world, (list) => {
      keyOf(list, "seal").distrustedSince = w.witnessedAt - 60;
    });
  },
);
add(
  "file",
  "distrusted-witness",
  unsure("anchor", "chain-unreachable"),
  "With the chain away, a witness whose key is distrusted later does not count: its time may be invented.",
  "Believing the time that a stolen key wrote.",
  {},
  (world) => {
    away(world);
    eachList(world, (list) => {
      keyOf(list, "witness", "C14010").distrustedSince = w.anchoredAt + 3600;
    });
  },
);
add(
  "file",
  "certificate-expired-then",
  bad("trust", "certificate-not-in-period"),
  "The seal's certificate ran out before the certificate existed.",
  "Checking validity today, or not at all.",
  { certificate: { notAfter: "2026-11-20T00:00:00" } },
  (world) =>
    eachList(world, (list) => {
      keyOf(list, "seal").value = world.leaf.signer;
    }),
);
