// Demonstration data of a centre as the files that a real centre would hand over, the same for the same seed, size and day.
import type { ParameterValues } from "../../service/src/parameters/parameter.ts";
import { valueOn } from "../../service/src/parameters/parameter.ts";
import type { Parameter } from "../../service/src/parameters/parameter.ts";
import { monthAmounts } from "../../service/src/collection/amount.ts";
import { addMonths, firstDay, monthsBetween } from "../../service/src/collection/month.ts";
import { yuanOfFen } from "../../service/src/ledger/money.ts";
import { demonstrationCentre, demonstrationParameters } from "./centres.ts";
import type { DemonstrationCentre } from "./centres.ts";
import { csv } from "./csv.ts";
import { encodeGb18030 } from "./gb18030.ts";
import { generateLoans } from "./loans.ts";
import { accountNumberOf, demonstrationPersons, syntheticCreditCode, syntheticIdNumber } from "./persons.ts";
import type { DemonstrationRole } from "./persons.ts";
import { seededRandom } from "./random.ts";
import type { SeededRandom } from "./random.ts";

export interface DemonstrationSize {
  units: number;
  depositors: number;
  /** months of remittance, the last one being the month before `today` */
  months: number;
}

export const demonstrationSizes = {
  full: { units: 60, depositors: 1_200, months: 26 },
  small: { units: 6, depositors: 60, months: 14 },
} as const satisfies Record<string, DemonstrationSize>;

export interface DemonstrationFile {
  name: string;
  content: Buffer;
}

export interface DemonstrationUnit {
  accountNumber: string;
  name: string;
  creditCode: string;
  openedOn: string;
  /** table A.4 */
  state: string;
  unitRatioBp: number;
  personRatioBp: number;
  /** the last month that it remits */
  lastMonth: string;
}

export interface DemonstrationDepositor {
  accountNumber: string;
  name: string;
  idNumber: string;
  phone: string;
  unit: DemonstrationUnit;
  openedOn: string;
  /** table A.6 */
  state: string;
  /** base of this year; earlier years had less */
  baseFen: bigint;
  openingFen: bigint;
  firstMonth: string;
  lastMonth: string;
  /** a month that was left out, if any */
  missedMonth: string | undefined;
  role: DemonstrationRole | undefined;
}

/**
 * Files of a demonstration centre: units (UTF-8 with BOM), depositors (GB 18030), remittances by year (UTF-8), loans (UTF-8,
 * CRLF) and their repayments (UTF-8).
 * @param today YYYY-MM-DD
 */
export function generateFiles(centreCode: string, size: DemonstrationSize, today: string): DemonstrationFile[] {
  const centre = demonstrationCentre(centreCode);
  const random = seededRandom(centre.seed);
  const rules = rulesOf(demonstrationParameters(centreCode));
  const lastMonth = addMonths(today.slice(0, 7), -1);
  const firstMonth = addMonths(lastMonth, 1 - size.months);
  const units = makeUnits(centre, size.units, lastMonth, random);
  const depositors = makeDepositors(centre, size.depositors, units, firstMonth, lastMonth, rules, random);
  const { loans, repayments } = generateLoans(centre, depositors, today, random);
  return [
    { name: "units.csv", content: Buffer.from(`\ufeff${unitFile(units, firstMonth)}`) },
    { name: "depositors.csv", content: encodeGb18030(depositorFile(depositors, firstMonth, rules, today)) },
    ...remittanceFiles(centre, units, depositors, firstMonth, lastMonth, rules),
    { name: "loans.csv", content: Buffer.from(loans) },
    { name: "repayments.csv", content: Buffer.from(repayments) },
  ];
}

interface GeneratorRules {
  amounts(baseFen: bigint, unit: DemonstrationUnit, month: string): { unitFen: bigint; personFen: bigint };
  limits(month: string): { lower: bigint; upper: bigint };
}

function rulesOf(parameters: readonly Parameter[]): GeneratorRules {
  const rows = <C extends keyof ParameterValues>(code: C) =>
    parameters.filter((row) => row.code === code) as Parameter<C>[];
  const base = rows("deposit.base_limits");
  const rounding = rows("deposit.rounding");
  return {
    amounts: (baseFen, unit, month) =>
      monthAmounts(
        baseFen,
        unit.unitRatioBp,
        unit.personRatioBp,
        valueOn(rounding, "deposit.rounding", firstDay(month)),
      ),
    limits: (month) => {
      const { lowerFen, upperFen } = valueOn(base, "deposit.base_limits", firstDay(month));
      return { lower: BigInt(lowerFen), upper: BigInt(upperFen) };
    },
  };
}

