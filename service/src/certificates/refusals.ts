// What the certificate part refuses, and what it tells the person to do.
import { refusals } from "../errors.ts";
import "../collection/refusals.ts";

export const certificateRefusals = refusals({
  CERTIFICATE_KIND_UNKNOWN: {
    status: 400,
    zh: "没有这种证明。请从列出的证明种类中选择。",
    en: "There is no such kind of certificate. Choose one of those listed.",
  },
  CERTIFICATE_NOT_FOUND: {
    status: 404,
    zh: "没有找到这份证明。请核对后重试。",
    en: "This certificate was not found. Check and try again.",
  },
  LEVEL_NOT_REACHED: {
    status: 404,
    zh: "这份证明尚未达到所要的签章级别。请稍后再试，或不指定级别下载现有文件。",
    en: "This certificate has not reached that level of its seal yet. Try later, or ask without a level for the file as it is.",
  },
  RECEIPT_NOT_FOUND: {
    status: 404,
    zh: "本中心没有与此对应的凭证。请核对文件或二维码是否来自本中心。",
    en: "This centre has no receipt for it. Check that the file or the code comes from this centre.",
  },
  ACCOUNT_CLOSED: {
    status: 409,
    zh: "该账户已销户，不能开具缴存证明。请到柜台查询历史缴存记录。",
    en: "This account is closed, so no deposit certificate can be issued. Ask at the counter for the past record.",
  },
  CERTIFICATE_NOT_REPLACEABLE: {
    status: 409,
    zh: "这份证明不能换发：它不是同一账户的同种证明，或者已经失效、正在办理撤销。请直接开具一份新的证明。",
    en: "This certificate cannot be replaced: it is not one of the same kind and account, or it has ended or is about to be revoked. Ask for a new one instead.",
  },
  SERIAL_INVALID: {
    status: 400,
    zh: "证明编号不正确：校验位不符。请逐位核对纸面上的证照标识。",
    en: "The certificate number is wrong: its check character does not fit. Compare it digit by digit with the paper.",
  },
  REVOCATION_EXISTS: {
    status: 409,
    zh: "这份证明已有一项撤销申请。请由另一位复核人员处理该申请。",
    en: "A revocation of this certificate is already proposed. Another officer has to decide on it.",
  },
  REVOCATION_WITHOUT_SUCCESSOR: {
    status: 400,
    zh: "“已被新的证明取代”由系统在换发时登记，不能人工选择。请换发新证明，或选择其他撤销原因。",
    en: "That a newer certificate replaces it is written down when that one is issued, not by hand. Issue a replacement, or choose another reason.",
  },
  REVOCATION_NOT_PROPOSED: {
    status: 409,
    zh: "这份证明没有待复核的撤销申请。",
    en: "There is no proposed revocation of this certificate to confirm.",
  },
  FOUR_EYES_NEEDED: {
    status: 403,
    zh: "本人提出的申请不能由本人复核。请由另一位复核人员办理。",
    en: "You cannot confirm what you proposed yourself. Another officer has to do it.",
  },
});
