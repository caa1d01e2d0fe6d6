// The persons whom a demonstration knows by name, and how synthetic identities are made. No real ID number begins with
// 00: first two digits name a province, and none has that number.
import { creditCodeCheck, idNumberCheck } from "../../service/src/collection/identity-number.ts";
import { demonstrationCentre } from "./centres.ts";

export type DemonstrationRole = "regular" | "loan" | "settled" | "two-loans" | "sealed" | "rare-name" | "two-centres";

export interface DemonstrationPerson {
  centreCode: string;
  role: DemonstrationRole;
  name: string;
  documentType: "01";
  idNumber: string;
  phone: string;
  /** GRZH at this centre */
  accountNumber: string;
  /** what this person shows */
  zh: string;
  en: string;
}

/** A synthetic ID number: region 0001xx, day of birth YYYYMMDD, three digits, check character. */
export function syntheticIdNumber(region: number, born: string, sequence: number): string {
  const first17 = `0001${String(region).padStart(2, "0")}${born}${String(sequence).padStart(3, "0")}`;
  return first17 + idNumberCheck(first17);
}

/** A synthetic unified social credit code: an enterprise (91) of region 000000. */
export function syntheticCreditCode(number: number): string {
  const first17 = `91000000${String(number).padStart(9, "0")}`;
  return first17 + creditCodeCheck(first17);
}

/** GRZH of a demonstration centre: four digits of its code and a running number. */
export function accountNumberOf(centreCode: string, sequence: number): string {
  return `${centreCode.slice(1, 5)}${String(sequence).padStart(8, "0")}`;
}

const descriptions: Record<DemonstrationRole, { zh: string; en: string }> = {
  regular: { zh: "连续缴存，无贷款", en: "deposits every month, no loan" },
  loan: { zh: "连续缴存，一笔未结清贷款", en: "deposits every month, one loan running" },
  settled: { zh: "一笔贷款已结清，可开结清证明", en: "one loan, settled: may get a settlement certificate" },
  "two-loans": {
    zh: "两笔贷款记录，不得开具异地贷款证明",
    en: "two loans: no certificate for a loan in another city",
  },
  sealed: { zh: "账户已封存", en: "the account is sealed" },
  "rare-name": { zh: "姓名含罕用字", en: "a name with a rare character" },
  "two-centres": { zh: "在两个中心都有账户，用于失信名单演示", en: "known at two centres, for the shared blacklist" },
};

const names: Record<string, Record<Exclude<DemonstrationRole, "two-centres">, string>> = {
  C46010: {
    regular: "陈安宁",
    loan: "符海生",
    settled: "王静怡",
    "two-loans": "林志远",
    sealed: "吴清源",
    "rare-name": "李𠮷安",
  },
  C14010: {
    regular: "郭晋平",
    loan: "武文博",
    settled: "张秀兰",
    "two-loans": "任建国",
    sealed: "薛明月",
    "rare-name": "刘䶮",
  },
  C63010: {
    regular: "马晓峰",
    loan: "韩雪梅",
    settled: "李青山",
    "two-loans": "祁永福",
    sealed: "赵雅琴",
    "rare-name": "王㛃",
  },
  C37170: {
    regular: "孔令德",
    loan: "曹丽华",
    settled: "朱建军",
    "two-loans": "侯国强",
    sealed: "成红霞",
    "rare-name": "孙𠮷庆",
  },
};

const twoCentres = ["C46010", "C14010"];

/** The demonstration persons of a centre, always the same: their accounts are the first ones of its depositor list. */
export function demonstrationPersons(centreCode: string): DemonstrationPerson[] {
  const { index } = demonstrationCentre(centreCode);
  const roles = Object.entries(names[centreCode]!) as [DemonstrationRole, string][];
  const persons = roles.map(([role, name], position) =>
    person(
      centreCode,
      role,
      name,
      position + 1,
      syntheticIdNumber(index, `198${position}0${position + 1}15`, 100 + index),
      `1990000${index}00${position + 1}`,
    ),
  );
  if (twoCentres.includes(centreCode))
    persons.push(person(centreCode, "two-centres", "周同舟", 7, syntheticIdNumber(9, "19850620", 117), "19900009007"));
  return persons;
}

function person(
  centreCode: string,
  role: DemonstrationRole,
  name: string,
  sequence: number,
  idNumber: string,
  phone: string,
): DemonstrationPerson {
  const accountNumber = accountNumberOf(centreCode, sequence);
  return { centreCode, role, name, documentType: "01", idNumber, phone, accountNumber, ...descriptions[role] };
}
