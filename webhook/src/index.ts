export { createHoldDesk, type HoldDesk } from './holds/hold-desk.ts';
export { validate, type ValidateParts } from './holds/validate.ts';
