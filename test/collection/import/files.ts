// Four small files of a centre that fit together, from which the import's tests make others.
import { syntheticCreditCode, syntheticIdNumber } from "../../../scripts/demo/persons.ts";

export const id = (sequence: number) => syntheticIdNumber(1, "19900101", sequence);

export const units = `DWZH,DWMC,ZZJGDM,DWKHRQ,DWZHZT,DWJCBL,GRJCBL
U1,海口演示一号有限公司,${syntheticCreditCode(1)},20150301,01,0.12,0.12
U2,海口演示二号有限公司,${syntheticCreditCode(2)},2016-05-09,01,0.05,0.05
`;
export const depositors = `GRZH,XingMing,ZJLX,ZJHM,SJHM,DWZH,KHRQ,GRZHZT,GRJCJS,DWYJCE,GRYJCE,GRZHYE
G1,李𠮷安,01,${id(1)},19900000001,U1,20200110,01,10000.00,1200.00,1200.00,5000.00
G2,刘䶮,01,${id(2)},,U1,20200110,01,8888.88,1067.00,1067.00,
G3,王㛃,01,${id(3)},,U2,20210110,02,3000,150,150,10
`;
export const remittance = `DWZH,HBJNY,YWLSH,JZRQ,GRZH,XingMing,ZJHM,GRJCJS,DWYJCE,GRYJCE
U1,2026-09,HJ1,20260918,G1,李𠮷安,${id(1)},10000,1200,1200
U1,2026-09,HJ1,20260918,G2,刘䶮,${id(2)},8888.88,1067,1067
U1,2026-10,HJ2,20261018,G1,李𠮷安,${id(1)},10000,1200,1200
U1,2026-10,HJ2,20261018,G2,刘䶮,${id(2)},8888.88,1067,1067
`;
export const loans = `DKZH,JKHTBH,JKRXM,JKRZJH,HTDKJE,DKFFRQ,DKYE,DKQS,DKLL,DKJQRQ,LJYQQS
D1,H1,李𠮷安,${id(1)},500000,20200601,0,240,0.0310000,20250601,0
D2,H2,李𠮷安,${id(1)},300000,20250701,280000.55,240,0.026,,1
`;
export const good = {
  "units.csv": units,
  "depositors.csv": depositors,
  "remittance.csv": remittance,
  "loans.csv": loans,
};
