// What each code of a verdict means, in the words of a bank's counter. `{name}` is filled from the step's detail.
import type { Detail, Headline } from "./verdict.ts";

export interface Sentence {
  zh: string;
  en: string;
}

/** Sentences of the codes, by step. */
export const messages = {
  // file
  "file-whole": { zh: "文件完整，印章覆盖全部内容。", en: "The file is complete and the seal covers all of it." },
  "file-whole-prolonged": {
    zh: "文件完整，印章覆盖全部内容；之后只添加了延长印章效力的时间戳等材料。",
    en: "The file is complete and the seal covers all that it shows; only what prolongs the seal's life was added later.",
  },
  "file-too-large": {
    zh: "文件过大，不可能是缴存证明。请核对所选文件。",
    en: "The file is too large to be a certificate. Check which file you chose.",
  },
  "not-a-pdf": {
    zh: "这不是 PDF 文件。请选择中心签发的原始 PDF。",
    en: "This is not a PDF. Choose the original PDF that the centre issued.",
  },
  "no-seal": {
    zh: "文件中没有电子印章。打印后扫描或另存的文件不能验真，请索取原始文件或扫描二维码。",
    en: "The file has no seal. A scan or a copy saved anew cannot be verified: ask for the original file or scan the QR code.",
  },
  "several-seals": {
    zh: "文件中有不止一个签名，中心签发的文件只有一个。",
    en: "The file has more than one signature; a centre's certificate has exactly one.",
  },
  "file-cut": {
    zh: "文件不完整，可能下载中断。请重新下载后再验。",
    en: "The file is cut short; perhaps the download broke off. Download it again.",
  },
  "content-appended": {
    zh: "盖章之后文件又被添加了内容。",
    en: "Something was added to the file after it was sealed.",
  },
  "byte-range-wrong": { zh: "印章没有按规定覆盖整个文件。", en: "The seal does not cover the whole file as it must." },
  "contents-wrong": { zh: "印章数据的写法不符合规定。", en: "The seal is not written as it must be." },
  "padding-not-zero": { zh: "印章数据后夹带了其他内容。", en: "Something is hidden behind the seal." },
  "pdf-malformed": {
    zh: "文件结构不是中心签发的样式，可能夹带隐藏内容。",
    en: "The file is not built as centres build theirs; it may hide something.",
  },
  "seal-field-wrong": {
    zh: "印章没有放在规定的签名域中。",
    en: "The seal does not stand in the signature field where it must.",
  },
  "store-wrong": {
    zh: "盖章后添加的证书和吊销材料不符合规定，可能夹带其他内容。",
    en: "The certificates and revocation data added after sealing are not as they must be; they may hide something.",
  },
  "document-time-stamp-wrong": {
    zh: "盖章后添加的文档时间戳不符合规定。",
    en: "A document time-stamp that was added after sealing is not as it must be.",
  },
  "seal-kind-not-allowed": {
    zh: "签名类型不是规定的电子印章。",
    en: "The signature is not of the kind that seals are.",
  },
  // seal
  "seal-good": { zh: "电子印章有效，文件未被改动。", en: "The seal is good and nothing in the file was changed." },
  "seal-not-der": { zh: "印章数据的编码不符合规定。", en: "The seal is not encoded as it must be." },
  "seal-malformed": { zh: "印章数据的结构不符合规定。", en: "The seal is not composed as it must be." },
  "several-signers": { zh: "印章中有不止一个签名人。", en: "The seal has more than one signer." },
  "content-changed": { zh: "盖章之后文件内容被改动过。", en: "The file was changed after it was sealed." },
  "certificate-not-the-signers": {
    zh: "印章所附证书与签名不符。",
    en: "The certificate in the seal is not the signer's.",
  },
  "certificate-not-named": {
    zh: "印章中夹带了未经签名的证书。",
    en: "The seal carries certificates that it does not vouch for.",
  },
  "certificate-not-allowed": {
    zh: "印章证书不允许用于签署文件。",
    en: "The seal's certificate may not be used to seal documents.",
  },
  "key-not-allowed": { zh: "印章密钥强度或种类不符合规定。", en: "The seal's key is too weak or of another kind." },
  "algorithm-not-allowed": { zh: "印章使用了不允许的算法。", en: "The seal uses an algorithm that is not allowed." },
  "signature-wrong": { zh: "印章签名不正确。", en: "The seal's signature is wrong." },
  "time-stamp-wrong": {
    zh: "文件中的时间戳不正确，或属于其他内容。",
    en: "A time-stamp in the file is wrong or belongs to something else.",
  },
  // qr
  "qr-signed": {
    zh: "二维码由该中心签发，内容未被改动。",
    en: "The centre signed this code and nothing in it was changed.",
  },
  "qr-not-ours": { zh: "这不是缴存证明的二维码。", en: "This is not the code of a certificate." },
  "qr-malformed": {
    zh: "二维码内容不完整或被改动，请重新扫描。",
    en: "The code is damaged or was changed. Scan it again.",
  },
  "qr-key-not-listed": {
    zh: "二维码不是用该中心登记的密钥签发的。",
    en: "The code was not signed with a key that is registered for the centre.",
  },
  "qr-signature-wrong": {
    zh: "二维码的签名不正确，内容被改动过。",
    en: "The code's signature is wrong: what it says was changed.",
  },
  "centre-not-listed": { zh: "名单中没有 {centre} 这个中心。", en: "There is no centre {centre} in the trust list." },
  // receipt
  "receipt-fits": {
    zh: "签发中心确认签发过此证明。",
    en: "The issuing centre confirms that it issued this certificate.",
  },
  "receipt-none": {
    zh: "中心 {centre} 没有签发过此证明。",
    en: "Centre {centre} says that it issued no such certificate.",
  },
  "receipt-malformed": {
    zh: "中心 {centre} 的答复无法识别，请稍后再验。",
    en: "The answer of centre {centre} could not be read. Try again later.",
  },
  "receipt-of-another": { zh: "中心给出的回执属于另一份证明。", en: "The receipt belongs to another certificate." },
  "issuer-unreachable": {
    zh: "暂时联系不上签发中心 {centre}，请稍后再验。",
    en: "Centre {centre} cannot be reached now. Try again later.",
  },
  // inclusion
  "proof-good": { zh: "证明已记入中心的公开日志。", en: "The certificate is in the centre's public log." },
  "proof-wrong": {
    zh: "日志证明不成立：此证明不在所指的日志中。",
    en: "The proof does not hold: the certificate is not in that log.",
  },
  "checkpoint-malformed": {
    zh: "日志的检查点不完整或没有签名。",
    en: "The log's checkpoint is damaged or not signed.",
  },
  "checkpoint-of-another-log": { zh: "检查点属于另一个日志。", en: "The checkpoint is another log's." },
  "log-signature-missing": {
    zh: "检查点没有该中心日志的有效签名。",
    en: "The checkpoint has no good signature of the centre's log.",
  },
  "log-key-not-trusted": {
    zh: "检查点的签名密钥当时不受信任。",
    en: "The key that signed the checkpoint was not trusted at that time.",
  },
  "log-epoch-unknown": {
    zh: "登记簿尚未载明第 {epoch} 期日志，请稍后再验。",
    en: "The registry does not name log epoch {epoch} yet. Try again later.",
  },
  "not-in-log-yet": {
    zh: "证明刚签发，正等待记入日志，通常只需几秒。",
    en: "The certificate is new and waits for its place in the log, usually for some seconds.",
  },
  "existence-unknown": {
    zh: "密钥现已停用，暂时无法确定证明是在此之前签发的。",
    en: "The key is no longer in use, and nobody shows yet that the certificate is older than that.",
  },
  // anchor
  "anchored-on-chain": {
    zh: "日志已上链，由中心 {centres} 分别读取，结果一致。",
    en: "The log is on the chain, as centres {centres} read it alike.",
  },
  "anchored-on-chain-one-differs": {
    zh: "日志已上链；中心 {against} 的说法与其他中心不同，请通知管理员。",
    en: "The log is on the chain; centre {against} says otherwise than the others. Tell your administrator.",
  },
  "anchored-by-witnesses": {
    zh: "日志已由其他 {cosignatures} 个中心见证。",
    en: "{cosignatures} other centres have witnessed the log.",
  },
  "not-anchored-yet": {
    zh: "日志尚未上链，通常只需几分钟，请稍后再验。",
    en: "The log is not on the chain yet; that takes some minutes. Try again later.",
  },
  "root-not-on-chain": {
    zh: "链上记录的日志与回执不同，中心可能出示了另一套日志。请立即上报。",
    en: "The chain holds another log than the receipt shows: the centre may keep two. Report this at once.",
  },
  "chain-disputed": {
    zh: "各中心读取的链上记录不一致，暂不能判断。",
    en: "The centres read the chain differently; nothing can be said.",
  },
  "chain-unreachable": {
    zh: "暂时读不到链上记录，见证也不足，请稍后再验。",
    en: "The chain cannot be read now and there are too few witnesses. Try again later.",
  },
  // trust
  "signer-listed": { zh: "印章属于名单中的中心。", en: "The seal belongs to a centre of the trust list." },
  "key-trusted": { zh: "签发时所用的密钥受信任。", en: "The key was trusted when the certificate was issued." },
  "signer-not-listed": {
    zh: "盖章者不是任何一家公积金中心。",
    en: "Whoever sealed this file is no housing provident fund centre.",
  },
  "key-distrusted": {
    zh: "所用密钥自 {since} 起不再受信任，此证明在那之后才出现。",
    en: "The key is distrusted since {since}, and the certificate is not older than that.",
  },
  "key-not-in-period": {
    zh: "证明出现时，所用密钥不在使用期内。",
    en: "The key was not in use when the certificate came to be.",
  },
  "certificate-not-in-period": {
    zh: "证明出现时，印章证书不在有效期内。",
    en: "The seal's certificate was not valid when the file came to be.",
  },
  "trust-list-unreachable": {
    zh: "可联系到的中心不足两家，无法核对名单，请稍后再验。",
    en: "Fewer than two centres can be reached to compare the trust list. Try again later.",
  },
  "trust-list-disputed": {
    zh: "各中心的名单不一致，暂不能判断。",
    en: "The centres' trust lists differ; nothing can be said.",
  },
  // standing
  valid: { zh: "未被撤销，在有效期内（至 {validUntil}）。", en: "Not revoked, and valid until {validUntil}." },
  "valid-one-differs": {
    zh: "未被撤销，在有效期内（至 {validUntil}）；中心 {against} 的说法不同，请通知管理员。",
    en: "Not revoked, and valid until {validUntil}; centre {against} says otherwise. Tell your administrator.",
  },
  revoked: { zh: "此证明已被中心撤销。", en: "The centre has revoked this certificate." },
  "revoked-error": {
    zh: "此证明因记载有误已被撤销。",
    en: "The certificate was revoked because it contained an error.",
  },
  "revoked-fraud": {
    zh: "此证明因骗取已被撤销。",
    en: "The certificate was revoked because it was obtained by fraud.",
  },
  superseded: {
    zh: "此证明已被更新的一份取代，请索取新的证明。",
    en: "A newer certificate has replaced this one. Ask for it.",
  },
  "revoked-by-holder": { zh: "此证明已由持有人申请作废。", en: "The holder had this certificate cancelled." },
  "revoked-key": {
    zh: "因印章密钥泄露，此证明已被撤销。",
    en: "The certificate was revoked because the seal's key was compromised.",
  },
  expired: { zh: "此证明已过有效期（至 {validUntil}）。", en: "The certificate expired after {validUntil}." },
  "standing-unreadable": {
    zh: "暂时读不到撤销记录。各中心名单截至 {asOf}。",
    en: "Revocations cannot be read now. The trust lists are as of {asOf}.",
  },
  "standing-disputed": {
    zh: "各中心读取的撤销记录不一致，暂不能判断。",
    en: "The centres read revocations differently; nothing can be said.",
  },
  "chain-stale": {
    zh: "各中心的链上记录超过一天未更新（截至 {time}），不能确认是否被撤销。",
    en: "What the centres know of the chain is more than a day old ({time}): a revocation may be missing.",
  },
  // any step
  "not-reached": { zh: "未进行此项检查。", en: "This was not checked." },
  "verifier-broken": {
    zh: "此设备无法完成检查，请更新浏览器或换一台设备。",
    en: "This device could not finish the check. Update the browser or use another device.",
  },
} as const satisfies Record<string, Sentence>;

