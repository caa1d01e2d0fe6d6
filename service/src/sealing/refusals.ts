// What raising a seal's level can end with. None of it reaches a holder: the certificate is issued at its lower level, the log
// and the metrics name the code, and the raise is tried again.
import { refusals } from "../errors.ts";

export const sealingRefusals = refusals({
  TIME_STAMP_TOO_LARGE: {
    status: 500,
    zh: "时间戳为 {needed} 字节，文件中为其预留了 {room} 字节。新签发的文件将按新的大小预留。",
    en: "The time-stamp takes {needed} bytes and the file has room for {room}. New files reserve what this authority needs.",
  },
  RENEWAL_TOO_SHORT: {
    status: 502,
    zh: "新的时间戳并不比现有的有效更久。请更换时间戳服务的证书或算法。",
    en: "The new time-stamp would last no longer than the one it renews. The authority needs a newer certificate or algorithm.",
  },
  TIME_STAMP_REFUSED: {
    status: 502,
    zh: "时间戳服务拒绝了请求（状态 {status}）。请核对时间戳服务的设置。",
    en: "The time-stamping authority refused the request (status {status}). Check how the authority is set up.",
  },
  TIME_STAMP_INVALID: {
    status: 502,
    zh: "时间戳服务的应答无效：{why}。请核对时间戳服务的地址与证书。",
    en: "The answer of the time-stamping authority is not valid: {why}. Check its address and its certificate.",
  },
  AUTHORITY_UNREACHABLE: {
    status: 502,
    zh: "无法从 {host} 取得应答：{why}。服务将自动重试。",
    en: "{host} gave no answer that can be used: {why}. The service tries again by itself.",
  },
  EVIDENCE_MISSING: {
    status: 502,
    zh: "取不到长期验证所需材料（{why}）。请核对吊销列表地址与根证书设置。",
    en: "What long-term validation needs could not be had ({why}). Check REVOCATION_URLS and REVOCATION_ROOTS_FILE.",
  },
  EVIDENCE_INCOMPLETE: {
    status: 500,
    zh: "长期验证所需材料不全：缺少{what}。请核对吊销列表地址与根证书设置。",
    en: "What long-term validation needs is incomplete: {what} is missing. Check REVOCATION_URLS and REVOCATION_ROOTS_FILE.",
  },
  REVOCATION_LIST_INVALID: {
    status: 502,
    zh: "证书撤销列表无效：{why}。请核对撤销列表的地址。",
    en: "The certificate revocation list is not valid: {why}. Check the address of the list.",
  },
});
