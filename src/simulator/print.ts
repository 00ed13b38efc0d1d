/** A printed picture: coverage of ink 0..1 at part units from its upper left corner. */
export type Print = (x: number, y: number) => number;

/** Texels a part unit: twice the finest picture it is meant for, so that bilinear reading does not alias at 256 pixels. */
const TEXELS = 2;

/** Rows of 3×5 characters, top first, one octal digit a row. */
const FONT: Readonly<Record<string, string>> = {
  "0": "75557",
  "1": "26227",
  "2": "71747",
  "3": "71717",
  "4": "55711",
  "5": "74717",
  "6": "74757",
  "7": "71224",
  "8": "75757",
  "9": "75717",
  "-": "00700",
  ".": "00002",
  "/": "11244",
  A: "25755",
  B: "65656",
  C: "34443",
  D: "65556",
  E: "74647",
  F: "74644",
  G: "34553",
  H: "55755",
  I: "72227",
  K: "55655",
  L: "44447",
  M: "57755",
  N: "65555",
  O: "25552",
  P: "75744",
  R: "65655",
  S: "34216",
  T: "72222",
  U: "55557",
  V: "55552",
  W: "55775",
  X: "55255",
  Y: "55222",
  Z: "71247",
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
  ink.bars(5, height - 14, 10);
  ink.text("V", width - 12, 5, 2.5);
  return ink.print;
}

/** Ink of one line of text in its own box. */
export function printText(text: string, dot: number): Print {
  const ink = createInk(text.length * 4 * dot, 6 * dot);
  ink.text(text, 0, 0, dot);
  return ink.print;
}

/** Ink in a box of part units: `box`, `text` (upper left corner, size of a dot) and `bars` add to it, `print` reads it. */
export function createInk(width: number, height: number) {
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
  /** A bar code, about 57 units wide. */
  const bars = (left: number, y: number, barHeight: number): void => {
    let x = left;
    BARS.forEach((bar, i) => {
      if (i % 2 === 0) box(x, y, bar, barHeight);
      x += bar;
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
  return { box, text, bars, print };
}

function dotsOf(character: string): [number, number][] {
  return Array.from(FONT[character] ?? "00000").flatMap((octal, row) =>
    [0, 1, 2]
      .filter((column) => (Number(octal) >> (2 - column)) & 1)
      .map((column): [number, number] => [column, row]),
  );
}