export type Code = keyof typeof messages;

export interface HeadlineMessage {
  title: Sentence;
  /** what it means */
  meaning: Sentence;
  /** what to do next */
  next: Sentence;
}

export const headlines: Readonly<Record<Headline, HeadlineMessage>> = {
  genuine: {
    title: { zh: "真实有效", en: "Genuine" },
    meaning: {
      zh: "此证明由所示中心签发，未被改动，现在有效。",
      en: "The centre named here issued this certificate. It is unchanged and valid now.",
    },
    next: {
      zh: "请核对姓名、证件号码与来人一致，即可采用。",
      en: "Compare name and document number with the person before you; then you may rely on it.",
    },
  },
  "no-longer-valid": {
    title: { zh: "真件已失效", en: "No longer valid" },
    meaning: { zh: "此证明已被撤销、取代或已过期。", en: "This certificate was revoked or replaced, or has expired." },
    next: {
      zh: "请勿采用。请来人向中心重新申领。",
      en: "Do not rely on it. Ask the person for a new one from the centre.",
    },
  },
  "not-anchored": {
    title: { zh: "尚未上链", en: "Not anchored yet" },
    meaning: {
      zh: "中心确认签发过此证明，但其他中心还没有见证。",
      en: "The centre confirms this certificate, but no other centre has witnessed it yet.",
    },
    next: { zh: "请几分钟后再验一次，通过后再采用。", en: "Verify again in a few minutes, and rely on it only then." },
  },
  "standing-unknown": {
    title: { zh: "状态未知", en: "Status unknown" },
    meaning: {
      zh: "没有发现问题，但有些检查现在无法完成。这不表示证明是假的。",
      en: "Nothing wrong was found, but some checks cannot be made now. This does not mean that it is forged.",
    },
    next: {
      zh: "请稍后再验。急用时请致电签发中心核实，电话以官方网站公布的为准。",
      en: "Verify again later. If it is urgent, call the issuing centre at the number on its official site.",
    },
  },
  "not-genuine": {
    title: { zh: "不是真件", en: "Not genuine" },
    meaning: {
      zh: "此文件或二维码不是中心签发的样子，或签发之后被改动过。",
      en: "No centre issued this file or code as it is: it was changed, or is someone else's.",
    },
    next: {
      zh: "请勿采用。请来人从中心重新下载原始文件；仍不通过的，请按可疑材料处理。",
      en: "Do not rely on it. Ask for the original from the centre; if that fails too, treat it as suspicious.",
    },
  },
};

/** The sentence of a code with its details filled in; a detail that is missing is written as a dash. */
export function sentenceOf(code: Code, detail: Detail, language: keyof Sentence): string {
  return messages[code][language].replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = Object.hasOwn(detail, name) ? String(detail[name]) : "";
    return value === "" ? "-" : value;
  });
}
