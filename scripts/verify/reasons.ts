// What each reason code tells a person, in Chinese and English. The codes are for programs and never change; the sentences may.
import type { Headline, StepName } from "./outcome.ts";

interface Sentence {
  zh: string;
  en: string;
}

export const headlines: Readonly<Record<Headline, Sentence & { mark: string }>> = {
  genuine: { mark: "✓", zh: "真实有效", en: "genuine" },
  "not-genuine": { mark: "✗", zh: "不是真件", en: "not genuine" },
  "no-longer-valid": { mark: "✗", zh: "真件已失效", en: "no longer valid" },
  "not-anchored": { mark: "?", zh: "尚未上链", en: "not anchored yet" },
  "standing-unknown": { mark: "?", zh: "状态未知", en: "standing unknown" },
};

export const stepNames: Readonly<Record<StepName, Sentence>> = {
  file: { zh: "文件", en: "file" },
  seal: { zh: "印章", en: "seal" },
  qr: { zh: "二维码", en: "code" },
  receipt: { zh: "回执", en: "receipt" },
  inclusion: { zh: "入册", en: "inclusion" },
  anchor: { zh: "上链", en: "anchor" },
  trust: { zh: "信任", en: "trust" },
  standing: { zh: "状态", en: "standing" },
};

const say = (zh: string, en: string): Sentence => ({ zh, en });

