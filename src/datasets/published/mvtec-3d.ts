import { aderRow, categoryRows, meanRow, type PublishedTable } from "./published.ts";

const AAND = "AAND paper (arXiv 2405.02068)";
const RERUN = "AAND paper, its authors' rerun";

export const mvtec3dPublished: PublishedTable = {
  dataSet: "MVTec 3D-AD (RGB)",
  categories: [
    "bagel",
    "cable_gland",
    "carrot",
    "cookie",
    "dowel",
    "foam",
    "peach",
    "potato",
    "rope",
    "tire",
  ],
  rows: [
    meanRow("AAND WRN50", [90.6, 99.2, 97.5], AAND, "checkpoints chosen on the test set in its code"),
    meanRow("RD WRN50", [88.5, 99.0, 96.7], RERUN),
    meanRow("RD++ WRN50", [88.2, 99.0, 97.2], RERUN),
    meanRow("PatchCore WRN50", [77.0, 96.6, 87.6], RERUN),
    meanRow("CFLOW", [85.1, 97.4, null], RERUN),
    aderRow("RD", [75.8, 91.2, 91.5, 98.4, 29.6, 35.5, 93.9]),
    aderRow("PatchCore", [84.1, 95.1, 92.5, 98.6, 33.7, 38.5, 94.4]),
    ...categoryRows(
      "AAND WRN50",
      {
        bagel: 99.3,
        cable_gland: 96.3,
        carrot: 96.9,
        cookie: 71.2,
        dowel: 99.3,
        foam: 86.8,
        peach: 93.0,
        potato: 71.2,
        rope: 99.5,
        tire: 92.7,
      },
      AAND,
    ),
    ...categoryRows(
      "RD WRN50",
      {
        bagel: 98.5,
        cable_gland: 96.2,
        carrot: 96.5,
        cookie: 64.5,
        dowel: 99.1,
        foam: 83.6,
        peach: 91.4,
        potato: 68.0,
        rope: 99.4,
        tire: 87.7,
      },
      RERUN,
    ),
  ],
};