const trades = [
  "热带农业",
  "港航物流",
  "信息技术",
  "建筑工程",
  "医药",
  "文化旅游",
  "装备制造",
  "新能源",
  "食品",
  "教育咨询",
  "商贸",
  "环保科技",
];
const words = ["恒信", "瑞丰", "安和", "众诚", "华盛", "明德", "博远", "同泰", "嘉禾", "启航", "金桥", "云山"];
const forms = ["有限公司", "股份有限公司", "有限责任公司", "集团有限公司", "研究院", "服务中心"];

function makeUnits(
  centre: DemonstrationCentre,
  count: number,
  lastMonth: string,
  random: SeededRandom,
): DemonstrationUnit[] {
  return Array.from({ length: count }, (_, index) => {
    const ratioBp = random.pick([500, 700, 800, 1000, 1200, 1200]);
    // The last unit but one defers its deposits; one has the longest name that a certificate has to hold.
    const deferred = count > 3 && index === count - 2;
    return {
      accountNumber: `${centre.code.slice(1, 5)}${String(index + 1).padStart(6, "0")}`,
      name:
        index === 1
          ? `${centre.city}演示国家高新技术产业开发区人力资源和社会保障事务代理服务中心（灵活就业人员及劳务派遣专户）`
          : `${centre.city}演示${random.pick(words)}${random.pick(trades)}${random.pick(forms)}第${index + 1}分部`,
      creditCode: syntheticCreditCode(centre.index * 100_000 + index + 1),
      openedOn: `${random.between(2003, 2019)}-${pad(random.between(1, 12))}-${pad(random.between(1, 28))}`,
      state: deferred ? "03" : "01",
      unitRatioBp: ratioBp,
      personRatioBp: ratioBp,
      lastMonth: deferred ? addMonths(lastMonth, -3) : lastMonth,
    };
  });
}

const surnames = [..."王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹"];
const given = [..."伟芳娜敏静强磊军洋勇艳杰涛明超兰霞平刚辉红玉梅琳博文宇浩晨欣怡佳雪峰志远海波𠮷䶮㛃"];

function makeDepositors(
  centre: DemonstrationCentre,
  count: number,
  units: readonly DemonstrationUnit[],
  firstMonth: string,
  lastMonth: string,
  rules: GeneratorRules,
  random: SeededRandom,
): DemonstrationDepositor[] {
  const known = demonstrationPersons(centre.code);
  const { lower, upper } = rules.limits(lastMonth);
  const used = new Set(known.map((person) => person.idNumber));
  return Array.from({ length: count }, (_, index) => {
    const person = known[index];
    const unit = units[person ? index % Math.min(3, units.length) : random.below(units.length)]!;
    const atUpper = random.chance(3);
    const baseFen = atUpper ? upper : lower + BigInt(random.below(Number((upper - lower) / 300n))) * 100n;
    const months = monthsBetween(firstMonth, lastMonth);
    const newcomer = !person && months > 0 && random.chance(25);
    const start = newcomer ? addMonths(firstMonth, random.between(1, Math.min(10, months))) : firstMonth;
    const sealed = person ? person.role === "sealed" : random.chance(6);
    const end = sealed ? addMonths(unit.lastMonth, -random.between(1, 3)) : unit.lastMonth;
    const missed = !person && random.chance(8) ? addMonths(firstMonth, random.between(11, 12)) : undefined;
    const frozen = !person && !sealed && random.chance(1);
    return {
      accountNumber: accountNumberOf(centre.code, index + 1),
      name: person?.name ?? random.pick(surnames) + random.pick(given) + (random.chance(60) ? random.pick(given) : ""),
      idNumber: person?.idNumber ?? newIdNumber(centre.index, index % 1000, used, random),
      phone: person?.phone ?? `1990${centre.index}${String(index + 1).padStart(6, "0")}`,
      unit,
      openedOn: newcomer ? `${start}-05` : `${random.between(2020, 2023)}-${pad(random.between(1, 12))}-10`,
      state: sealed ? "02" : frozen ? "06" : "01",
      baseFen,
      openingFen: newcomer ? 0n : BigInt(random.between(100_000, 9_000_000)),
      firstMonth: start,
      lastMonth: end,
      missedMonth: missed,
      role: person?.role,
    };
  });
}

/** An ID number that nobody of `used` has, and adds it there. */
function newIdNumber(region: number, sequence: number, used: Set<string>, random: SeededRandom): string {
  for (;;) {
    const born = `${random.between(1968, 2001)}${pad(random.between(1, 12))}${pad(random.between(1, 28))}`;
    const number = syntheticIdNumber(region, born, sequence);
    if (used.has(number)) continue;
    used.add(number);
    return number;
  }
}

