// Names that come with data and still deserve the web font: centres, kinds, common words of accounts.
export const names = {
  kinds: {
    deposit: "住房公积金缴存证明",
    loan: "住房公积金贷款证明",
    settlement: "住房公积金贷款结清证明",
    "other-place": "异地贷款职工住房公积金缴存使用证明",
  },
  centres: {
    C46010: "海南省住房公积金管理局",
    C14010: "太原市住房公积金管理中心",
    C63010: "西宁市住房公积金管理中心",
    C37170: "菏泽市住房公积金管理中心",
  },
  figures: {
    deposit: ["账户余额", "缴存基数", "单位月缴存额", "个人月缴存额", "连续缴存月数", "缴至年月"],
  },
  units: { months: "{count} 个月", noData: "中心没有此项数据" },
};
