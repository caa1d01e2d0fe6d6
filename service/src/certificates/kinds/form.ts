// The common look of all certificates: title, number, an opening sentence, a ruled table, a closing sentence, the QR code
// below it on the left, the centre's name and date under its seal on the right, and the notes at the foot. A kind may have a
// second table with as many rows as a certificate needs: then the form takes several pages, with code and seal on the last,
// where the text ends, as an official document is sealed.
//
// Words are few on purpose. Each character that the form uses is an outline of a hundred bytes in every certificate, so what
// the form says, it says with characters that it has.

import { invariant } from "../../errors.ts";
import type { Align, Item, TableDescription, TemplateDescription, TextItem } from "../../pdf/description.ts";

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
  /** a table of many rows, which are given with each certificate under this name */
  readonly table?: {
    readonly name: string;
    readonly columns: readonly {
      readonly title: string;
      /** share of the width, relative to the other columns */
      readonly width: number;
      readonly align?: Align;
    }[];
    /** of its letters, in points; smaller than usual where a row has many columns */
    readonly size?: number;
  };
  readonly closing: string;
  /** the last sentence; 特此证明。 if not given */
  readonly attestation?: string;
  /** characters that most certificates of the kind hold in their values, beside those of its words */
  readonly common?: string;
}

const LEFT = 20;
const WIDTH = 170;
const RIGHT = LEFT + WIDTH;
const LABEL_WIDTH = 31;
const PADDING = 2.5;
const TABLE_TOP = 62;
const ROW_HEIGHT = 11.2;
const LOWEST_ROW = 7;
const TEXT_SIZE = 10.5;
/** A label shrinks to this size rather than leave one character on a second line. */
const SMALLEST_LABEL = 8.5;
const NOTE_SIZE = 8.5;
const OUTER_RULE = 1;
const INNER_RULE = 0.4;
/** centre of the seal from the left edge of the page and from the top of the block, millimetres */
const SEAL = { x: 156, below: 24, diameter: 42 };
const QR_SIZE = 46;
/** The closing sentences above code and seal, code and seal with a gap below, and the notes. */
const CLOSING_HEIGHT = 26;
const BLOCK_HEIGHT = QR_SIZE + 5;
const NOTES_HEIGHT = 18;
const PAGE_BOTTOM = 288;
/** Where rows end on a page, and the line with number and page below them. */
const ROWS_BOTTOM = 277;
const PAGE_LINE = 281;
const ROWS_SIZE = 8.5;

/** Builds the description of a certificate. The seal and the code stand below the table, on the last page of several. */
export function certificateForm(wording: FormWording): TemplateDescription {
  const { table } = wording;
  const below = CLOSING_HEIGHT + BLOCK_HEIGHT + NOTES_HEIGHT;
  const rowHeight = table
    ? LOWEST_ROW
    : Math.min(ROW_HEIGHT, (PAGE_BOTTOM - below - TABLE_TOP) / Math.max(1, wording.rows.length));
  invariant(rowHeight >= LOWEST_ROW, "a form has at most nineteen rows");
  const tableBottom = TABLE_TOP + rowHeight * wording.rows.length;
  const closingTop = table ? ROWS_BOTTOM - below : tableBottom;
  const blockTop = closingTop + CLOSING_HEIGHT;
  const closing = [
    paragraph(wording.closing, closingTop + 3, 11),
    paragraph(wording.attestation ?? "特此证明。", closingTop + 14, 6),
    ...codeCaption(blockTop),
    ...signatureBlock(blockTop),
    ...notes(blockTop + BLOCK_HEIGHT),
  ];
  return {
    documentTitle: wording.title,
    items: [
      ...developmentNotice(),
      ...heading(wording),
      ...cells(wording.rows, rowHeight),
      ...(table ? closing.map((item): Item => ({ ...item, pages: "last" })) : closing),
      ...(table ? runningLines(wording) : []),
    ],
    ...(table ? { table: rowsTable(table, tableBottom + 4, closingTop) } : {}),
    qr: { x: LEFT + 2, y: blockTop, size: QR_SIZE },
    seal: { x: SEAL.x, y: blockTop + SEAL.below, diameter: SEAL.diameter },
    commonCharacters: COMMON_CHARACTERS + (wording.common ?? ""),
  };
}

function heading({ title, opening }: FormWording): Item[] {
  return [
    text(
      title,
      { x: LEFT, y: 21, width: WIDTH, height: 13 },
      { size: 23, align: "centre", bold: true, spacing: 2, role: "title" },
    ),
    text("证照标识：{number}", { x: LEFT, y: 38, width: WIDTH, height: 5 }, { size: 9, align: "centre" }),
    paragraph(opening, 46, 13),
  ];
}

