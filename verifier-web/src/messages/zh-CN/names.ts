// Names that come with data and still deserve the web font: centres, kinds, common words of accounts.
export const names = {
  // As the kinds call themselves; a test holds the two together.
  kinds: {
    deposit: "个人住房公积金缴存证明",
    "deposit-detail": "个人住房公积金缴存明细",
    "loan-elsewhere": "异地贷款职工住房公积金缴存使用证明",
    "loan-settled": "个人住房公积金贷款结清证明",
    "loan-repayments": "个人住房公积金贷款还款明细",
    "loan-schedule": "个人住房公积金贷款还款计划",
    "unit-deposit": "单位住房公积金缴存证明",
  },
  centres: {
    C46010: "海南省住房公积金管理局",
    C14010: "太原市住房公积金管理中心",
    C63010: "西宁市住房公积金管理中心",
    C37170: "菏泽市住房公积金管理中心",
  },
  units: { months: "{count} 个月", noData: "中心没有此项数据" },
};
