import { addMonths } from "../../service/src/collection/month.ts";
import { yuanOfFen } from "../../service/src/ledger/money.ts";
import type { DemonstrationCentre } from "./centres.ts";
import { csv } from "./csv.ts";
import type { DemonstrationDepositor } from "./generate.ts";
import type { SeededRandom } from "./random.ts";

/** The register of loans: about one depositor in seven has one, and the demonstration persons have what their role says. */
export function generateLoans(
  centre: DemonstrationCentre,
  depositors: readonly DemonstrationDepositor[],
  today: string,
  random: SeededRandom,
): string {
  const rows: string[][] = [];
  const add = (depositor: DemonstrationDepositor, settled: boolean) => {
    const number = String(rows.length + 1).padStart(8, "0");
    const disbursedOn = `${random.between(2016, 2022)}${String(random.between(1, 12)).padStart(2, "0")}15`;
    const amountFen = BigInt(random.between(15, 80)) * 1_000_000n;
    const balanceFen = settled ? 0n : (amountFen * BigInt(random.between(20, 90))) / 100n + BigInt(random.below(100));
    rows.push([
      `DK${centre.code.slice(1, 5)}${number}`,
      `HT${centre.code.slice(1, 5)}${disbursedOn.slice(0, 4)}${number}`,
      depositor.name,
      "01",
      depositor.idNumber,
      yuanOfFen(amountFen),
      disbursedOn,
      yuanOfFen(balanceFen),
      String(random.pick([120, 180, 240, 300, 360])),
      random.pick(["0.0260000", "0.0285000", "0.0310000"]),
      settled ? `${addMonths(today.slice(0, 7), -random.between(2, 20)).replace("-", "")}18` : "",
      String(random.chance(10) ? random.between(1, 4) : 0),
    ]);
  };
  for (const depositor of depositors) {
    if (depositor.role === "loan") add(depositor, false);
    else if (depositor.role === "settled") add(depositor, true);
    else if (depositor.role === "two-loans") {
      add(depositor, true);
      add(depositor, false);
    } else if (depositor.role === undefined && random.chance(14)) add(depositor, random.chance(30));
  }
  const header = "DKZH,JKHTBH,JKRXM,JKRZJLX,JKRZJH,HTDKJE,DKFFRQ,DKYE,DKQS,DKLL,DKJQRQ,LJYQQS".split(",");
  return csv(header, rows, "\r\n");
}
