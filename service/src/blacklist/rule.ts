// Rules under which a person may be listed, as data. Article 41 of the Regulation in force since 2026-09-20 bars at every
// centre; a centre's local rule bars at that centre and is a flag elsewhere. What the sources leave open (the day from
// which Article 41 counts) is chosen by the officer and stands in the case.
export interface Rule {
  code: string;
  zh: string;
  en: string;
  /** years of the restriction */
  years: number;
  bars: "everywhere" | "here";
  source: string;
}

export const rules: readonly Rule[] = [
  {
    code: "ART41_WITHDRAWAL",
    zh: "《住房公积金管理条例》第四十一条：骗提住房公积金，三年内不予提取和贷款",
    en: "Regulation on Housing Provident Fund, Art. 41: fraudulent withdrawal, three years without withdrawal or loan",
    years: 3,
    bars: "everywhere",
    source: "国务院令第844号，2026-09-20 起施行，第四十一条",
  },
  {
    code: "ART41_LOAN",
    zh: "《住房公积金管理条例》第四十一条：骗取住房公积金贷款，五年内不予提取和贷款",
    en: "Regulation on Housing Provident Fund, Art. 41: fraudulent loan, five years without withdrawal or loan",
    years: 5,
    bars: "everywhere",
    source: "国务院令第844号，2026-09-20 起施行，第四十一条",
  },
  {
    code: "LOCAL_ATTEMPT",
    zh: "本中心惩戒办法：以虚假材料申请未遂，三年",
    en: "Local measure: attempt with forged material, three years",
    years: 3,
    bars: "here",
    source: "《海南省住房公积金缴存职工失信行为惩戒管理办法》（2017）：未遂三年，自认定之日起",
  },
];

export function ruleOf(code: string): Rule | undefined {
  return rules.find((rule) => rule.code === code);
}
