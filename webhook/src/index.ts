export { validate, type ValidateParts } from './holds/validate.ts';
