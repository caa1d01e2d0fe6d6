// The common look of all certificates: title, number, an opening sentence, a ruled table, a closing sentence, the QR code
// below it on the left, the centre's name and date under its seal on the right, and the notes at the foot.

import type { Item, TemplateDescription, TextItem } from "../../pdf/description.ts";

/** A cell of the table: its label and the text in it, which names values. */
export interface Cell {
  readonly label: string;
  readonly text: string;
}

export interface FormWording {
  readonly title: string;
  readonly opening: string;
  /** one cell takes the whole row, two share it */
  readonly rows: readonly (readonly [Cell] | readonly [Cell, Cell])[];
  readonly closing: string;
}

const LEFT = 20;
const WIDTH = 170;
const RIGHT = LEFT + WIDTH;
const LABEL_WIDTH = 31;
const PADDING = 2.5;
const TABLE_TOP = 69;
const ROW_HEIGHT = 11.2;
const TEXT_SIZE = 10.5;
const NOTE_SIZE = 8.5;
const OUTER_RULE = 1;
const INNER_RULE = 0.4;
/** centre of the seal from the left edge of the page and from the top of the block, millimetres */
const SEAL = { x: 156, below: 24, diameter: 42 };
const QR_SIZE = 46;

/** Builds the description of a certificate. The seal and the code stand below the table, wherever that ends. */
export function certificateForm(wording: FormWording): TemplateDescription {
  const tableBottom = TABLE_TOP + ROW_HEIGHT * wording.rows.length;
  const blockTop = tableBottom + 22;
  return {
    documentTitle: `${wording.title} {number}`,
    items: [
      ...developmentNotice(),
      ...heading(wording),
      ...table(wording.rows),
      paragraph(wording.closing, tableBottom + 3, 11),
      paragraph("特此证明。", tableBottom + 14, 6),
      ...codeCaption(blockTop),
      ...signatureBlock(blockTop),
      ...notes(blockTop + QR_SIZE + 5),
    ],
    qr: { x: LEFT + 2, y: blockTop, size: QR_SIZE },
    seal: { x: SEAL.x, y: blockTop + SEAL.below, diameter: SEAL.diameter },
    commonCharacters: COMMON_CHARACTERS,
  };
}

function heading({ title, opening }: FormWording): Item[] {
  return [
    text(title, { x: LEFT, y: 21, width: WIDTH, height: 13 }, { size: 23, align: "centre", bold: true, spacing: 2 }),
    text("证照标识：{number}", { x: LEFT, y: 38, width: WIDTH, height: 5 }, { size: 9, align: "centre" }),
    text(
      "验证方式：扫描左下方二维码，或在住房公积金联合体核验页 {verificationPage} 提交本文件",
      { x: LEFT, y: 43.5, width: WIDTH, height: 5 },
      { size: 9, align: "centre", colour: "muted" },
    ),
    paragraph(opening, 52.5, 13),
  ];
}

function table(rows: FormWording["rows"]): Item[] {
  const items: Item[] = [];
  const bottom = TABLE_TOP + ROW_HEIGHT * rows.length;
  for (const [index, row] of rows.entries()) {
    const y = TABLE_TOP + ROW_HEIGHT * index;
    if (index > 0) items.push({ kind: "line", from: [LEFT, y], to: [RIGHT, y], width: INNER_RULE });
    const cellWidth = WIDTH / row.length;
    for (const [column, cell] of row.entries()) {
      const x = LEFT + column * cellWidth;
      if (column > 0) items.push(rule(x, y));
      items.push(rule(x + LABEL_WIDTH, y));
      items.push(
        text(cell.label, inside(x, y, LABEL_WIDTH), { size: TEXT_SIZE, align: "centre" }),
        text(cell.text, inside(x + LABEL_WIDTH, y, cellWidth - LABEL_WIDTH), {
          size: TEXT_SIZE,
          label: cell.label.replaceAll("　", ""),
        }),
      );
    }
  }
  items.push({
    kind: "frame",
    box: { x: LEFT, y: TABLE_TOP, width: WIDTH, height: bottom - TABLE_TOP },
    width: OUTER_RULE,
  });
  return items;
}