function cells(rows: FormWording["rows"], rowHeight: number): Item[] {
  const items: Item[] = [];
  const inside = (x: number, y: number, width: number): TextItem["box"] => {
    return { x: x + PADDING, y: y + 0.4, width: width - 2 * PADDING, height: rowHeight - 0.8 };
  };
  const rule = (x: number, y: number): Item => {
    return { kind: "line", from: [x, y], to: [x, y + rowHeight], width: INNER_RULE };
  };
  for (const [index, row] of rows.entries()) {
    const y = TABLE_TOP + rowHeight * index;
    if (index > 0) items.push({ kind: "line", from: [LEFT, y], to: [RIGHT, y], width: INNER_RULE });
    const cellWidth = WIDTH / row.length;
    for (const [column, cell] of row.entries()) {
      const x = LEFT + column * cellWidth;
      if (column > 0) items.push(rule(x, y));
      items.push(rule(x + LABEL_WIDTH, y));
      items.push(
        text(cell.label, inside(x, y, LABEL_WIDTH), {
          size: TEXT_SIZE,
          smallestLine: SMALLEST_LABEL,
          align: "centre",
        }),
        text(cell.text, inside(x + LABEL_WIDTH, y, cellWidth - LABEL_WIDTH), {
          size: TEXT_SIZE,
          label: cell.label.replaceAll("　", ""),
          role: "value",
        }),
      );
    }
  }
  const box = { x: LEFT, y: TABLE_TOP, width: WIDTH, height: rowHeight * rows.length };
  return rows.length === 0 ? [] : [...items, { kind: "frame", box, width: OUTER_RULE }];
}

function rowsTable(
  { name, columns, size = ROWS_SIZE }: NonNullable<FormWording["table"]>,
  top: number,
  closingTop: number,
): TableDescription {
  return {
    name,
    columns,
    left: LEFT,
    width: WIDTH,
    top,
    laterTop: 27,
    bottom: ROWS_BOTTOM,
    lastBottom: closingTop,
    size,
  };
}

/** Notice and title at the head of later pages; number and page at the foot of each. */
function runningLines({ title }: FormWording): Item[] {
  const running = { role: "running", size: 9 } as const;
  const notice = developmentNotice().map((item): Item => {
    return item.kind === "text" ? { ...item, pages: "later", role: "running" } : { ...item, pages: "later" };
  });
  return [
    ...notice,
    text(title, { x: LEFT, y: 19, width: WIDTH, height: 6 }, { ...running, align: "centre", pages: "later" }),
    text("证照标识：{number}", { x: LEFT, y: PAGE_LINE, width: 134, height: 5 }, { ...running, pages: "each" }),
    text(
      "第 {page} 页 共 {pages} 页",
      { x: RIGHT - 34, y: PAGE_LINE, width: 34, height: 5 },
      { ...running, pages: "each", align: "right" },
    ),
  ];
}

/** Two full-width spaces begin a paragraph, as Chinese official documents do. */
function paragraph(sentence: string, y: number, height: number): Item {
  return text(`　　${sentence}`, { x: LEFT, y, width: WIDTH, height }, { size: 11 });
}

/** Beside the code: where a scan must lead. A forged paper can carry a forged code, but not change what banks read here. */
function codeCaption(top: number): Item[] {
  const box = { x: LEFT + QR_SIZE + 6, width: 44 };
  const role = "continued";
  return [
    text("扫码核验", { ...box, y: top + 1, height: 6 }, { size: 10.5, bold: true }),
    text("网址应为", { ...box, y: top + 8, height: 5 }, { size: 9, role }),
    text("{verificationPage}", { ...box, y: top + 13, height: 5 }, { size: 9, role }),
    text("或在此页提交文件核验", { ...box, y: top + 18, height: 5 }, { size: 9, role }),
    { kind: "qr", alternative: "核验二维码，网址为 {verificationPage}" },
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
    { kind: "seal", alternative: "{centre}{sealWords}，电子签章" },
  ];
}

function notes(top: number): Item[] {
  const lines = [
    "1. 请用自行收藏的核验页扫码；网址不是上述的，结果无效。",
    "2. 本证明以核验结果为准。",
    "3. 电子文件为原件；纸质件未经核验无效。",
  ];
  return [
    { kind: "line", from: [LEFT, top], to: [RIGHT, top], width: INNER_RULE, colour: "muted" },
    ...lines.map((line, index) =>
      text(line, { x: LEFT, y: top + 2 + 5.2 * index, width: WIDTH, height: 5 }, { size: NOTE_SIZE, colour: "muted" }),
    ),
  ];
}

function developmentNotice(): Item[] {
  const box = { x: 62, y: 9.5, width: 86, height: 8 };
  return [
    { kind: "frame", box, width: 0.8, colour: "red", developmentOnly: true },
    text("开发样张，不具法律效力 SAMPLE", box, {
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

/** In the values of nearly every certificate: a character that fewer than half of them hold is cheaper in their own fonts. */
const COMMON_CHARACTERS = "居民身份证无";
