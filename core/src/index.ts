export * from './errors.ts';
export * from './kubernetes/object.ts';
export * from './kubernetes/status.ts';
export * from './identity/user-info.ts';
export * from './identity/subject.ts';
export * from './policy/access-policy.ts';
export * from './holds/hold.ts';
