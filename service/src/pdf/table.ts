// A table of many rows: its head, which stands on each page, and how the rows are shared out over pages and painted.
// A row is as high as its longest cell needs and is never split. The last page keeps room for the closing words, the code and
// the seal, and takes some rows with it: a page with nothing but a seal could be put behind any other document.

import { DomainError } from "../errors.ts";
import type { ByteWriter } from "./bytes.ts";
import type { Column, Item, TableDescription, TextItem } from "./description.ts";
import { openMark, paintLine, paintText, placeOf, POINTS_PER_MM } from "./paint.ts";
import { fit, LEADING } from "./text.ts";
import type { ShapedText } from "./text.ts";

const HEAD_HEIGHT = 7;
const PADDING = { x: 1.2, y: 0.9 };
const RULE = 0.3;
const OUTER_RULE = 0.8;
/** Text of a cell wraps to so many lines, then shrinks to this size in points. */
const MOST_LINES = 4;
const SMALLEST = 5.5;
/** Rows that go with the closing words to a page of their own. */
const KEPT_FOR_LAST_PAGE = 3;

/** Left edge and width of each column in millimetres. */
function columnsOf({ columns, left, width }: TableDescription): { left: number; width: number; column: Column }[] {
  const shares = columns.reduce((sum, column) => sum + column.width, 0);
  let at = left;
  return columns.map((column) => {
    const own = (width * column.width) / shares;
    at += own;
    return { left: at - own, width: own, column };
  });
}

/** The head as it stands on the first page and on later ones. */
export function headItems(table: TableDescription): Item[] {
  return (["first", "later"] as const).flatMap((pages) => {
    const top = pages === "first" ? table.top : table.laterTop;
    const right = table.left + table.width;
    const columns = columnsOf(table);
    return [
      {
        kind: "frame",
        pages,
        width: OUTER_RULE,
        box: { x: table.left, y: top, width: table.width, height: HEAD_HEIGHT },
      },
      ...columns.slice(1).map(({ left }): Item => {
        return { kind: "line", pages, width: RULE, from: [left, top], to: [left, top + HEAD_HEIGHT] };
      }),
      ...columns.map(({ left, width, column }): Item => {
        const box = { x: left + PADDING.x, y: top, width: width - 2 * PADDING.x, height: HEAD_HEIGHT };
        const role = pages === "first" ? "head" : "running";
        return { kind: "text", pages, text: column.title, role, box, size: table.size, align: "centre", bold: true };
      }),
      { kind: "line", pages, width: RULE, from: [table.left, top + HEAD_HEIGHT], to: [right, top + HEAD_HEIGHT] },
    ] satisfies Item[];
  });
}

/** A cell's text in its column, in a row of such a height below `top`. */
function cellItem(table: TableDescription, index: number, top: number, height: number): TextItem {
  const { left, width, column } = columnsOf(table)[index]!;
  const box = { x: left + PADDING.x, y: top, width: width - 2 * PADDING.x, height };
  const { size } = table;
  return { kind: "text", text: "", box, size, smallest: SMALLEST, ...(column.align ? { align: column.align } : {}) };
}

export type Rows = readonly (readonly string[])[];

/**
 * Height of each row in millimetres.
 * @throws DomainError TEXT_DOES_NOT_FIT naming the column
 */
export function heightsOf(table: TableDescription, rows: Rows, shape: (text: string) => ShapedText): number[] {
  const columns = columnsOf(table);
  const line = (LEADING * table.size) / POINTS_PER_MM;
  return rows.map((row) => {
    let lines = 1;
    for (const [index, text] of row.entries()) {
      const { width, column } = columns[index]!;
      const inner = (width - 2 * PADDING.x) * POINTS_PER_MM;
      const fitted = fit(shape(text), inner, MOST_LINES * LEADING * table.size, table.size, SMALLEST);
      if (!fitted) throw new DomainError("TEXT_DOES_NOT_FIT", { where: column.title });
      const needed = ((fitted.starts.length - 1) * LEADING * fitted.size) / (LEADING * table.size);
      lines = Math.max(lines, needed);
    }
    return lines * line + 2 * PADDING.y;
  });
}

/** Shares rows out: for each page the index of its first row and of the first that is not on it. */
export function pagesOf(table: TableDescription, heights: readonly number[]): { from: number; to: number }[] {
  const pages: { from: number; to: number }[] = [];
  for (let from = 0; ;) {
    const top = (pages.length === 0 ? table.top : table.laterTop) + HEAD_HEIGHT;
    let to = from;
    let end = top;
    while (to < heights.length && end + heights[to]! <= table.bottom) end += heights[to++]!;
    if (to === heights.length && end <= table.lastBottom) return [...pages, { from, to }];
    // All rows would fit here, but not with what closes the document.
    if (to === heights.length) to = Math.max(from, to - KEPT_FOR_LAST_PAGE);
    pages.push({ from, to });
    from = to;
  }
}

/** Paints the rows of one page; the first cell has the mark `firstMark`, the others follow. */
export function paintRows(
  out: ByteWriter,
  table: TableDescription,
  rows: Rows,
  heights: readonly number[],
  page: { index: number; from: number; to: number; firstMark: number },
  shape: (text: string) => ShapedText,
): void {
  const top = (page.index === 0 ? table.top : table.laterTop) + HEAD_HEIGHT;
  const right = table.left + table.width;
  let y = top;
  out.text("/Artifact BMC\n");
  for (let row = page.from; row < page.to; row++) {
    y += heights[row]!;
    paintLine(out, {
      kind: "line",
      from: [table.left, y],
      to: [right, y],
      width: row + 1 < page.to ? RULE : OUTER_RULE,
    });
  }
  for (const [index, { left }] of columnsOf(table).entries()) {
    paintLine(out, { kind: "line", from: [left, top], to: [left, y], width: index === 0 ? OUTER_RULE : RULE });
  }
  paintLine(out, { kind: "line", from: [right, top], to: [right, y], width: OUTER_RULE });
  out.text("EMC\n");
  let mark = page.firstMark;
  y = top;
  for (let row = page.from; row < page.to; row++) {
    for (const [index, text] of rows[row]!.entries()) {
      const item = cellItem(table, index, y, heights[row]!);
      paintText(out, shape(text), placeOf(item, table.columns[index]!.title, {}, openMark("TD", mark++)));
    }
    y += heights[row]!;
  }
}
