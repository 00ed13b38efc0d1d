/** Weight names of one inverted-residual block; `expand` is not used where the block does not expand. */
export interface BlockNames {
  readonly expand: string;
  readonly expandNorm: string;
  readonly depthwise: string;
  readonly depthwiseNorm: string;
  readonly project: string;
  readonly projectNorm: string;
}

/** How a PyTorch port of EfficientNet-Lite calls its layers. */
export interface LiteNames {
  readonly stem: string;
  readonly stemNorm: string;
  /** @param stage 0-based   @param repeat within the stage   @param index over all stages   @param expands has an expansion */
  block(stage: number, repeat: number, index: number, expands: boolean): BlockNames;
  /** True for the stem and for the blocks of stages with these numbers of repeats (`Backbone.owns`). */
  owns(weightName: string, repeats: readonly number[]): boolean;
}

/** efficientnet-lite-pytorch 0.1.0 and its weight packages: blocks are numbered through. */
export const LITE_PYTORCH: LiteNames = {
  stem: "_conv_stem",
  stemNorm: "_bn0",
  block: (_stage, _repeat, index) => ({
    expand: `_blocks.${index}._expand_conv`,
    expandNorm: `_blocks.${index}._bn0`,
    depthwise: `_blocks.${index}._depthwise_conv`,
    depthwiseNorm: `_blocks.${index}._bn1`,
    project: `_blocks.${index}._project_conv`,
    projectNorm: `_blocks.${index}._bn2`,
  }),
  owns: (weightName, repeats) => {
    const index = /^_blocks\.(\d+)\./.exec(weightName)?.[1];
    if (index === undefined) return /^_(conv_stem|bn0)\./.test(weightName);
    return Number(index) < repeats.reduce((sum, count) => sum + count, 0);
  },
};

/** timm (models/_efficientnet_blocks.py): `blocks.<stage>.<repeat>`; a block without expansion numbers its norms from the depthwise one. */
export const TIMM: LiteNames = {
  stem: "conv_stem",
  stemNorm: "bn1",
  block: (stage, repeat, _index, expands) => {
    const name = `blocks.${stage}.${repeat}`;
    return {
      expand: `${name}.conv_pw`,
      expandNorm: `${name}.bn1`,
      depthwise: `${name}.conv_dw`,
      depthwiseNorm: expands ? `${name}.bn2` : `${name}.bn1`,
      project: expands ? `${name}.conv_pwl` : `${name}.conv_pw`,
      projectNorm: expands ? `${name}.bn3` : `${name}.bn2`,
    };
  },
  owns: (weightName, repeats) => {
    const stage = /^blocks\.(\d+)\./.exec(weightName)?.[1];
    return stage === undefined ? /^(conv_stem|bn1)\./.test(weightName) : Number(stage) < repeats.length;
  },
};
