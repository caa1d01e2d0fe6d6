// The report of an import as lines of text, Chinese and English side by side.
import { describeProblem } from "./problem.ts";
import type { ImportReport } from "./import.ts";

const kindNames = {
  units: "单位 units",
  depositors: "个人账户 depositors",
  remittance: "汇缴清册 remittance",
  loans: "贷款 loans",
  repayments: "还款明细 repayments",
};

/**
 * Every problem, then one line for each file, then the outcome.
 * @param value `plain` for the operator who holds the file, `masked` wherever the lines are kept
 */
export function reportLines(report: ImportReport, value: "plain" | "masked"): string[] {
  const lines = report.problems.map((problem) => describeProblem(problem, value));
  for (const file of report.files) {
    const kind = file.kind ? kindNames[file.kind] : "? ";
    const outcome = file.alreadyImported
      ? "此前已导入，未作改动 / imported before, nothing changed"
      : report.imported
        ? `新增 added ${file.added}, 更新 changed ${file.changed}, 未变 unchanged ${file.unchanged}`
        : "未导入 / not imported";
    lines.push(`${file.name}: ${kind}, ${file.rows} 行 rows, ${file.encoding}: ${outcome}`);
  }
  if (report.imported) lines.push("导入完成 / import complete");
  else {
    const rows = new Set(report.problems.map((problem) => `${problem.file}:${problem.line}`)).size;
    lines.push(
      `没有导入任何数据：${rows} 行有误，共 ${report.problems.length} 处。更正后重新运行同一命令。`,
      `Nothing was imported: ${rows} bad rows, ${report.problems.length} problems. Correct them and run the same command again.`,
    );
  }
  return lines;
}