export const reasons: Readonly<Record<string, Sentence>> = {
  "not-reached": say("前面的步骤没有给出依据，未检查", "not checked: an earlier step did not give what it needs"),

  "file-good": say("印章覆盖整个文件，结构严格", "the seal covers the whole file, and its structure is strict"),
  "file-good-prolonged": say(
    "印章覆盖全部内容，其后只有延长印章效力的附加部分",
    "the seal covers all content; behind it stands only what prolongs the seal's life",
  ),
  "file-unreadable": say("无法读取这个文件", "the file cannot be read"),
  "file-empty": say("文件是空的", "the file is empty"),
  "file-too-big": say("文件超过 20 MiB，不是本平台的证照", "the file is larger than 20 MiB, which no certificate is"),
  "not-a-pdf": say("这不是 PDF 文件", "this is no PDF"),
  "no-seal": say("文件上没有电子印章", "the file has no seal"),
  "several-seals": say("文件中出现多个签名范围", "the file names more than one range of a seal"),
  "byte-range-wrong": say("印章没有覆盖整个文件", "the seal does not cover the whole file"),
  "file-cut": say("文件不完整，结尾缺失", "the end of the file is missing"),
  "content-appended": say("盖章之后又追加了内容", "something was appended after sealing"),
  "addition-malformed": say("附加部分的结构不对", "what was added behind the seal has another structure"),
  "additions-too-many": say("附加部分超过 32 个", "more than 32 additions stand behind the seal"),
  "addition-object-not-allowed": say(
    "附加部分含有不允许的对象",
    "what was added behind the seal holds what may not be there",
  ),
  "addition-changes-document": say("附加部分改动了文档", "what was added behind the seal changes the document"),
  "store-malformed": say("附加的验证数据格式不对", "the added store of certificates and revocations has another form"),
  "store-shrinks": say("附加部分删去了先前的验证数据", "an addition leaves out what an earlier one had stored"),
  "time-stamp-field-wrong": say(
    "文档时间戳不在新增的唯一签名域中",
    "a time-stamp on the file is not in its one new field",
  ),
  "time-stamp-range-wrong": say(
    "文档时间戳没有覆盖其前的全部内容",
    "a time-stamp on the file does not cover all before it",
  ),
  "contents-wrong": say("印章数据的写法不对", "the seal's bytes are spelled in a way that is not allowed"),
  "padding-not-zero": say("印章后面藏有数据", "something is hidden behind the seal"),
  "pdf-malformed": say(
    "PDF 结构不严格，不同软件可能显示不同内容",
    "the PDF is not strict: readers could show different contents",
  ),
  "seal-field-wrong": say("印章不在唯一的签名域中", "the seal is not in the one signature field"),
  "seal-kind-not-allowed": say(
    "签名类型不是 ETSI.CAdES.detached",
    "the signature is not of the kind ETSI.CAdES.detached",
  ),

  "seal-good": say("印章完好，内容未改动", "the seal is good and the content unchanged"),
  "seal-not-der": say("印章数据不是规范的 DER 编码", "the seal is not in DER"),
  "seal-malformed": say("印章数据缺少或多出内容", "the seal has parts that are missing or not allowed"),
  "several-signers": say("印章上有多个签名者", "the seal has more than one signer"),
  "algorithm-not-allowed": say("印章使用了不允许的算法", "the seal uses an algorithm that is not allowed"),
  "certificate-not-the-signers": say("印章指向另一张证书", "the seal names another certificate than its signer's"),
  "certificate-not-named": say("印章夹带了未列明的证书", "the seal carries a certificate that it does not name"),
  "certificate-malformed": say("印章证书格式不对", "the seal's certificate is malformed"),
  "certificate-extension-unknown": say(
    "印章证书含有不认识的关键扩展",
    "the seal's certificate has an unknown critical extension",
  ),
  "certificate-use-wrong": say("印章证书不能用于签章", "the seal's certificate is not for sealing"),
  "key-not-allowed": say("印章证书的密钥类型不允许", "the seal's key is of a kind that is not allowed"),
  "content-changed": say("盖章之后内容被改动", "the content was changed after sealing"),
  "signature-wrong": say("签名不成立", "the signature does not verify"),

  "time-stamp-not-der": say("时间戳不是规范的 DER 编码", "a time-stamp is not in DER"),
  "time-stamp-malformed": say("时间戳缺少或多出内容", "a time-stamp has parts that are missing or not allowed"),
  "time-stamp-algorithm-not-allowed": say(
    "时间戳使用了不允许的算法",
    "a time-stamp uses an algorithm that is not allowed",
  ),
  "time-stamp-certificate-wrong": say(
    "时间戳机构的证书不对或不在其中",
    "a time-stamp's certificate is absent or not for time-stamps",
  ),
  "time-stamp-certificate-not-in-period": say(
    "时间戳机构的证书当时不在有效期内",
    "the time-stamping authority's certificate was not in its period of validity then",
  ),
  "time-stamp-changed": say("时间戳的内容被改动", "a time-stamp's content was changed"),
  "time-stamp-signature-wrong": say("时间戳的签名不成立", "a time-stamp's signature does not verify"),
  "time-stamp-of-another": say("时间戳属于别的数据", "a time-stamp is over something else"),

  "qr-signed": say("二维码由所称中心签名", "the code is signed by the centre it names"),
  "qr-malformed": say("二维码内容不符合格式", "the code has another form"),
  "centre-not-listed": say("信任清单中没有这个中心", "no trust list names this centre"),
  "qr-key-not-listed": say("签名密钥不是该中心的二维码密钥", "the key is no code key of this centre"),
  "qr-signature-wrong": say("二维码内容被改动，签名不成立", "the code was changed: its signature does not verify"),

  "receipt-good": say("签发中心有这份证照的回执", "the issuer has the receipt of this certificate"),
  "receipt-none": say("签发中心称没有签发过这份证照", "the issuer says that it never issued this"),
  "receipt-of-another": say("回执属于另一份证照", "the receipt is another certificate's"),
  "issuer-unreachable": say("签发中心没有应答", "the issuer does not answer"),

  "in-log": say("证照在中心的存证册中", "the certificate is in the centre's log"),
  "not-in-log-yet": say("刚签发，尚未入册", "just issued: the log has not closed over it"),
  "checkpoint-malformed": say("存证册的检查点格式不对", "the log's checkpoint is malformed"),
  "checkpoint-of-another-log": say("检查点属于另一个存证册", "the checkpoint is another log's"),
  "proof-wrong": say("入册证明不成立", "the proof does not lead to the log's root"),
  "log-signature-missing": say("检查点没有该中心存证册的签名", "the centre's log did not sign the checkpoint"),
  "log-key-not-trusted": say("存证册密钥当时不受信任", "the log's key was not trusted then"),

  "anchored-on-chain": say("检查点已上链", "the checkpoint is on the chain"),
  "anchored-on-chain-one-differs": say(
    "检查点已上链；有中心读到的不同",
    "the checkpoint is on the chain; a centre reads otherwise",
  ),
  cosigned: say("足够多的其他中心已联署检查点", "enough other centres cosigned the checkpoint"),
  "not-anchored-yet": say("链上还没有，联署的中心也不够", "not on the chain yet, and too few centres cosigned"),
  "root-not-on-chain": say("链上是另一个存证册", "the chain holds another root at this size"),
  "chain-disputed": say("各中心读到的链不一致", "centres read the chain differently"),
  "chain-unreachable": say("读不到链，联署的中心也不够", "the chain cannot be read, and too few centres cosigned"),

  "trust-list-unreachable": say("信任清单没有两个中心可读", "fewer than two centres gave a trust list"),
  "trust-list-disputed": say("各中心的信任清单不一致", "the centres' trust lists differ"),
  "signer-not-listed": say("信任清单中没有这枚印章", "no centre of the trust list has this seal"),
  "key-trusted": say("印章当时受信任", "the key was trusted at the time"),
  "key-distrusted": say("签发时密钥已被停用", "the key was distrusted by then"),
  "key-not-in-period": say("签发时密钥不在使用期内", "the key was not in its period of use"),
  "certificate-not-in-period": say(
    "签发时印章证书不在有效期内",
    "the seal's certificate was not in its period of validity",
  ),

  valid: say("未被撤销，仍在有效期内", "not revoked, and in its period of validity"),
  "revoked-error": say("因记载有误被撤销", "revoked: an error in the record"),
  "revoked-fraud": say("因骗取被撤销", "revoked: obtained by fraud"),
  superseded: say("已由新证照取代", "superseded by a newer certificate"),
  cancelled: say("持有人已注销", "cancelled by the holder"),
  "revoked-key-compromise": say("因密钥泄露被撤销", "revoked: a key was compromised"),
  "revoked-other": say("已被撤销", "revoked"),
  expired: say("已过有效期", "the last day of validity has passed"),
  "standing-unreadable": say("读不到撤销状态", "whether it is revoked cannot be read"),
  "standing-disputed": say("各中心读到的撤销状态不一致", "centres read differently whether it is revoked"),
  "chain-stale": say("各中心的链数据已超过 24 小时", "what the centres know of the chain is older than 24 hours"),
};

/** The sentences of a code. @throws when there are none, which is a bug */
export function reason(code: string): Sentence {
  const found = reasons[code];
  if (!found) throw new Error(`no sentence for ${code}`);
  return found;
}
