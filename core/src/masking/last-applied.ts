/** Where `kubectl apply` keeps the whole object as it was applied last: for a Secret, its values. */
export const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
