// Rows of styled cells in aligned columns: widths are of the text, colour comes after.
export type Cell = string | { readonly text: string; readonly style: (text: string) => string };

/** Lines without a header; columns two spaces apart, indented by `indent` spaces, no spaces at the end. */
export function alignedRows(rows: readonly (readonly Cell[])[], indent = 2): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, textOf(cell).length);
    });
  }
  return rows.map((row) => {
    const last = row.findLastIndex((cell) => textOf(cell) !== '');
    const cells = row.slice(0, last + 1).map((cell, column) => {
      const padding = column === last ? '' : ' '.repeat((widths[column] ?? 0) - textOf(cell).length);
      return `${styled(cell)}${padding}`;
    });
    return `${' '.repeat(indent)}${cells.join('  ')}`;
  });
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

function styled(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.style(cell.text);
}
