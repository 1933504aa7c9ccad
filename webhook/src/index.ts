export { validate, type ValidateParts } from './holds/validate.ts';
export { createMasks } from './masks/masks.ts';
