import { aderRow, meanRow, shares, type PublishedTable } from "./published.ts";

const PATCHCORE = "amazon-science/patchcore-inspection repository";
const COPIED = "AAND paper (arXiv 2405.02068), copied there from the method's own paper";
const EDGE = "PaSTe repository, 224²";

export const mvtecAd: PublishedTable = {
  dataSet: "MVTec AD",
  categories: [
    "bottle",
    "cable",
    "capsule",
    "carpet",
    "grid",
    "hazelnut",
    "leather",
    "metal_nut",
    "pill",
    "screw",
    "tile",
    "toothbrush",
    "transistor",
    "wood",
    "zipper",
  ],
  rows: [
    meanRow(
      "AAND WRN50",
      [99.5, 98.4, 95.0],
      "AAND paper (arXiv 2405.02068)",
      "checkpoints chosen on the test set in its code",
    ),
    meanRow(
      "RD WRN50",
      [98.5, 97.8, 93.9],
      "Papers with Code",
      "last epoch; AUPRO a picture at a time in its code",
    ),
    meanRow("RD WRN50, anomalib", [98.5, 96.9, null], "anomalib README", "re-implementation"),
    meanRow("RD++ WRN50", [99.44, 98.25, 94.99], "Papers with Code"),
    meanRow("PatchCore WRN50", [99.2, 98.1, 94.4], PATCHCORE, "224² crop of 256²"),
    meanRow("PatchCore WRN50, anomalib", [98.0, 98.0, null], "anomalib README", "re-implementation"),
    meanRow("PatchCore R18, anomalib", [97.3, 97.6, null], "anomalib README", "re-implementation"),
    meanRow(
      "SuperSimpleNet",
      [98.38, 97.53, 91.14],
      "SuperSimpleNet repository",
      "5 seeds, last epoch; ± 0.10 image AUROC",
    ),
    meanRow("CFLOW", [98.3, 98.0, 94.6], COPIED),
    meanRow("DRAEM", [98.0, 97.3, null], COPIED),
    meanRow("EfficientAD-S", [98.8, null, 93.1], "EfficientAD paper", "anomalib's re-implementation: 98.2"),
    meanRow("PaDiM R18, anomalib", [89.1, 96.8, null], "anomalib README", "re-implementation"),
    {
      method: "ADPS WRN50",
      category: null,
      metrics: shares({ pixelAp: 77.4 }),
      source: "ADPS paper (arXiv 2210.10495)",
      caveat: "image AUROC not recovered",
    },
    meanRow(
      "PatchCore MobileNetV2",
      [97, 95, 86],
      EDGE,
      "small backbone, 236 MMAC and a memory bank; two digits",
    ),
    meanRow("STFPM MobileNetV2", [88, 95, 82], EDGE, "small backbone, 454 MMAC; two digits"),
    meanRow("PaDiM MobileNetV2", [90, 96, 89], EDGE, "small backbone, 225 MMAC; two digits"),
    aderRow("RD", [93.6, 97.2, 95.6, 95.8, 48.2, 53.6, 91.2]),
    aderRow("PatchCore", [98.8, 99.5, 98.4, 98.3, 59.9, 61.0, 94.2]),
    aderRow("UniAD", [92.5, 97.3, 95.4, 95.8, 42.7, 48.0, 89.3]),
    aderRow("DeSTSeg", [96.4, 98.6, 96.2, 92.0, 71.1, 68.2, 83.4]),
  ],
};
