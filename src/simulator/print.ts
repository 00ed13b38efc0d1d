/** A printed picture: coverage of ink 0..1 at part units from its upper left corner. */
export type Print = (x: number, y: number) => number;

/** Texels a part unit: twice the finest picture it is meant for, so that bilinear reading does not alias at 256 pixels. */
const TEXELS = 2;

/** Rows of 3×5 characters, top first, one octal digit a row. */
const FONT: Readonly<Record<string, string>> = {
  "0": "75557",
  "1": "26227",
  "2": "71747",
  "4": "55711",
  "5": "74717",
  "8": "75757",
  "-": "00700",
  A: "25755",
  K: "55655",
  M: "57755",
  P: "75744",
  R: "65655",
  V: "55552",
  " ": "00000",
};

/** Bar and gap widths of the printed code, in units; any fixed sequence looks like a code. */
const BARS = [
  2, 1, 1, 2, 3, 1, 1, 1, 2, 2, 1, 3, 1, 1, 2, 1, 1, 2, 3, 2, 1, 1, 1, 2, 1, 3, 2, 1, 1, 1, 2, 2, 1, 1, 3, 1,
  2,
];

/** Ink of the type label, `width` × `height` part units: type, rating and a bar code. */
export function printLabel(width: number, height: number): Print {
  const ink = createInk(width, height);
  ink.text("RM24-8P", 5, 5, 1.75);
  ink.text("250V 10A", 5, 19, 1.5);
  let x = 5;
  BARS.forEach((bar, i) => {
    if (i % 2 === 0) ink.box(x, height - 14, bar, 10);
    x += bar;
  });
  ink.text("V", width - 12, 5, 2.5);
  return ink.print;
}

/** Ink of one line of text in its own box. */
export function printText(text: string, dot: number): Print {
  const ink = createInk(text.length * 4 * dot, 6 * dot);
  ink.text(text, 0, 0, dot);
  return ink.print;
}

function createInk(width: number, height: number) {
  const columns = Math.ceil(width * TEXELS);
  const rows = Math.ceil(height * TEXELS);
  const texels = new Float32Array(columns * rows);
  const box = (x: number, y: number, boxWidth: number, boxHeight: number): void => {
    for (
      let row = Math.round(y * TEXELS);
      row < Math.min(rows, Math.round((y + boxHeight) * TEXELS));
      row++
    ) {
      texels.fill(
        1,
        row * columns + Math.round(x * TEXELS),
        row * columns + Math.round((x + boxWidth) * TEXELS),
      );
    }
  };
  const text = (words: string, x: number, y: number, dot: number): void => {
    Array.from(words).forEach((character, i) => {
      for (const [cx, cy] of dotsOf(character)) box(x + (i * 4 + cx) * dot, y + cy * dot, dot, dot);
    });
  };
  const texel = (column: number, row: number): number =>
    column < 0 || row < 0 || column >= columns || row >= rows ? 0 : texels[row * columns + column]!;
  const print: Print = (x, y) => {
    const left = Math.floor(x * TEXELS - 0.5);
    const top = Math.floor(y * TEXELS - 0.5);
    const fx = x * TEXELS - 0.5 - left;
    const fy = y * TEXELS - 0.5 - top;
    const above = texel(left, top) * (1 - fx) + texel(left + 1, top) * fx;
    const below = texel(left, top + 1) * (1 - fx) + texel(left + 1, top + 1) * fx;
    return above * (1 - fy) + below * fy;
  };
  return { box, text, print };
}

function dotsOf(character: string): [number, number][] {
  return Array.from(FONT[character] ?? "00000").flatMap((octal, row) =>
    [0, 1, 2]
      .filter((column) => (Number(octal) >> (2 - column)) & 1)
      .map((column): [number, number] => [column, row]),
  );
}