/** Bases rise by 4 % each July, so those of earlier years were lower; always within the limits of their year. */
function baseIn(month: string, depositor: DemonstrationDepositor, thisYear: number, rules: GeneratorRules): bigint {
  let fen = depositor.baseFen;
  for (let year = contributionYear(month); year < thisYear; year++) fen = (fen * 96n) / 100n;
  const { lower, upper } = rules.limits(month);
  const whole = contributionYear(month) === thisYear ? fen : (fen / 100n) * 100n;
  return whole < lower ? lower : whole > upper ? upper : whole;
}

function contributionYear(month: string): number {
  return Number(month.slice(0, 4)) - (month.slice(5) < "07" ? 1 : 0);
}

function unitFile(units: readonly DemonstrationUnit[], firstMonth: string): string {
  return csv(
    ["DWZH", "DWMC", "ZZJGDM", "DWKHRQ", "DWZHZT", "DWJCBL", "GRJCBL", "JZNY"],
    units.map((unit) => [
      unit.accountNumber,
      unit.name,
      unit.creditCode,
      unit.openedOn.replaceAll("-", ""),
      unit.state,
      ratio(unit.unitRatioBp),
      ratio(unit.personRatioBp),
      addMonths(firstMonth, -1),
    ]),
    "\n",
  );
}

function depositorFile(
  depositors: readonly DemonstrationDepositor[],
  firstMonth: string,
  rules: GeneratorRules,
  today: string,
): string {
  const header = "GRZH,XingMing,ZJLX,ZJHM,SJHM,DWZH,KHRQ,GRZHZT,GRJCJS,DWYJCE,GRYJCE,JZNY,GRZHYE".split(",");
  return csv(
    header,
    depositors.map((depositor) => {
      const { unitFen, personFen } = rules.amounts(depositor.baseFen, depositor.unit, today.slice(0, 7));
      return [
        depositor.accountNumber,
        depositor.name,
        "01",
        depositor.idNumber,
        depositor.phone,
        depositor.unit.accountNumber,
        depositor.openedOn.replaceAll("-", ""),
        depositor.state,
        yuanOfFen(depositor.baseFen),
        yuanOfFen(unitFen),
        yuanOfFen(personFen),
        depositor.firstMonth === firstMonth ? addMonths(firstMonth, -1) : "",
        yuanOfFen(depositor.openingFen),
      ];
    }),
    "\n",
  );
}

function remittanceFiles(
  centre: DemonstrationCentre,
  units: readonly DemonstrationUnit[],
  depositors: readonly DemonstrationDepositor[],
  firstMonth: string,
  lastMonth: string,
  rules: GeneratorRules,
): DemonstrationFile[] {
  const header = "DWZH,HBJNY,YWLSH,JZRQ,GRZH,XingMing,ZJHM,GRJCJS,DWYJCE,GRYJCE".split(",");
  const staff = Map.groupBy(depositors, (depositor) => depositor.unit);
  const byYear = new Map<string, string[][]>();
  for (let month = firstMonth; month <= lastMonth; month = addMonths(month, 1)) {
    for (const unit of units) {
      if (month > unit.lastMonth) continue;
      const number = `HJ${centre.code.slice(1, 5)}${month.replace("-", "")}${unit.accountNumber.slice(-4)}`;
      for (const depositor of staff.get(unit) ?? []) {
        if (month < depositor.firstMonth || month > depositor.lastMonth || month === depositor.missedMonth) continue;
        const baseFen = baseIn(month, depositor, contributionYear(addMonths(lastMonth, 1)), rules);
        const { unitFen, personFen } = rules.amounts(baseFen, unit, month);
        const rows = byYear.get(month.slice(0, 4)) ?? [];
        byYear.set(month.slice(0, 4), rows);
        rows.push([
          unit.accountNumber,
          month,
          number,
          `${month.replace("-", "")}20`,
          depositor.accountNumber,
          depositor.name,
          depositor.idNumber,
          yuanOfFen(baseFen),
          yuanOfFen(unitFen),
          yuanOfFen(personFen),
        ]);
      }
    }
  }
  return [...byYear].map(([year, rows]) => ({
    name: `remittance-${year}.csv`,
    content: Buffer.from(csv(header, rows, "\n")),
  }));
}

const pad = (number: number) => String(number).padStart(2, "0");
const ratio = (bp: number) => (bp / 10_000).toFixed(2);
