// Code tables of JGJ/T 320 that collection needs.

/** A.1 个人证件类型 */
export const documentTypes = ["01", "02", "03", "04", "99"] as const;
/** A.4 单位账户状态 */
export const unitStates = ["01", "02", "03", "04", "05", "99"] as const;
/** A.6 个人账户状态 */
export const depositorStates = ["01", "02", "03", "04", "05", "06", "99"] as const;

export const idCard = "01";
export const unitClosed = "04";
export const depositorNormal = "01";
export const depositorSealed = "02";
export const depositorFrozen = "06";
/** merged, moved out, withdrawn: the account has ended */
export const depositorClosed: readonly string[] = ["03", "04", "05"];
/** A.11 还款方式 */
export const repaymentMethods = ["01", "02", "03", "04", "99"] as const;
export const equalInstalments = "01";
export const equalPrincipal = "02";
/** A.15 贷款业务明细类型, those by which money comes back: as planned, early, overdue, from the fund account, settlement */
export const repaymentKinds = ["02", "03", "04", "05", "06"] as const;
export const repaidAsPlanned = "02";

/** Loan account status (local table) */
export const loanNormal = "2";
export const loanSettled = "3";
