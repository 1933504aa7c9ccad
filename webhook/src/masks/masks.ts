import {
  createMaskFinder,
  restoreMasks,
  shownToGoverned,
  withReleases,
  type JsonValue,
  type Mask,
  type ReleaseCodec,
  type Restoration,
} from '@holdpoint/core';

/** What the webhook knows of masks: what is shown to the governed, and the way back. */
export interface Masks {
  /** True for a text that carries a mask, also within a Helm release. */
  containsMask(text: string): boolean;
  /** True when a governed client is shown something else than this object. */
  showsMasks(object: JsonValue): boolean;
  restore(object: JsonValue, oldObject: JsonValue): Restoration;
}

export function createMasks(mask: Mask, codec: ReleaseCodec): Masks {
  const opening = withReleases(mask, codec);
  return {
    containsMask: createMaskFinder(codec),
    showsMasks: (object) => JSON.stringify(shownToGoverned(object, opening)) !== JSON.stringify(object),
    restore: (object, oldObject) => restoreMasks({ object, oldObject, mask: opening, show: shownToGoverned, codec }),
  };
}
