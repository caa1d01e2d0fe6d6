import { expect, it } from "vitest";
import { figuresOfKinds } from "../../../service/src/proof/figures.ts";
import type { FigureUnit } from "../../../service/src/proof/figures.ts";
import { longestQrMessage, prepareQr } from "../../../service/src/proof/qr-summary.ts";

/** Forty million yuan is more than any account or loan of a fund; what is counted stays below the rows of a certificate. */
const largest: Record<FigureUnit, number> = {
  fen: 2 ** 32 - 1,
  count: 65_535,
  months: 65_535,
  month: 999_912,
  day: 99_991_231,
};

it.each(Object.keys(figuresOfKinds))(
  "the code of %s holds its largest figures beside the longest name and number",
  (kind) => {
    const { finish } = prepareQr(
      {
        centre: "C46010",
        kind,
        serial: "11100000000013338W999.12460000000000000C.26112299999999.001.K",
        statusIndex: 2 ** 32 - 1,
        maskedName: "𠮷********",
        maskedNumber: "000***********1233",
        figures: figuresOfKinds[kind]!.map(({ unit }) => largest[unit]),
        issuedDay: 2_932_896,
        validUntilDay: 2_932_896,
        recordDigest: new Uint8Array(32),
      },
      new Uint8Array(8),
    );
    expect(finish(new Uint8Array(64)).length).toBeLessThanOrEqual(longestQrMessage);
  },
);
