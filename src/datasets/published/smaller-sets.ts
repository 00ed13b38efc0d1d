import { aderRow, meanRow, shares, type PublishedTable } from "./published.ts";

export const btadPublished: PublishedTable = {
  dataSet: "BTAD",
  categories: ["01", "02", "03"],
  rows: [
    meanRow("RD++ WRN50", [95.63, 97.43, null], "Papers with Code"),
    meanRow("RealNet", [96.1, 97.9, null], "RealNet repository"),
    meanRow("REB", [96.0, null, null], "REB abstract"),
    aderRow("RD", [94.4, 96.6, 94.0, 98.1, 59.6, 59.2, 80.7]),
    aderRow("PatchCore", [94.4, 98.2, 94.6, 97.5, 55.0, 54.9, 76.0]),
  ],
};

export const kolektorPublished: PublishedTable = {
  dataSet: "KolektorSDD2",
  categories: [],
  rows: [
    {
      method: "ADPS WRN50",
      category: null,
      metrics: shares({ pixelAp: 72.5 }),
      source: "ADPS paper (arXiv 2210.10495)",
      caveat: "normals only; no image AUROC of a method like ours was found",
    },
  ],
};

export const mpddPublished: PublishedTable = {
  dataSet: "MPDD",
  categories: ["bracket_black", "bracket_brown", "bracket_white", "connector", "metal_plate", "tubes"],
  rows: [meanRow("RealNet", [96.3, 98.2, null], "RealNet repository")],
};

/** Figures exist for large backbones, but none whose source could be read; and the split is not standardised. */
export const magneticTilePublished: PublishedTable = {
  dataSet: "magnetic tile",
  categories: ["magnetic-tile"],
  rows: [],
};
