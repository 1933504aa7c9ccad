import {
  createMaskFinder,
  maskingOfWrite,
  maskItem,
  restoreMasks,
  withReleases,
  type AdmissionRequest,
  type CompiledPolicy,
  type Mask,
  type ReleaseCodec,
  type Restoration,
} from '@holdpoint/core';

/** What the webhook knows of masks: what the proxy shows to the governed, and the way back. */
export interface Masks {
  /** True for a text that carries a mask, also within a Helm release. */
  containsMask(text: string): boolean;
  /** True when its user is shown something else than the object as it is stored. */
  showsMasks(request: AdmissionRequest): boolean;
  restore(request: AdmissionRequest): Restoration;
}

/** @param policies as they are now: they say what is masked */
export function createMasks(mask: Mask, codec: ReleaseCodec, policies: () => readonly CompiledPolicy[]): Masks {
  const opening = withReleases(mask, codec);
  return {
    containsMask: createMaskFinder(codec),
    showsMasks(request) {
      const how = maskingOfWrite(policies(), request);
      if (how === undefined) return false;
      return JSON.stringify(maskItem(request.oldObject, opening, how)) !== JSON.stringify(request.oldObject);
    },
    restore(request) {
      const { object, oldObject } = request;
      return restoreMasks({ object, oldObject, mask: opening, how: maskingOfWrite(policies(), request), codec });
    },
  };
}
