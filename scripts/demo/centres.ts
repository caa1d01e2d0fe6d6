// The four centres of the demonstration and their dated parameters.
import type { Parameter } from "../../service/src/parameters/parameter.ts";

export interface DemonstrationCentre {
  code: string;
  /** city whose name the units carry, and its telephone code */
  city: string;
  areaCode: string;
  /** position from 1, part of synthetic numbers */
  index: number;
  seed: number;
}

export const demonstrationCentres: readonly DemonstrationCentre[] = [
  { code: "C46010", city: "海口", areaCode: "0898", index: 1, seed: 46010 },
  { code: "C14010", city: "太原", areaCode: "0351", index: 2, seed: 14010 },
  { code: "C63010", city: "西宁", areaCode: "0971", index: 3, seed: 63010 },
  { code: "C37170", city: "菏泽", areaCode: "0530", index: 4, seed: 37170 },
];

/** The demonstration centre with this code. @throws RangeError for any other */
export function demonstrationCentre(code: string): DemonstrationCentre {
  const centre = demonstrationCentres.find((candidate) => candidate.code === code);
  if (!centre) throw new RangeError(`${code} is not one of the demonstration centres`);
  return centre;
}

const demonstration = "演示值，非本市公布的标准 / demonstration value, not a published limit";

/** Lower and upper base in fen from each July; the newest of three centres is as published, the others demonstrate. */
const baseLimits: Record<string, [validFrom: string, lowerFen: string, upperFen: string, source: string][]> = {
  C46010: [
    ["2020-07-01", "167000", "2500000", demonstration],
    ["2024-07-01", "201000", "2850000", demonstration],
    ["2025-07-01", "210000", "2950000", demonstration],
    [
      "2026-07-01",
      "225000",
      "3045267",
      "海口 2026 年度缴存基数上限 30452.67 元、下限 2250 元（政策汇编，需以公布原文核对）",
    ],
  ],
  C14010: [
    ["2020-07-01", "170000", "2400000", demonstration],
    ["2024-07-01", "188000", "2700000", demonstration],
    ["2025-07-01", "195000", "2800000", demonstration],
    [
      "2026-07-01",
      "195000",
      "2910000",
      "太原 2026 年度缴存基数上限 29100 元、下限 1950 至 2150 元按县区，此处取 1950（政策汇编，需以公布原文核对）",
    ],
  ],
  C63010: [
    ["2020-07-01", "170000", "2500000", demonstration],
    ["2024-07-01", "188000", "2900000", demonstration],
    ["2025-07-01", "200000", "3000000", demonstration],
    [
      "2026-07-01",
      "208000",
      "3199500",
      "西宁 2026 年度缴存基数上限 31995 元、下限 2080 元（政策汇编，需以公布原文核对）",
    ],
  ],
  C37170: [
    ["2020-07-01", "170000", "2200000", demonstration],
    ["2024-07-01", "182000", "2400000", demonstration],
    ["2025-07-01", "200000", "2500000", demonstration],
    ["2026-07-01", "210000", "2600000", demonstration],
  ],
};

/** All dated parameters of a demonstration centre. */
export function demonstrationParameters(code: string): Parameter[] {
  const national = "GB/T 51271-2017：单位与职工部分分别以元为单位，元以下四舍五入";
  return [
    ...baseLimits[demonstrationCentre(code).code]!.map(([validFrom, lowerFen, upperFen, source]): Parameter => ({
      code: "deposit.base_limits",
      validFrom,
      value: { lowerFen, upperFen },
      source,
    })),
    {
      code: "deposit.ratio_limits",
      validFrom: "2020-07-01",
      value: { lowerBp: 500, upperBp: 1200 },
      source: "条例第十八条、建金管〔2005〕5号：各不低于 5%，不高于 12%",
    },
    {
      code: "deposit.rounding",
      validFrom: "2020-07-01",
      // One centre rounds otherwise, as some do, so that the demonstration shows that it is a parameter.
      value: code === "C37170" ? { unitFen: 10, scope: "part" } : { unitFen: 100, scope: "part" },
      source: code === "C37170" ? demonstration : national,
    },
    {
      code: "deposit.year_start",
      validFrom: "2020-07-01",
      value: { month: 7 },
      source: "缴存年度 7 月 1 日至次年 6 月 30 日",
    },
    {
      code: "certificate.validity_days",
      validFrom: "2020-07-01",
      value: { default: 30 },
      source: "无全国统一规定，本系统默认 30 日 / no national rule; default of this system",
    },
    {
      code: "certificate.contact",
      validFrom: "2020-07-01",
      // Words that the form has already; a number that nobody has.
      value: { office: "异地贷款经办中心", phone: `${demonstrationCentre(code).areaCode}-00000000` },
      source: demonstration,
    },
    {
      code: "loan.due_day",
      validFrom: "2020-07-01",
      value: { day: 20, firstAfterMonths: 1 },
      source: demonstration,
    },
  ];
}