function rule(x: number, y: number): Item {
  return { kind: "line", from: [x, y], to: [x, y + ROW_HEIGHT], width: INNER_RULE };
}

function inside(x: number, y: number, width: number): TextItem["box"] {
  return { x: x + PADDING, y: y + 0.4, width: width - 2 * PADDING, height: ROW_HEIGHT - 0.8 };
}

/** Two full-width spaces begin a paragraph, as Chinese official documents do. */
function paragraph(sentence: string, y: number, height: number): Item {
  return text(`　　${sentence}`, { x: LEFT, y, width: WIDTH, height }, { size: 11 });
}

/** Beside the code: where a scan must lead. A forged paper can carry a forged code, but not change what banks read here. */
function codeCaption(top: number): Item[] {
  const box = { x: LEFT + QR_SIZE + 6, width: 44 };
  return [
    text("扫码核验", { ...box, y: top + 1, height: 6 }, { size: 10.5, bold: true }),
    text("扫码地址应为", { ...box, y: top + 8, height: 5 }, { size: 9 }),
    text("{verificationPage}", { ...box, y: top + 13, height: 5 }, { size: 9 }),
    text("请在本联合体核验页核验", { ...box, y: top + 18, height: 5 }, { size: 9 }),
  ];
}

/**
 * The seal rides on name and date (骑年盖月): the name crosses it above the star, the date runs between the star and the
 * seal's words, where both stay legible.
 */
function signatureBlock(top: number): Item[] {
  const box = { x: SEAL.x - 38, width: 76, height: 8 };
  const middle = top + SEAL.below - box.height / 2;
  return [
    text("{centre}", { ...box, y: middle - 0.2 * SEAL.diameter }, { size: 12.5, align: "centre" }),
    text("{issuedOn}", { ...box, y: middle + 0.17 * SEAL.diameter }, { size: 12, align: "centre" }),
  ];
}

function notes(top: number): Item[] {
  const lines = [
    "1. 请在本联合体核验页（自行收藏或安装的页面）核验；扫码后打开其他网址的，请勿相信其结果。",
    "2. 核验页显示的内容应与本证明一致；不一致的，以核验结果为准。",
    "3. 本证明的电子文件为原件。纸质打印件未经核验，不能证明任何事实。",
  ];
  return [
    { kind: "line", from: [LEFT, top], to: [RIGHT, top], width: INNER_RULE, colour: "muted" },
    ...lines.map((line, index) =>
      text(line, { x: LEFT, y: top + 2 + 5.2 * index, width: WIDTH, height: 5 }, { size: NOTE_SIZE, colour: "muted" }),
    ),
  ];
}

function developmentNotice(): Item[] {
  const box = { x: 52, y: 9.5, width: 106, height: 8 };
  return [
    { kind: "frame", box, width: 0.8, colour: "red", developmentOnly: true },
    text("开发环境样张 · 不具法律效力  DEVELOPMENT SAMPLE", box, {
      size: 11,
      align: "centre",
      colour: "red",
      bold: true,
      developmentOnly: true,
    }),
  ];
}

function text(content: string, box: TextItem["box"], style: Omit<TextItem, "kind" | "text" | "box">): Item {
  return { kind: "text", text: content, box, ...style };
}

/** Frequent in names of persons, units and places, and in our own words. */
const COMMON_CHARACTERS =
  "未知正常封存冻结其他居民身份证军官护照外国人永久留合并销户部转出提取无有结清笔余额单位个住房公积金贷款年月日至" +
  "有限责任公司股份集团科技发展建设工程实业商贸中心医院学校大第一二三四五六七八九十局委会省市区县街道办事处服务管理" +
  "北京上海南海口三亚太原西宁菏泽山东江青王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕";
