// The 回执 at the foot of the certificate: torn off, filled in by the lending centre and sent back.
import type { Item, TextItem } from "../../pdf/description.ts";

const LEFT = 20;
const WIDTH = 170;
const RIGHT = LEFT + WIDTH;
const DASH = { length: 3, gap: 2 };
const BLANK = { short: "____", long: "______________" };

/** The slip as items of the page, in the 45 mm below `top`; the certificate's number and its holder are filled in. */
export function replySlip(top: number): Item[] {
  return [
    ...cuttingLine(top),
    line("请贷款中心填写此回执，寄回{contact}", top + 1, 4, {
      size: 8,
      align: "centre",
      colour: "muted",
    }),
    line("回　执", top + 6, 6, { size: 13, align: "centre", bold: true }),
    line("编号：{number}", top + 12.5, 4, { size: 8, align: "centre" }),
    line(
      "{centre}：你中心关于职工{name}（公积金账号：{accountNumber}）的缴存使用证明收悉，审核结果为：□准予贷款　□不予贷款。",
      top + 18,
      9.5,
    ),
    line(
      `贷款金额：${BLANK.long} 元　　贷款期限：${BLANK.short} 个月　　贷款期间：${BLANK.short} 年 ${BLANK.short} 月至 ${BLANK.short} 年 ${BLANK.short} 月`,
      top + 28.5,
      5,
    ),
    line(`还款方式：□等额本息　□等额本金　　月还本息：${BLANK.long} 元　　我中心保证以上信息真实准确。`, top + 34.5, 5),
    line(
      `经办人：${BLANK.long}　　联系电话：${BLANK.long}　　（公章）　　${BLANK.short} 年 ${BLANK.short} 月 ${BLANK.short} 日`,
      top + 40.5,
      5,
    ),
  ];
}

function cuttingLine(y: number): Item[] {
  const dashes: Item[] = [];
  for (let x = LEFT; x < RIGHT; x += DASH.length + DASH.gap)
    dashes.push({ kind: "line", from: [x, y], to: [x + DASH.length, y], width: 0.4, colour: "muted" });
  return dashes;
}

function line(
  text: string,
  y: number,
  height: number,
  style: Partial<Omit<TextItem, "kind" | "text" | "box">> = {},
): TextItem {
  return { kind: "text", text, box: { x: LEFT, y, width: WIDTH, height }, size: 9.5, ...style };
}
